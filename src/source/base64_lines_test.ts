import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Base64Lines } from "./base64_lines.ts";

Deno.test("lines of base64 decode to the bytes, however these are cut, and are short enough", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (pieces) => {
    const lines = new Base64Lines();
    const text = Buffer.concat([...pieces.map((piece) => lines.encode(piece)), lines.finish()])
      .toString("latin1");
    assert.deepEqual(Buffer.from(text, "base64"), Buffer.concat(pieces));
    const [, ...before] = text.split("\r\n").reverse();
    assert.ok(before.every((line) => line.length <= 76));
    assert.ok(before.slice(1).every((line) => line.length === 76), "only the last line is short");
  }));
});

Deno.test("a piece that is changed afterwards does not change what was made of it", () => {
  const lines = new Base64Lines();
  const piece = new TextEncoder().encode("abc");
  lines.encode(piece);
  piece.fill(0);
  assert.equal(new TextDecoder().decode(lines.finish()), "YWJj\r\n");
});
