import assert from "node:assert/strict";
import fc from "fast-check";
import { isLoopback, secureUrlOf, webUrlOf } from "./web_url.ts";

Deno.test("http and https URLs are read, hosts in lower case and international ones encoded", () => {
  assert.equal(webUrlOf("HTTPS://Mail.Example.com:8443/EWS")?.host, "mail.example.com:8443");
  assert.equal(webUrlOf("https://bücher.example/")?.hostname, "xn--bcher-kva.example");
  assert.equal(webUrlOf("http://[::1]:80/")?.hostname, "[::1]");
});

Deno.test("what the URL standard would repair or hide is refused", () => {
  const refused = [
    ...["mail.example.com", "ftp://mail/", "https:/mail/", "https:mail", "https://", "https:///x"],
    ...[
      "https://ma il/",
      "https://ma\nil/",
      " https://mail/",
      "https://mail\\x",
      "https://a/#b",
      "https://a/?b",
    ],
    ...["https://user:pw@mail/", "https://user@mail/", "https://@mail/", "https://mail:99999/"],
    ...["https://mail\u202e/", "javascript:alert(1)", ""],
  ];
  for (const text of refused) assert.equal(webUrlOf(text), undefined, text);
});

Deno.test("an @ in the path is no credential", () => {
  assert.equal(webUrlOf("https://mail/a@b")?.hostname, "mail");
});

Deno.test("no text makes it throw or yield credentials", () => {
  const text = fc.oneof(fc.webUrl(), fc.string().map((s) => `https://${s}`), fc.string());
  fc.assert(fc.property(text, (text) => {
    const url = webUrlOf(text);
    if (url) assert.equal(url.username + url.password, "");
  }));
});

Deno.test("loopback is this machine in each of its spellings, and nothing that only looks so", () => {
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.1", "127.9.9.9", "[::1]"]) {
    assert.ok(isLoopback(new URL(`http://${host}/`)), host);
  }
  for (const host of ["localhost.example.com", "127.0.0.1.example.com", "notlocalhost", "[::2]"]) {
    assert.ok(!isLoopback(new URL(`http://${host}/`)), host);
  }
});

Deno.test("a secret goes out over https, or over http to this machine only", () => {
  assert.ok(secureUrlOf("https://cloud.example.com/"));
  assert.ok(secureUrlOf("http://localhost:8080/"));
  assert.equal(secureUrlOf("http://cloud.example.com/"), undefined);
});
