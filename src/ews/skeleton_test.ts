import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { wholeAnswer } from "./skeleton.ts";

Deno.test("an answer without content is held as it came, however it was cut", async () => {
  const text = "x".repeat(100_000);
  const bytes = new TextEncoder().encode(text);
  const cut = ReadableStream.from([
    bytes.subarray(0, 1),
    bytes.subarray(1, 40_000),
    bytes.subarray(40_000),
  ]);
  assert.equal(new TextDecoder().decode(await wholeAnswer(cut)), text);
});

Deno.test("an answer that does not end is not held on and on", async () => {
  let bytes = 0;
  const endless = (function* () {
    for (;; bytes += 64 * 1024) yield new Uint8Array(64 * 1024);
  })();
  await assert.rejects(
    wholeAnswer(ReadableStream.from(endless)),
    (error) => error instanceof SyncError && error.code === "ResponseTooLarge",
  );
  assert.ok(bytes <= LIMITS.skeletonBytesMax + 256 * 1024, `${bytes} bytes were read`);
});
