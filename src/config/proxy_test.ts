import assert from "node:assert/strict";
import { proxyVariableFor } from "./proxy.ts";

function proxyFor(url: string, variables: Readonly<Record<string, string>>): string | undefined {
  return proxyVariableFor(new URL(url), (name) => variables[name]);
}

Deno.test("each scheme has its own proxy, named in upper or lower case", () => {
  assert.equal(proxyFor("https://mail/", { HTTPS_PROXY: "http://p" }), "HTTPS_PROXY");
  assert.equal(proxyFor("https://mail/", { https_proxy: "http://p" }), "HTTPS_PROXY");
  assert.equal(proxyFor("http://mail/", { HTTP_PROXY: "http://p" }), "HTTP_PROXY");
  assert.equal(proxyFor("http://mail/", { HTTPS_PROXY: "http://p" }), undefined);
  assert.equal(proxyFor("https://mail/", { HTTPS_PROXY: "", https_proxy: "" }), undefined);
});

Deno.test("this machine is never reached through a proxy", () => {
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.equal(proxyFor(`https://${host}:8443/`, { HTTPS_PROXY: "http://p" }), undefined);
  }
});

Deno.test("NO_PROXY excepts what it lists and nothing else", () => {
  const url = "https://mail.corp.example.com/";
  const excepted = (list: string, at = url) =>
    proxyFor(at, { HTTPS_PROXY: "http://p", NO_PROXY: list }) === undefined;
  for (
    const list of [
      ...["*", "mail.corp.example.com", "example.com", ".example.com", "*.example.com"],
      ...["EXAMPLE.COM", "other, example.com", "other example.com", "example.com:443"],
      ...["example.com."],
    ]
  ) assert.ok(excepted(list), list);
  for (const list of ["ample.com", "mail", "com.example", "example.com:80", "", ",", ".", "x/8"]) {
    assert.ok(!excepted(list), list);
  }
});

Deno.test("NO_PROXY excepts addresses and ranges of addresses", () => {
  const excepted = (list: string, host: string) =>
    proxyFor(`https://${host}/`, { HTTPS_PROXY: "http://p", no_proxy: list }) === undefined;
  assert.ok(excepted("10.0.0.0/8", "10.1.2.3"));
  assert.ok(excepted("10.1.2.3", "10.1.2.3"));
  assert.ok(excepted("10.1.2.3:443", "10.1.2.3"));
  assert.ok(excepted("fd00::/8", "[fd12::1]"));
  assert.ok(excepted("fd12:0::1", "[fd12::1]"));
  assert.ok(excepted("[fd12::1]:443", "[fd12::1]"));
  assert.ok(excepted("0.0.0.0/0", "10.1.2.3"));
  for (const list of ["10.0.0.0/16", "10.0.0.0/33", "10.0.0.0/", "10.1.2", "fd00::/8", "2.3"]) {
    assert.ok(!excepted(list, "10.1.2.3"), list);
  }
  assert.ok(!excepted("0.0.0.0/0", "mail.example.com"), "names are not looked up");
});
