import assert from "node:assert/strict";
import { dateOf, decodedText, headerOf, parametersOf } from "./mime_header.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("the first field of a name counts, unfolded, and the body is not looked at", () => {
  const header = headerOf(bytes("Subject: one\r\n two\r\nSUBJECT: x\r\nA : b\r\n\r\nTo: body\r\n"));
  assert.deepEqual([...header], [["subject", "one two"], ["a", "b"]]);
  assert.equal(headerOf(bytes("A: b\nC: d\n\nE: f")).size, 2);
  assert.equal(headerOf(bytes("")).size, 0);
});

Deno.test("dates are read with comments and refused when they are none", () => {
  const date = (text: string) => dateOf(new Map([["date", text]]))?.toISOString();
  assert.equal(date("Thu, 22 Aug 2002 08:17:21 -0400 (EDT)"), "2002-08-22T12:17:21.000Z");
  assert.equal(date("yesterday"), undefined);
});

Deno.test("encoded words are decoded, broken ones stay as they are", () => {
  assert.equal(
    decodedText("=?utf-8?b?R3LDvMOfZQ==?= =?iso-8859-1?Q?_f=FCr?= you"),
    "Grüße für you",
  );
  assert.equal(decodedText("=?x-unheard?B?R3I=?="), "=?x-unheard?B?R3I=?=");
});

Deno.test("parameters are read quoted, bare and escaped", () => {
  const { value, parameters } = parametersOf('Text/Plain; charset=utf-8; name="a;\\"b\\""; x');
  assert.equal(value, "text/plain");
  assert.deepEqual([...parameters], [["charset", "utf-8"], ["name", 'a;"b"']]);
});
