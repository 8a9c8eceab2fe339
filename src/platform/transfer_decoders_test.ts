import assert from "node:assert/strict";
import fc from "fast-check";
import { joined } from "./joined.ts";
import { bytesOf, inPieces, latin1Of } from "./testing/bytes.ts";
import { transferDecoderFor } from "./transfer_decoders.ts";
import { Base64Encoder, QuotedPrintableEncoder } from "./transfer_encoders.ts";

const ENCODINGS = ["base64", "quoted-printable", "7bit", "x-unknown"] as const;

function decoded(encoding: string, content: Uint8Array, pieceBytes = 1 << 20): Uint8Array {
  const decoder = transferDecoderFor(encoding);
  const pieces = inPieces(content, pieceBytes).map((piece) => decoder.decode(piece).slice());
  return joined([...pieces, decoder.finish()]);
}

Deno.test("what our own encoders write is read back as it was, however it is cut", () => {
  const encoders = [
    ["base64", () => new Base64Encoder()],
    ["quoted-printable", () => new QuotedPrintableEncoder()],
  ] as const;
  for (const [encoding, encoderOf] of encoders) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300, size: "max" }), fc.integer({ min: 1, max: 90 }), (
        bytes,
        pieceBytes,
      ) => {
        const encoder = encoderOf();
        const text = joined([encoder.encode(bytes).slice(), encoder.finish()]);
        assert.equal(decoded(encoding, text, pieceBytes).toHex(), bytes.toHex());
      }),
    );
  }
});

Deno.test("any content is decoded to no more bytes than it has, however it is cut", () => {
  const soup = fc.array(
    fc.oneof(
      fc.constantFrom(
        "=",
        "==",
        "=\r\n",
        "= \t\n",
        "=4",
        "=4g",
        "QUJD",
        " ",
        "\r",
        "\n",
        "\xff",
        "=c3",
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 60, size: "max" },
  ).map((pieces) => bytesOf(pieces.join("").replace(/[^\0-\xff]/g, "?")));
  fc.assert(
    fc.property(soup, fc.constantFrom(...ENCODINGS), fc.integer({ min: 1, max: 9 }), (
      content,
      encoding,
      pieceBytes,
    ) => {
      const whole = decoded(encoding, content);
      assert.ok(whole.length <= content.length);
      assert.equal(decoded(encoding, content, pieceBytes).toHex(), whole.toHex());
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("base64 that was put together of several pieces is read on behind the padding", () => {
  assert.equal(latin1Of(decoded("base64", bytesOf("QQ==QUI=\r\n$QUJD"))), "AABABC");
});
