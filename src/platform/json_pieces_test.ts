import assert from "node:assert/strict";
import { JsonPieces } from "./json_pieces.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { joined } from "./joined.ts";
import { inPieces } from "./testing/bytes.ts";

const EVERYTHING = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code))
  .join("").replaceAll(/[\ud800-\udfff]/g, "") + "😀\u2028\ufeff\u{10ffff}";

Deno.test("every character stands in a JSON string for itself, and NUL for U+FFFD", () => {
  for (const repeats of [1, 9]) {
    const text = EVERYTHING.repeat(repeats);
    for (const pieceBytes of [7, 65_536]) {
      const json = new JsonPieces();
      const pieces = [
        ...json.json('["'),
        ...inPieces(new TextEncoder().encode(text), pieceBytes).flatMap((
          one,
        ) => [...json.escaped(one)]),
        ...json.json('"]'),
        ...json.finish(),
      ];
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      assert.deepEqual(JSON.parse(decoder.decode(joined(pieces))), [
        text.replaceAll("\0", "\ufffd"),
      ]);
      assert.ok(pieces.every(({ length }) => length <= PLATFORM_LIMITS.bodyPieceBytes));
    }
  }
});

Deno.test("JSON longer than a piece is cut into pieces", () => {
  const json = new JsonPieces();
  const text = "x".repeat(3 * PLATFORM_LIMITS.bodyPieceBytes);
  const pieces = [...json.json(text), ...json.finish()];
  assert.equal(pieces.length, 3);
  assert.equal(new TextDecoder().decode(joined(pieces)), text);
  assert.deepEqual([...json.finish()], []);
});
