import assert from "node:assert/strict";
import fc from "fast-check";
import { heldMimeContent, type MimeContent } from "./mime_content.ts";
import { decodeMimeHeader, readMimeHeader } from "./mime_header.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const never = new AbortController().signal;

Deno.test("MIME header takes the first field of a name, unfolded, with either line end", () => {
  for (const eol of ["\r\n", "\n"]) {
    const lines = ["Subject: a", "Message-ID:", "\t<1@x>", "message-id: <2@x>", "", "To: body"];
    const fields = decodeMimeHeader(bytes(lines.join(eol)));
    assert.equal(fields.get("message-id"), "<1@x>");
    assert.equal(fields.get("subject"), "a");
    assert.equal(fields.has("to"), false, "the body is not the header");
  }
});

Deno.test("MIME header passes over lines that are no fields", () => {
  const fields = decodeMimeHeader(bytes("From someone Mon\r\n: nameless\r\nDate: today\r\n\r\n"));
  assert.deepEqual([...fields], [["date", "today"]]);
});

Deno.test("reading a header stops at its end and cancels the rest of the content", async () => {
  let cancelled = false;
  let pulls = 0;
  const mime: MimeContent = {
    open: () =>
      new ReadableStream({
        pull(controller) {
          pulls++;
          controller.enqueue(bytes(pulls === 1 ? "Date: to" : "day\r\n\r\nbody"));
        },
        cancel: () => {
          cancelled = true;
        },
      }, { highWaterMark: 0 }),
  };
  assert.equal((await readMimeHeader(mime, never)).get("date"), "today");
  assert.equal(pulls, 2);
  assert.ok(cancelled);
});

Deno.test("a header without end is read only so far", async () => {
  const line = bytes(`X-Filler: ${"x".repeat(1000)}\r\n`);
  const endless = heldMimeContent(Array.from({ length: 1000 }, () => line));
  assert.equal((await readMimeHeader(endless, never)).size, 1);
});

Deno.test("whatever an email begins with, its fields are named, on one line, and in it; cut or not", async () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "\n\r\n",
        ":",
        " ",
        "\t",
        "\r\n ",
        "\0",
        "\xff\xfe",
      ),
      fc.constantFrom("Subject: a", "Message-ID: <a@x>", "message-id:", "From x", ": x", "A:B:C"),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 30, size: "max" },
  );
  let found = 0;
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(), async (pieces, cut) => {
      const text = pieces.join("").replace(/[^\0-\xff]/g, "?");
      const mime = Uint8Array.from(text, (character) => character.charCodeAt(0));
      const fields = decodeMimeHeader(mime);
      for (const [name, value] of fields) {
        assert.doesNotMatch(`${name}${value}`, /\n/);
        assert.ok(name !== ":" && name.length + value.length < mime.length);
        if (name === "message-id" && value === "<a@x>") found++;
      }
      const at = cut % (mime.length + 1);
      const inTwo = heldMimeContent([mime.subarray(0, at), mime.subarray(at)]);
      assert.deepEqual(await readMimeHeader(inTwo, never), fields);
    }),
    { numRuns: 500 },
  );
  assert.ok(found > 0, "some of them have a Message-ID");
});
