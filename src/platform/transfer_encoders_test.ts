import assert from "node:assert/strict";
import fc from "fast-check";
import { transferDecoderFor } from "./transfer_decoders.ts";
import {
  Base64Encoder,
  QuotedPrintableEncoder,
  type TransferEncoder,
} from "./transfer_encoders.ts";
import { joined } from "./joined.ts";
import { inPieces } from "./testing/bytes.ts";

function encoded(encoder: TransferEncoder, bytes: Uint8Array, pieceBytes: number): Uint8Array {
  const pieces = inPieces(bytes, pieceBytes).map((piece) => encoder.encode(piece).slice());
  return joined([...pieces, encoder.finish()]);
}

function decoded(encoding: string, bytes: Uint8Array, pieceBytes: number): Uint8Array {
  const decoder = transferDecoderFor(encoding);
  const pieces = inPieces(bytes, pieceBytes).map((piece) => decoder.decode(piece).slice());
  return joined([...pieces, decoder.finish()]);
}

for (const make of [() => new QuotedPrintableEncoder(), () => new Base64Encoder()]) {
  const { name } = make();
  Deno.test(`${name} gives every byte back, however it is cut, in short lines of ASCII`, () => {
    const interesting = fc.constantFrom(0x09, 0x0a, 0x0d, 0x20, 0x3d, 0x2d, 0x41, 0xff);
    const bytes = fc.array(fc.oneof(interesting, fc.nat(255)), { maxLength: 400 });
    const cut = fc.integer({ min: 1, max: 90 });
    fc.assert(fc.property(bytes, cut, cut, (values, cutIn, cutOut) => {
      const original = Uint8Array.from(values);
      const text = encoded(make(), original, cutIn);
      assert.deepEqual(text, encoded(make(), original, 1_000));
      assert.deepEqual(decoded(name, text, cutOut), original);
      const lines = new TextDecoder().decode(text).split(/\r?\n/);
      assert.ok(lines.every((line) => line.length <= 76 && /^[\t\x20-\x7e]*$/.test(line)));
      assert.ok(lines.every((line) => !/[ \t]$/.test(line)));
    }));
  });
}
