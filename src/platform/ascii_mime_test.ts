import assert from "node:assert/strict";
import PostalMime from "postal-mime";
import { AsciiMime } from "./ascii_mime.ts";
import { joined } from "./joined.ts";
import { bytesOf, inPieces } from "./testing/bytes.ts";

function translated(mime: Uint8Array, pieceBytes = mime.length): string {
  const ascii = new AsciiMime();
  const out: Uint8Array[] = [];
  for (const piece of inPieces(mime, pieceBytes)) {
    for (const bytes of ascii.push(piece)) out.push(bytes.slice());
  }
  for (const bytes of ascii.finish()) out.push(bytes.slice());
  return new TextDecoder("utf-8", { fatal: true }).decode(joined(out));
}

const MIXED = bytesOf(
  'MIME-Version: 1.0\r\nSubject: Gr\xfc\xdfe\r\nContent-Type: multipart/mixed; boundary="b-1"\r\n\r\n' +
    "pre\xe4mble\r\n--b-1\r\nContent-Type: text/plain; charset=iso-8859-1\r\n" +
    "Content-Transfer-Encoding: 8bit\r\n\r\nSch\xf6ne Gr\xfc\xdfe \r\n--kein Ende = a\tb\t\r\n" +
    `${"lang\xe4".repeat(40)}\r\n` +
    '--b-1\r\nContent-Type: application/octet-stream; name="x.bin"\r\n' +
    "Content-Transfer-Encoding: binary\r\n\r\n\x00\xff\r\n\x80\r\n" +
    "--b-1\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSGFsbG8=\r\n" +
    "--b-1\r\nContent-Type: message/rfc822\r\n\r\nSubject: innen\r\n\r\ninnen \xe4\r\n" +
    "--b-1--\r\nepilog\r\n",
);

Deno.test("an email that is not UTF-8 keeps its meaning, however it is cut", async () => {
  const whole = translated(MIXED);
  for (const pieceBytes of [1, 2, 3, 7, 100]) assert.equal(translated(MIXED, pieceBytes), whole);
  // A reader that others wrote tells what it means, before and after.
  const [before, after] = await Promise.all([MIXED, whole].map((mime) => {
    const options = { forceRfc822Attachments: true, attachmentEncoding: "arraybuffer" } as const;
    return PostalMime.parse(mime, options);
  }));
  assert.equal(after!.subject, "Grüße");
  assert.equal(after!.text, before!.text);
  assert.match(after!.text ?? "", /Schöne Grüße/);
  const [binary] = after!.attachments;
  assert.deepEqual(
    new Uint8Array(binary!.content as ArrayBuffer),
    bytesOf("\x00\xff\r\n\x80"),
  );
  assert.equal(after!.attachments.length, before!.attachments.length);
  assert.match(whole, /Content-Transfer-Encoding: base64\r\n\r\nSGFsbG8=\r\n--b-1/);
});

Deno.test("content without an encoding gets one, and its header says so once", () => {
  const text = translated(
    bytesOf("Content-Type: text/plain\nContent-Transfer-Encoding:\n 8bit\n\n\xe4\n"),
  );
  assert.equal(
    text,
    "Content-Type: text/plain\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n=E4\n",
  );
});

Deno.test("no line of encoded text is too long, or can be taken for a delimiter", () => {
  const mime = bytesOf(
    `Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n${"\xe4".repeat(25)}${
      "--x\xe4".repeat(500)
    }\r\n--x--\r\n`,
  );
  const lines = translated(mime).split("\r\n");
  assert.ok(lines.every((line) => line.length <= 76));
  assert.equal(lines.filter((line) => line.startsWith("--")).length, 2);
});

Deno.test("what must not be encoded becomes text all the same", () => {
  const text = translated(
    bytesOf("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; k\xf6ln\r\n"),
  );
  assert.match(text, /Reporting-MTA: dns; köln\r\n$/);
  assert.doesNotMatch(text, /Content-Transfer-Encoding/);
});

Deno.test("nothing of a damaged email is lost", () => {
  for (
    const mime of [
      "\xe4",
      "",
      "\r\n\xe4",
      "a: b\xe4",
      "Content-Type: multipart/mixed; boundary=x\r\n\r\n\xe4",
    ]
  ) {
    const text = translated(bytesOf(mime));
    assert.ok(/\u00e4|=E4/.test(text) || mime === "", JSON.stringify([mime, text]));
  }
});
