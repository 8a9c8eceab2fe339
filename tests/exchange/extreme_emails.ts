import { hugeAttachment, type HugeEmail, hugeEmail } from "./huge_email.ts";
import type { ItemProperties } from "./items.ts";
import { heldMime, mimeOf, type MimeSource } from "./mime_source.ts";

/** An email at an edge of what Exchange holds, and what the store says of it. */
export interface ExtremeEmail {
  /** Unique; also the subject where it has one of ours. */
  readonly name: string;
  readonly mime: MimeSource;
  readonly stated: Partial<ItemProperties>;
}

/** In its bytes, each character is one byte. */
function bytesOfText(text: string): MimeSource {
  return heldMime(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

function email(
  name: string,
  { header = "", body = "Hello\n", messageId = `<${name.replaceAll(" ", ".")}@extreme.example>` } =
    {},
): MimeSource {
  return mimeOf(
    `From: Edge <edge@example.com>\nTo: all@example.com\nSubject: ${name}\n` +
      `Date: Tue, 05 Mar 2024 06:07:08 +0000\n${messageId && `Message-ID: ${messageId}\n`}` +
      `${header}\n${body}`,
  );
}

function plain(name: string, stated: Partial<ItemProperties>, parts = {}): ExtremeEmail {
  return { name, mime: email(name, parts), stated };
}

const FIXED_TIME = new Date(Date.UTC(2024, 2, 5, 6, 7, 8, 90));
const PKCS7 = Uint8Array.from({ length: 900 }, (_, index) => (index * 7) % 256);
const BASE64_LINES = PKCS7.toBase64().replace(/.{76}/g, "$&\n");

/** Content that programs trip over: its bytes, its size, or there being none. */
function contents(): readonly ExtremeEmail[] {
  const raw = (name: string, text: string) => ({ name, mime: bytesOfText(text), stated: {} });
  const head = (name: string) => `From: a@example.com\r\nSubject: ${name}\r\n`;
  return [
    hugeExtreme(),
    raw(
      "8-bit bytes",
      `${head("Gr\xfc\xdfe \xff\xfe")}X-Raw: \xe9\x80\r\n\r\nK\xf6ln \x80\xff\r\n`,
    ),
    raw("NUL", `${head("NUL")}\r\nbefore\0after\r\n\0\0`),
    raw("bare LF", "From: a@example.com\nSubject: bare LF\n\none\ntwo\n"),
    raw("bare CR", `${head("bare CR")}\r\none\rtwo\r\r\n`),
    raw("line of 100000 characters", `${head("long line")}\r\n${"x".repeat(100_000)}`),
    plain("empty body", {}, { body: "" }),
    { name: "0 bytes", mime: heldMime(), stated: {} },
    plain("thousand recipients", {}, {
      header: `Cc: ${
        Array.from({ length: 1000 }, (_, index) => `person-${index}@example.com`).join(",\n ")
      }\n`,
    }),
    { name: "email in email", mime: nested(3), stated: {} },
  ];
}

function hugeExtreme(): ExtremeEmail {
  const name = "25 MB attachment";
  const huge: HugeEmail = {
    messageId: "<25.MB@extreme.example>",
    subject: name,
    sizeBytes: 35_900_000,
  };
  const content = hugeAttachment(huge);
  const attachment = {
    name: "recording.bin",
    contentType: "application/octet-stream",
    sizeBytes: content.sizeBytes,
    inline: false,
    isItem: false,
    content,
  };
  return { name, mime: hugeEmail(huge), stated: { attachments: [attachment] } };
}

/** An email attached to an email attached to an email. */
function nested(depth: number): MimeSource {
  let text = "From: inner@example.com\nSubject: level 0\n\nThe innermost\n";
  for (let level = 1; level <= depth; level++) {
    text = `From: level-${level}@example.com\nSubject: level ${level}\n` +
      `Message-ID: <level-${level}@extreme.example>\nMIME-Version: 1.0\n` +
      `Content-Type: multipart/mixed; boundary="level-${level}"\n\n--level-${level}\n` +
      `Content-Type: text/plain\n\nLevel ${level}\n--level-${level}\n` +
      `Content-Type: message/rfc822\n\n${text}\n--level-${level}--\n`;
  }
  return mimeOf(text);
}

/** Classes that are mail and are not plain notes. */
function classes(): readonly ExtremeEmail[] {
  const opaque = 'MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; name="smime.p7m"\n' +
    "Content-Transfer-Encoding: base64\n";
  const smime = {
    name: "smime.p7m",
    contentType: "application/pkcs7-mime",
    sizeBytes: PKCS7.length,
    inline: false,
    isItem: false,
    content: heldMime(PKCS7),
  };
  return [
    plain("S/MIME opaque", { itemClass: "IPM.Note.SMIME", attachments: [smime] }, {
      header: opaque,
      body: BASE64_LINES,
    }),
    plain("S/MIME clear-signed", { itemClass: "IPM.Note.SMIME.MultipartSigned" }, {
      header: multipart('signed; protocol="application/pkcs7-signature"; micalg=sha-256'),
      body: `${part("text/plain", "Signed text")}${
        part('application/pkcs7-signature; name="smime.p7s"', BASE64_LINES)
      }--edge--\n`,
    }),
    report("NDR", "REPORT.IPM.Note.NDR", "delivery-status", "Action: failed\nStatus: 5.1.1"),
    report(
      "read receipt",
      "REPORT.IPM.Note.IPNRN",
      "disposition-notification",
      "Disposition: manual-action/MDN-sent-manually; displayed",
    ),
    ...[
      ["meeting request", "IPM.Schedule.Meeting.Request", "REQUEST"],
      ["meeting cancellation", "IPM.Schedule.Meeting.Canceled", "CANCEL"],
      ["meeting accepted", "IPM.Schedule.Meeting.Resp.Pos", "REPLY"],
      ["meeting declined", "IPM.Schedule.Meeting.Resp.Neg", "REPLY"],
      ["meeting tentative", "IPM.Schedule.Meeting.Resp.Tent", "REPLY"],
    ].map(([name = "", itemClass = "", method = ""]) => meeting(name, itemClass, method)),
    plain("post", { itemClass: "IPM.Post" }),
    plain("draft", { isDraft: true }),
  ];
}

function multipart(type: string): string {
  return `MIME-Version: 1.0\nContent-Type: multipart/${type}; boundary="edge"\n`;
}

function part(type: string, content: string): string {
  return `--edge\nContent-Type: ${type}\n\n${content}\n`;
}

function report(name: string, itemClass: string, kind: string, status: string): ExtremeEmail {
  return plain(name, { itemClass }, {
    header: multipart(`report; report-type=${kind}`),
    body: part("text/plain", "A report") + part(`message/${kind}`, status) +
      `${part("message/rfc822", "Subject: the original\n\nWhat was sent")}--edge--\n`,
  });
}

function meeting(name: string, itemClass: string, method: string): ExtremeEmail {
  const calendar = `BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:${method}\nBEGIN:VEVENT\n` +
    "UID:1@extreme.example\nDTSTART:20240305T060000Z\nSUMMARY:Edge\nEND:VEVENT\nEND:VCALENDAR";
  return plain(name, { itemClass }, {
    header: multipart("alternative"),
    body: part("text/plain", "Come") +
      `${part(`text/calendar; method=${method}; charset=utf-8`, calendar)}--edge--\n`,
  });
}

/** Identity and order: what ids and positions are made of, missing, absurd or the same. */
function identities(): readonly ExtremeEmail[] {
  const at = (year: number) => new Date(Date.UTC(year, 0, 1));
  const twin = { messageId: "<twin@extreme.example>" };
  return [
    plain("no dates", { receivedAt: undefined, sentAt: undefined }),
    plain("received in 1601", { receivedAt: at(1601), sentAt: at(1601), createdAt: at(1601) }),
    plain("received in 2100", { receivedAt: at(2100), sentAt: at(2100) }),
    plain("no Message-ID", {}, { messageId: "" }),
    plain("Message-ID of 600 characters", {}, { messageId: `<${"m".repeat(586)}@long.example>` }),
    plain("Message-ID with control characters", {}, {
      messageId: "<a\x01b\x07c\x7f@extreme.example>",
    }),
    plain("duplicate Message-ID one", {}, { ...twin, body: "One\n" }),
    plain("duplicate Message-ID two", {}, { ...twin, body: "Two\n" }),
    ...[1, 2, 3].map((number) => plain(`received together ${number}`, { receivedAt: FIXED_TIME })),
  ];
}

/** All of them, the same on every call. */
export function extremeEmails(): readonly ExtremeEmail[] {
  return [...contents(), ...classes(), ...identities()];
}
