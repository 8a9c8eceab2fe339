import assert from "node:assert/strict";
import fc from "fast-check";
import { mimePartHeaderOf, textOfUnknownCharset } from "./mime_part_header.ts";
import { bytesOf } from "./testing/bytes.ts";

const encoder = new TextEncoder();

/** The file name that a header with this value of `Content-Disposition` gives. */
function fileNameIn(disposition: string): string | undefined {
  const header = encoder.encode(`Content-Disposition: ${disposition}\r\n\r\n`);
  return mimePartHeaderOf(header, "text/plain").fileName;
}

const PIECES = [
  ";",
  "; ",
  "=",
  '"',
  "\\",
  "'",
  "*",
  "*0",
  "*0*=",
  "%e2%82%ac",
  "%",
  "=?utf-8?q?=e2?=",
  "=?x?b?====?=",
  "?=",
  "filename",
  "boundary",
  "name",
  "Content-Type: multipart/mixed",
  "Content-Disposition: attachment; filename*=",
  "\r\n ",
  "\r\n",
  ":",
  "\xff\xfe\0\x1b",
  "\xef\xbf\xbe",
] as const;

Deno.test("whatever stands in the header of a part, it is read, or nothing of it is", () => {
  const header = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 4 })), {
    maxLength: 30,
    size: "max",
  }).map((pieces) => bytesOf(pieces.join("").replace(/[^\0-\xff]/g, "?")));
  let named = 0;
  fc.assert(
    fc.property(header, (bytes) => {
      const { mediaType, boundary, encoding, fileName } = mimePartHeaderOf(bytes, "text/plain");
      assert.match(mediaType, /^[^\s;/]+\/[^\s;]+$/);
      assert.match(encoding, /^[^\s;]+$/);
      assert.notEqual(boundary, "");
      assert.ok((fileName ?? "").length <= bytes.length);
      if (fileName) named++;
    }),
    { numRuns: 2_000 },
  );
  assert.ok(named > 0, "some of them name a file");
});

Deno.test("a file name is read as it was written, in every way to write one", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 120, size: "max" })
    // A name that looks like an encoded word is taken for one, as all readers do.
    .filter((text) => text.isWellFormed() && !text.includes("=?") && text.trim() === text);
  fc.assert(fc.property(name, (name) => {
    const percent = [...encoder.encode(name)].map((byte) =>
      `%${byte.toString(16).padStart(2, "0")}`
    );
    assert.equal(fileNameIn(`attachment; filename*=UTF-8''${percent.join("")}`), name);
    const half = Math.ceil(percent.length / 2);
    const [first, second] = [percent.slice(0, half).join(""), percent.slice(half).join("")];
    assert.equal(
      fileNameIn(`attachment; filename*1*=${second}; filename*0*=utf-8''${first}`),
      name,
      "continued, in any order, cut inside of characters",
    );
    const base64 = encoder.encode(name).toBase64();
    for (const padded of [base64, base64.replaceAll("=", ""), `${base64}===`]) {
      assert.equal(fileNameIn(`attachment; filename="=?utf-8?B?${padded}?="`), name, padded);
    }
  }));
});

Deno.test("a long header takes no time out of proportion to its length", () => {
  // What is tried anew from each of these characters takes hours, and stops the tests.
  const length = 4_000_000;
  const equals = "=".repeat(length);
  assert.equal(fileNameIn(`attachment; filename="=?utf-8?b?${equals}x?="`)?.length, length + 13);
  assert.equal(fileNameIn(`attachment; filename="=?utf-8?b?QQ${equals}?="`), "A");
  for (const piece of [";", "; a", '"', "\\", "'", "=?", "=?a?b?", "; filename*0=", "\r\n "]) {
    assert.equal(typeof fileNameIn(`attachment; filename=a${piece.repeat(500_000)}`), "string");
  }
});

Deno.test("bytes of an unknown charset are text in any case", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.ok(textOfUnknownCharset(bytes).isWellFormed());
  }));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const wellFormed = text.toWellFormed();
    assert.equal(
      textOfUnknownCharset(encoder.encode(wellFormed)),
      wellFormed.replace(/^\ufeff/, ""),
    );
  }));
});
