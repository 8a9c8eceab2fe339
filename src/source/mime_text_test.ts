import assert from "node:assert/strict";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { addressList, dateText, headerField, parameter, unstructuredText } from "./mime_text.ts";

/** What an independent reader makes of an email of this header. */
async function read(header: string) {
  return await PostalMime.parse(`${header}MIME-Version: 1.0\r\n\r\nbody\r\n`);
}

const HOSTILE_TEXT = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "=?utf-8?q?a?=",
    "a\r\nBcc: x@example.com\r\n\r\n",
    " two  spaces ",
    "ß".repeat(400),
  ),
);

/** What cannot be written as UTF-8 is read back as replaced. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

Deno.test("any subject is read back as it was", async () => {
  await fc.assert(fc.asyncProperty(HOSTILE_TEXT, async (text) => {
    const { subject } = await read(headerField("Subject", unstructuredText(text)));
    // A reader may trim what is around a subject.
    assert.equal((subject ?? "").trim(), wellFormed(text).trim());
  }));
});

Deno.test("whatever is in a value, a field is one field, in ASCII, of lines that are short enough", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 5_000 }), (value) => {
    const field = headerField("X-Field", value);
    assert.match(field, /^X-Field:[\x20-\x7e]*(?:\r\n [\x20-\x7e]*)*\r\n$/);
    assert.ok(field.split("\r\n").every((line) => line.length <= 998));
  }));
});

Deno.test("long values are folded at their spaces and read back whole", async () => {
  const ids = Array.from({ length: 40 }, (_, i) => `<message-${i}@example.com>`).join(" ");
  const field = headerField("References", ids);
  assert.ok(field.split("\r\n").every((line) => line.length <= 78));
  assert.equal((await read(field)).references, ids);
});

Deno.test("names and addresses are read back, also hostile ones; without an address, the name is", async () => {
  const participants = [
    { name: 'Müller, "Jürgen"', address: "j@example.com" },
    { name: 'O"Brien\\, Pat', address: "pat@example.com" },
    { address: "bare@example.com" },
    { name: "Sales <evil@example.com>", address: "a@example.com>, <b@example.com" },
    { name: "Exchange only" },
  ];
  const { to } = await read(headerField("To", addressList(participants)));
  assert.deepEqual(to, [
    { name: 'Müller, "Jürgen"', address: "j@example.com" },
    { name: 'O"Brien\\, Pat', address: "pat@example.com" },
    { name: "", address: "bare@example.com" },
    { name: "Sales <evil@example.com>", group: [] },
    { name: "Exchange only", group: [] },
  ]);
});

Deno.test("any file name is read back as it was", async () => {
  // This reader takes encoded words even for what RFC 2231 has encoded.
  const name = HOSTILE_TEXT.filter((text) => !text.includes("=?"));
  await fc.assert(fc.asyncProperty(name, async (name) => {
    const { attachments } = await PostalMime.parse(
      'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/csv\r\n' +
        `Content-Disposition: attachment${parameter("filename", name)}\r\n\r\nx\r\n--b--\r\n`,
    );
    assert.equal(attachments.length, 1);
    const { filename } = attachments[0]!;
    assert.equal((filename ?? "").trim(), wellFormed(name).trim());
  }));
});

Deno.test("a date is written as mail writes it, in UTC", () => {
  assert.equal(dateText(new Date("2026-03-01T23:59:58.999Z")), "Sun, 01 Mar 2026 23:59:58 +0000");
});
