import assert from "node:assert/strict";
import { hugeAttachment, hugeEmail } from "./huge_email.ts";
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

Deno.test("a huge email's attachment is what the email's base64 decodes to, wherever it is cut", () => {
  for (const sizeBytes of [200_000, 200_001, 200_002, 200_075, 200_077]) {
    const huge = { messageId: "<huge@example.com>", subject: "Huge", sizeBytes };
    const text = new TextDecoder().decode(bytesOf(hugeEmail(huge)));
    const [, base64 = ""] = /Transfer-Encoding: base64\r\n\r\n([^-]*)\r\n--huge--/.exec(text) ?? [];
    const digits = base64.replace(/\s/g, "");
    const decoded = Uint8Array.fromBase64(digits.slice(0, digits.length - digits.length % 4));
    const content = hugeAttachment(huge);
    assert.equal(content.sizeBytes, decoded.byteLength);
    assert.deepEqual(bytesOf(content), decoded);
  }
});
