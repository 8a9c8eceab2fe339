import assert from "node:assert/strict";
import { attachmentsOf } from "./mime_attachments.ts";
import { mimeOf } from "./mime_source.ts";

Deno.test("every part but the body is an attachment, inline if the text refers to it", () => {
  const mime = mimeOf([
    'Content-Type: multipart/mixed; boundary="out"',
    "",
    "--out",
    'Content-Type: multipart/related; boundary="in"',
    "",
    "--in",
    "Content-Type: text/html",
    "",
    '<img src="cid:logo">',
    "--in",
    'Content-Type: image/png; name="logo.png"',
    "Content-ID: <logo>",
    "Content-Transfer-Encoding: base64",
    "",
    "AAAA",
    "--in--",
    "--out",
    "Content-Type: message/rfc822",
    "",
    "Subject: inner",
    "--out",
    'Content-Type: text/plain; name="=?utf-8?q?notes=5F1.txt?="',
    "Content-Disposition: attachment",
    "",
    "12345",
    "--out--",
  ].join("\n"));
  assert.deepEqual(attachmentsOf(mime), [
    {
      name: "logo.png",
      contentType: "image/png",
      contentId: "logo",
      sizeBytes: 3,
      inline: true,
      isItem: false,
    },
    {
      name: "Attached message",
      contentType: "message/rfc822",
      sizeBytes: 14,
      inline: false,
      isItem: true,
    },
    {
      name: "notes_1.txt",
      contentType: "text/plain",
      sizeBytes: 5,
      inline: false,
      isItem: false,
    },
  ]);
});

Deno.test("an email without parts, with alternatives only, or cut short has no attachment", () => {
  const alternative = [
    'Content-Type: multipart/alternative; boundary="b"',
    "",
    "--b",
    "Content-Type: text/plain",
    "",
    "a",
    "--b",
    "Content-Type: text/html",
    "",
    "<a>",
  ];
  for (
    const text of ["Subject: x\n\nbody", alternative.join("\n"), `${alternative.join("\n")}\n--b--`]
  ) {
    assert.deepEqual(attachmentsOf(mimeOf(text)), []);
  }
});
