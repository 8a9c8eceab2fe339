import assert from "node:assert/strict";
import fc from "fast-check";
import type { RawEmail } from "../../core/email.ts";
import { SyncError } from "../../core/errors.ts";
import { brokenContent, sampleEmail } from "../../../tests/contract/sample_emails.ts";
import { emailLine, textFormOf } from "./email_line.ts";

const options = { signal: new AbortController().signal };

async function lineOf(email: RawEmail): Promise<string> {
  const form = await textFormOf(email, options);
  const line = emailLine(email, form, options);
  return await new Response(ReadableStream.from(line)).text();
}

function emailWith(chunks: readonly Uint8Array[], changes: Partial<RawEmail> = {}): RawEmail {
  return sampleEmail("<a@x>", { ...changes, mime: { open: () => ReadableStream.from(chunks) } });
}

Deno.test("an email is one line that says what the platform is told", async () => {
  const email = sampleEmail("<a\n@x>", {
    metadata: {
      folder: ["Inbox", "Claims"],
      receivedAt: new Date("2024-02-29T23:59:59Z"),
      sizeBytes: 6000,
      isRead: true,
    },
    attachments: [{ name: "a.pdf", sizeBytes: 7, contentType: "application/pdf", inline: false }],
  });
  const line = await lineOf(email);
  assert.equal(line.indexOf("\n"), line.length - 1);
  assert.deepEqual(JSON.parse(line), {
    id: "<a\n@x>",
    mailbox: "ada@example.com",
    timestamp: "2024-02-29T23:59:59.000Z",
    metadata: {
      folder: ["Inbox", "Claims"],
      received_at: "2024-02-29T23:59:59.000Z",
      size: 6000,
      is_read: true,
    },
    attachments: [{ name: "a.pdf", size: 7, content_type: "application/pdf", inline: false }],
    mime_content: "Message-ID: <a\n@x>\r\n\r\nHello",
  });
});

Deno.test("content of any size and division comes out whole, on one line", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme-composite", maxLength: 40 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      async (texts, cut, isLarge) => {
        const filler = isLarge ? "0123456789".repeat(20_000) : "";
        const text = texts.join("\r\n") + filler;
        const bytes = new TextEncoder().encode(text);
        const step = Math.max(cut, Math.ceil(bytes.length / 50));
        const chunks = Array.from(
          { length: Math.ceil(bytes.length / step) },
          (_, at) => bytes.subarray(at * step, (at + 1) * step),
        );
        const line = await lineOf(emailWith(chunks));
        assert.equal(line.split("\n").length, 2);
        assert.equal(JSON.parse(line).mime_content, text.replaceAll("\0", "\uFFFD"));
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("content that is not UTF-8 is re-encoded, as for the platform", async () => {
  const head = new TextEncoder().encode("Content-Type: text/plain; charset=iso-8859-1\r\n\r\n");
  const email = emailWith([head, Uint8Array.of(0x47, 0x72, 0xfc, 0xdf, 0x65)]);
  const { mime_content: content } = JSON.parse(await lineOf(email));
  assert.match(content, /Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe/);
});

Deno.test("a source that breaks off fails with its own error before a line is begun", async () => {
  const error = new SyncError("item", "StoredEmailDamaged", "Damaged");
  const email = sampleEmail("<a@x>", { mime: brokenContent([new Uint8Array(9).fill(65)], error) });
  await assert.rejects(textFormOf(email, options), (thrown) => thrown === error);
  const line = Array.fromAsync(emailLine(email, "asItIs", options));
  await assert.rejects(line, (thrown) => thrown === error);
});
