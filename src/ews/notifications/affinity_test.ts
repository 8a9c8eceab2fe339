import assert from "node:assert/strict";
import fc from "fast-check";
import { Affinity } from "./affinity.ts";

const setCookie = (value: string) => new Map([["set-cookie", value]]);

function learned(...fields: readonly string[]): Affinity {
  const affinity = new Affinity("anchor@example.com");
  for (const field of fields) affinity.learn(setCookie(field));
  return affinity;
}

Deno.test("a first request names its anchor, and those after it the server it was given", () => {
  const affinity = new Affinity("anchor@example.com");
  const { headers } = affinity;
  assert.deepEqual(headers, {
    "x-anchormailbox": "anchor@example.com",
    "x-preferserveraffinity": "true",
  });
  affinity.learn(setCookie("X-BackEndOverrideCookie=EX01~1943310282; path=/; secure; HttpOnly"));
  assert.equal(affinity.headers.cookie, "X-BackEndOverrideCookie=EX01~1943310282");
});

Deno.test("cookies of several fields are told apart, dates with commas in between", () => {
  const affinity = learned(
    "exchangecookie=0a1b; expires=Thu, 26-Nov-2027 10:00:00 GMT; path=/; HttpOnly, " +
      'X-BackEndOverrideCookie=EX01~1; path=/, lb="node 2".; secure, lb2="n2"; secure',
  );
  assert.equal(
    affinity.headers.cookie,
    'exchangecookie=0a1b; X-BackEndOverrideCookie=EX01~1; lb2="n2"',
  );
});

Deno.test("a later cookie replaces an earlier one of its name, and a copy learns for itself", () => {
  const affinity = learned("X-BackEndOverrideCookie=EX01~1");
  const copy = affinity.copy();
  assert.ok(copy.isSameServer(affinity));
  copy.learn(setCookie("x-backendoverridecookie=EX02~1"));
  assert.ok(!copy.isSameServer(affinity));
  assert.equal(copy.headers.cookie, "x-backendoverridecookie=EX02~1");
  assert.equal(affinity.headers.cookie, "X-BackEndOverrideCookie=EX01~1");
  // Whatever else is learnt, the server is the same.
  affinity.learn(setCookie("other=1"));
  assert.ok(affinity.isSameServer(learned("X-BackEndOverrideCookie=EX01~1")));
});

Deno.test("an address beyond ASCII stands in no header field", () => {
  assert.deepEqual(Object.keys(new Affinity("bücher@example.com").headers), [
    "x-preferserveraffinity",
  ]);
});

Deno.test("whatever a server sets, what is sent is one harmless field of bounded length", () => {
  const field = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.constantFrom("a=", "b", "\r\n", ";", ", c=", '"', "\u0000", "ü"))
      .map((parts) => parts.join("")),
    fc.nat(100).map((count) => Array.from({ length: count }, (_, n) => `c${n}=1`).join(", ")),
    fc.constant(`a=${"x".repeat(5_000)}`),
  );
  fc.assert(fc.property(fc.array(field, { maxLength: 5 }), (fields) => {
    const { cookie = "" } = learned(...fields).headers;
    assert.match(cookie, /^[\x20-\x7e]*$/);
    assert.ok(cookie.length < 20_000);
  }));
});
