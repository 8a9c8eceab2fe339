import assert from "node:assert/strict";
import fc from "fast-check";
import { joined } from "./joined.ts";
import { mimeLeavesOf } from "./mime_leaves.ts";
import { type MimeEvent, MimeReader, type MimeReaderOptions } from "./mime_reader.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { bytesOf } from "./testing/bytes.ts";

/** Pieces of which senders make emails, and those who want to harm a reader. */
const PIECES = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  "--",
  "--b",
  "--b--",
  "--c",
  "Content-Type: multipart/mixed; boundary=b\r\n",
  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
  "\r\n--b\r\n\r\n",
  'Content-Type: multipart/digest;\r\n boundary="c"\n',
  "Content-Type: message/rfc822\r\n",
  "Content-Type: text/plain; charset=x\r\n",
  "Content-Transfer-Encoding: base64\r\n",
  "Content-Transfer-Encoding: quoted-printable\n",
  "Content-Disposition: attachment; filename*=utf-8''%e2%82%ac\r\n",
  "Subject: \xff\xfe\0\x1b[2J\r\n",
  "\xef\xbf\xbe\xed\xa0\x80",
  "=",
  "=3D",
  "QUJD",
] as const;

const soup = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })), {
  maxLength: 20,
  size: "max",
}).map((pieces) => pieces.join("").replace(/[^\0-\xff]/g, "?"));
/** Emails as they should be, with soup wherever there is something to read. */
const { mime: wellBegun } = fc.letrec<{ mime: string }>((tie) => ({
  mime: fc.oneof(
    { maxDepth: 3 },
    soup,
    fc.tuple(fc.constantFrom("b", "c", "a b"), fc.array(tie("mime"), { maxLength: 3 }), soup)
      .map(([boundary, parts, epilogue]) =>
        `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n` +
        parts.map((part) => `--${boundary}\r\n${part}\r\n`).join("") +
        `--${boundary}--\r\n${epilogue}`
      ),
    tie("mime").map((inner) => `Content-Type: message/rfc822\n\n${inner}`),
    // Lines that are too long for a delimiter.
    soup.map((text) =>
      `\r\n\r\n${"x".repeat(PLATFORM_LIMITS.boundaryLineBytesMax + 2)}--b\r\n${text}`
    ),
  ),
}));
const email = fc.oneof(soup, wellBegun).map(bytesOf);
const cuts = fc.oneof(
  fc.array(fc.nat(2_000), { maxLength: 20, size: "max" }),
  fc.constant(Array.from({ length: 2_000 }, (_, i) => i)),
);

/** An event, its bytes copied: they are valid until the next call only. */
function kept(event: MimeEvent): MimeEvent {
  return "bytes" in event ? { ...event, bytes: event.bytes.slice() } : event;
}

function eventsOf(
  mime: Uint8Array,
  at: readonly number[],
  options: MimeReaderOptions,
): readonly MimeEvent[] {
  const reader = new MimeReader(options);
  const bounds = [0, ...at.map((cut) => Math.min(cut, mime.length)), mime.length].sort((a, b) =>
    a - b
  );
  const events = bounds.slice(1).flatMap((end, i) => readOnce(reader, mime.slice(bounds[i], end)));
  return [...events, ...[...reader.finish()].map(kept)];
}

/** What holds on to a chunk longer than to its call has other bytes in it then. */
function readOnce(reader: MimeReader, chunk: Uint8Array): readonly MimeEvent[] {
  const events = [...reader.read(chunk)].map(kept);
  chunk.fill(0x3f);
  return events;
}

/** The events without how their bytes were cut. */
function structureOf(events: readonly MimeEvent[]) {
  const structure: { kind: string; bytes: string; part?: unknown }[] = [];
  for (const event of events) {
    const bytes = "bytes" in event ? event.bytes.toHex() : "";
    const last = structure.at(-1);
    const goesOn = last?.kind === event.kind &&
      (event.kind === "content" || event.kind === "between");
    if (goesOn) last.bytes += bytes;
    else {structure.push({
        kind: event.kind,
        bytes,
        ...("part" in event ? { part: event.part } : {}),
      });}
  }
  return structure.filter(({ kind, bytes }) => kind === "header" || kind === "end" || bytes !== "");
}

const options = fc.record({ opensMessages: fc.boolean() });

Deno.test("whatever an email holds, its events together are its bytes", () => {
  let parts = 0;
  fc.assert(
    fc.property(email, cuts, options, (mime, at, options) => {
      const events = eventsOf(mime, at, options);
      const bytes = events.flatMap((event) => "bytes" in event ? [event.bytes] : []);
      assert.equal(joined(bytes).toHex(), mime.toHex());
      const leaves = events.filter((event) => event.kind === "header" && event.isLeaf);
      assert.equal(events.filter(({ kind }) => kind === "end").length, leaves.length);
      parts = Math.max(parts, leaves.length);
    }),
    { numRuns: 500 },
  );
  assert.ok(parts > 1, "some of them have parts");
});

Deno.test("however an email is cut, it is taken apart in the same way", () => {
  fc.assert(
    fc.property(email, cuts, options, (mime, at, options) => {
      const whole = structureOf(eventsOf(mime, [], options));
      assert.deepEqual(structureOf(eventsOf(mime, at, options)), whole);
    }),
    { numRuns: 500 },
  );
});

Deno.test("the leaves of any email come to an end, and are no longer than it", async () => {
  await fc.assert(fc.asyncProperty(email, async (mime) => {
    let bytes = 0;
    for await (const { content } of mimeLeavesOf(stream(mime))) {
      for await (const piece of content) bytes += piece.length;
    }
    assert.ok(bytes <= mime.length);
  }));
});

async function* stream(mime: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield await Promise.resolve(mime);
}

Deno.test("parts within parts are opened to a depth, and headers read to a length", () => {
  const depth = 1_000;
  const opened = Array.from(
    { length: depth },
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
  ).join("");
  const messages = "Content-Type: message/rfc822\r\n\r\n".repeat(depth);
  for (const mime of [opened, messages]) {
    const headers = eventsOf(bytesOf(mime), [], { opensMessages: true })
      .filter(({ kind }) => kind === "header");
    assert.equal(headers.length, PLATFORM_LIMITS.partDepthMax + 1);
  }
  const endless = bytesOf("X: y\r\n".repeat(PLATFORM_LIMITS.partHeaderBytesMax / 6 + 1) + "\r\nz");
  const [first] = eventsOf(endless, [], { opensMessages: true });
  assert.equal(first?.kind, "between", "it is passed on as it is");
});
