import assert from "node:assert/strict";
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
