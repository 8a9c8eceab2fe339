import assert from "node:assert/strict";
import { hugeEmail } from "./huge_email.ts";
import { headerOf } from "./mime_header.ts";
import { bytesOf } from "./mime_source.ts";

const EMAIL = { messageId: "<huge@example.com>", subject: "Huge" };

Deno.test("a huge email has exactly its size, is the same on every reading, and ends whole", () => {
  for (const sizeBytes of [1_000, 79_999, 1_000_000]) {
    const mime = hugeEmail({ ...EMAIL, sizeBytes });
    const bytes = bytesOf(mime);
    assert.equal(bytes.length, sizeBytes);
    assert.deepEqual(bytesOf(mime), bytes);
    assert.equal(headerOf(bytes).get("message-id"), EMAIL.messageId);
    assert(new TextDecoder().decode(bytes).endsWith("--huge--\r\n"));
  }
});

Deno.test("no chunk of it is large", () => {
  const chunks = [...hugeEmail({ ...EMAIL, sizeBytes: 5_000_000 }).chunks()];
  assert(Math.max(...chunks.map((chunk) => chunk.length)) <= 100_000);
});

Deno.test("a size below that of the header is a mistake", () => {
  assert.throws(() => hugeEmail({ ...EMAIL, sizeBytes: 100 }), RangeError);
});
