import assert from "node:assert/strict";
import { array, assert as check, property, uint8Array } from "fast-check";
import { Base64Stream } from "./base64_stream.ts";
import { bytesOf, heldMime } from "./mime_source.ts";

Deno.test("chunks of any length join to the base64 of the whole", () => {
  check(property(array(uint8Array({ maxLength: 9 })), (chunks) => {
    const stream = new Base64Stream();
    const text = chunks.map((chunk) => stream.push(chunk)).join("") + stream.end();
    assert.equal(text, bytesOf(heldMime(...chunks)).toBase64());
  }));
});
