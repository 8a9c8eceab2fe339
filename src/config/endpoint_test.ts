import assert from "node:assert/strict";
import fc from "fast-check";
import { endpointOf } from "./endpoint.ts";

function urlOf(host: string, port?: number): string | undefined {
  const read = endpointOf(host, port);
  return "url" in read ? read.url.href : undefined;
}

Deno.test("without a scheme it is https on port 443 and http on every other port", () => {
  assert.equal(urlOf("mail.example.com"), "http://mail.example.com/EWS/Exchange.asmx");
  assert.equal(urlOf("mail.example.com", 443), "https://mail.example.com/EWS/Exchange.asmx");
  assert.equal(urlOf("mail.example.com", 8443), "http://mail.example.com:8443/EWS/Exchange.asmx");
});

Deno.test("with a scheme, the port is the scheme's own unless one is given", () => {
  assert.equal(urlOf("https://mail.example.com"), "https://mail.example.com/EWS/Exchange.asmx");
  assert.equal(urlOf("HTTP://mail.example.com"), "http://mail.example.com/EWS/Exchange.asmx");
  assert.equal(urlOf("https://mail", 8443), "https://mail:8443/EWS/Exchange.asmx");
  assert.equal(urlOf("https://mail", 80), "https://mail:80/EWS/Exchange.asmx");
  assert.equal(urlOf("http://mail", 443), "http://mail:443/EWS/Exchange.asmx");
});

Deno.test("the host may end in slashes and hold the port", () => {
  assert.equal(urlOf("mail/"), "http://mail/EWS/Exchange.asmx");
  assert.equal(urlOf("https://mail//"), "https://mail/EWS/Exchange.asmx");
  assert.equal(urlOf("mail:443"), "https://mail/EWS/Exchange.asmx");
  assert.equal(urlOf("mail:8080/", 8080), "http://mail:8080/EWS/Exchange.asmx");
  assert.equal(urlOf("https://mail:444/"), "https://mail:444/EWS/Exchange.asmx");
});

Deno.test("IPv6 hosts work with and without brackets", () => {
  assert.equal(urlOf("2001:db8::1", 443), "https://[2001:db8::1]/EWS/Exchange.asmx");
  assert.equal(urlOf("[2001:db8::1]:8080"), "http://[2001:db8::1]:8080/EWS/Exchange.asmx");
});

Deno.test("two different ports are a fault of the port key", () => {
  const read = endpointOf("mail:443", 80);
  assert.ok("fault" in read && read.fault.key === "port");
});

Deno.test("a host with a path, credentials or anything else is a fault of the host key", () => {
  const hosts = [
    "https://mail/EWS/Exchange.asmx",
    "user:pw@mail",
    "ftp://mail",
    "mail?x",
    "mail#x",
  ];
  for (const host of [...hosts, "", "/", "ma il", "mail:", "mail:99999", "[::1", "a\\b", "a%b"]) {
    const read = endpointOf(host, undefined);
    assert.ok("fault" in read && read.fault.key === "host", host);
  }
});

Deno.test("the URL always has the host, scheme and port it was made of", () => {
  const scheme = fc.constantFrom("", "http://", "https://");
  const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
  const slashes = fc.constantFrom("", "/", "//");
  fc.assert(fc.property(scheme, fc.domain(), port, slashes, (scheme, host, port, slashes) => {
    const href = urlOf(scheme + host + slashes, port);
    assert.ok(href !== undefined);
    const url = new URL(href);
    const expected = scheme || (port === 443 ? "https://" : "http://");
    assert.equal(`${url.protocol}//`, expected);
    assert.equal(url.hostname, host.toLowerCase());
    assert.equal(
      url.port || (expected === "https://" ? "443" : "80"),
      String(port ?? (scheme === "https://" ? 443 : 80)),
    );
    assert.equal(url.pathname, "/EWS/Exchange.asmx");
  }));
});

Deno.test("no host makes it throw", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.nat(70_000), (host, port) => {
    endpointOf(host, port);
  }));
});
