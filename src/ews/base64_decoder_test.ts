import assert from "node:assert/strict";
import fc from "fast-check";
import { Base64Decoder } from "./base64_decoder.ts";

function decode(...slices: readonly string[]): string {
  const decoder = new Base64Decoder();
  const decoded = slices.map((slice) =>
    new TextDecoder().decode(decoder.decode(new TextEncoder().encode(slice)))
  );
  decoder.finish();
  return decoded.join("");
}

Deno.test("groups of four are completed across slices", () => {
  assert.equal(decode("S", "G", "Vs", "b", "G8", "="), "Hello");
  assert.equal(decode("", "SGVsbG8h", ""), "Hello!");
});

Deno.test("whitespace may stand anywhere, also after the padding and in bulk", () => {
  assert.equal(decode(" \r\nSGV", "\tsbG8 = ", "\n"), "Hello");
  const decoder = new Base64Decoder();
  for (let i = 0; i < 1000; i++) decoder.decode(new TextEncoder().encode(" ".repeat(1000)));
  decoder.finish();
});

Deno.test("anything after the padding, and padding that is missing, is refused", () => {
  assert.throws(() => decode("QQ==", "QQ=="), { code: "ResponseCorrupt", kind: "retryable" });
  assert.throws(() => decode("QQ"), { code: "ResponseCorrupt" });
  assert.throws(() => decode("QQ="), { code: "ResponseCorrupt" });
  assert.throws(() => decode("Q-_="), { code: "ResponseCorrupt" });
});

Deno.test("any bytes, broken into lines and slices anywhere, come back as they were", () => {
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 90 }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), cuts, cuts, (bytes, lines, slices) => {
    const broken = pieces(bytes.toBase64(), lines).join("\r\n");
    const decoder = new Base64Decoder();
    const decoded = pieces(broken, slices).flatMap((slice) => [
      ...decoder.decode(new TextEncoder().encode(slice)),
    ]);
    decoder.finish();
    assert.deepEqual(decoded, [...bytes]);
  }));
});

Deno.test("padding where none may be, and single characters, are refused", () => {
  for (const text of ["=", "A===", "====", "QQ=Q", "QUI==", "Q", "QUJD=", "ÄÄÄÄ", "QQ\0="]) {
    assert.throws(() => decode(text), { code: "ResponseCorrupt" }, text);
  }
});

function pieces(text: string, lengths: Iterable<number>): readonly string[] {
  const cut: string[] = [];
  for (const length of lengths) {
    if (text === "") break;
    cut.push(text.slice(0, length));
    text = text.slice(length);
  }
  return cut;
}
