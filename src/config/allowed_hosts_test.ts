import assert from "node:assert/strict";
import fc from "fast-check";
import { hostListOf } from "./allowed_hosts.ts";

function hostsOf(list: string): string[] | undefined {
  const hosts = hostListOf(list);
  return hosts && [...hosts];
}

Deno.test("hosts are named between commas and spelled as URLs spell them", () => {
  assert.deepEqual(hostsOf("Mail.Example.com, bücher.example,,10.0.0.1"), [
    "mail.example.com",
    "xn--bcher-kva.example",
    "10.0.0.1",
  ]);
  assert.deepEqual(hostsOf("::1, [2001:DB8::1]"), ["[::1]", "[2001:db8::1]"]);
});

Deno.test("a list that names no host, or anything else beside hosts, is refused whole", () => {
  for (
    const list of ["", ",", "https://mail", "mail:443", "mail/x", "*.example.com", "mail, a b"]
  ) {
    assert.equal(hostListOf(list), undefined, list);
  }
});

Deno.test("no list makes it throw", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (list) => void hostListOf(list)));
});
