import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { AttachmentInfo, RawEmail } from "../../src/core/email.ts";
import { SyncError } from "../../src/core/errors.ts";
import type { MimeContent } from "../../src/core/mime_content.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import {
  brokenContent,
  sampleEmail,
  sampleMailbox,
  textContent,
} from "../contract/sample_emails.ts";
import { platformSubject } from "./platform_subject.ts";
import type { SimulatedPlatform } from "./simulated_platform.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();

/** A test with `upload_attachments: true`. */
function test(
  name: string,
  body: (subject: Awaited<ReturnType<typeof openedSubject>>) => Promise<void>,
): void {
  undiciCase(name, async () => {
    await using subject = await openedSubject();
    await body(subject);
  });
}

async function openedSubject() {
  const subject = platformSubject({ uploadsAttachments: () => true });
  return { ...subject, opened: await subject.sink.open(MAILBOX, { signal }) };
}

const NAMES = ["a.txt", "image.png", "image.png", "reference"];
const LIST: readonly AttachmentInfo[] = NAMES.map((name) => {
  return { name, sizeBytes: 1, contentType: "", inline: false };
});

function emailWith(mime: MimeContent, attachments = LIST): RawEmail {
  return sampleEmail("<with/attachments@x>", { mime, attachments });
}

function part(name: string, content: string): string {
  return `--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n` +
    `Content-Disposition: attachment; filename="${name}"\r\n\r\n${btoa(content)}\r\n`;
}

const MIME = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody\r\n" +
  part("image.png", "first") + part("a.txt", "text") + part("image.png", "second") +
  part("not in the list", "x") + "--b--\r\n";

/** SHA-256 by number in the list. */
function uploaded(platform: SimulatedPlatform): ReadonlyMap<number, string> {
  const entries = [...platform.ledger.attachments];
  return new Map(entries.map(([name, { sha256 }]) => [Number(name.split("\n")[2]), sha256]));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const EXPECTED = new Map([[0, sha256("text")], [1, sha256("first")], [2, sha256("second")]]);

function sorted<K, V>(map: ReadonlyMap<K, V>) {
  return [...map].sort();
}

test("each attachment arrives under its number in the list that was sent", async (subject) => {
  const [outcome] = await subject.opened.put([emailWith(textContent(MIME))], { signal });
  assert.equal(outcome?.stored, true);
  assert.deepEqual(sorted(uploaded(subject.platform)), sorted(EXPECTED));
  assert.deepEqual([subject.counts.attachmentsUploaded, subject.counts.attachmentsMissing], [3, 1]);
});

test("an attachment whose upload fails for a while is uploaded again, and only it", async (subject) => {
  let failures = 0;
  subject.platform.intercept = ({ segments }) => {
    if (segments.at(-1) !== "0" || failures++ > 0) return undefined;
    return { kind: "reset", when: "before" };
  };
  const [outcome] = await subject.opened.put([emailWith(textContent(MIME))], { signal });
  assert.equal(outcome?.stored, true);
  assert.deepEqual(sorted(uploaded(subject.platform)), sorted(EXPECTED));
  const uploads = subject.platform.ledger.requests.filter(({ path }) =>
    path.includes("/attachments/")
  );
  assert.equal(uploads.length, 4);
});

test("an attachment that is refused is counted, said once, and holds up nothing", async (subject) => {
  subject.platform.intercept = ({ segments }) =>
    segments.includes("attachments") && segments.at(-1) !== "2"
      ? { kind: "status", status: 413 }
      : undefined;
  const [outcome] = await subject.opened.put([emailWith(textContent(MIME))], { signal });
  assert.equal(outcome?.stored, true);
  assert.deepEqual([...uploaded(subject.platform)], [[2, sha256("second")]]);
  assert.equal(subject.counts.attachmentsMissing, 3);
  assert.equal(subject.lines.filter(({ msg }) => msg.includes("does not take")).length, 1);
});

test("an attachment that the platform never gets over holds up nothing", async (subject) => {
  subject.platform.intercept = ({ segments }) =>
    segments.includes("attachments") && segments.at(-1) === "1"
      ? { kind: "status", status: 500 }
      : undefined;
  const [outcome] = await subject.opened.put([emailWith(textContent(MIME))], { signal });
  assert.equal(outcome?.stored, true);
  const expected = new Map([...EXPECTED].filter(([index]) => index !== 1));
  assert.deepEqual(sorted(uploaded(subject.platform)), sorted(expected));
  assert.deepEqual([subject.counts.attachmentsUploaded, subject.counts.attachmentsMissing], [2, 2]);
});

test("attachments wait for a platform that is out of order", async (subject) => {
  let isOut = false;
  subject.platform.intercept = ({ segments }) => {
    isOut ||= segments.includes("attachments");
    return isOut ? { kind: "status", status: 500 } : undefined;
  };
  await assert.rejects(
    subject.opened.put([emailWith(textContent(MIME))], { signal }),
    (thrown) => thrown instanceof SyncError && thrown.kind === "destination",
  );
  assert.equal(subject.counts.attachmentsMissing, 0);
});

test("a source that breaks off while attachments are read is the email's failure", async (subject) => {
  const error = new SyncError("retryable", "Reset", "Cut");
  const whole = new TextEncoder().encode(MIME);
  let opens = 0;
  const mime: MimeContent = {
    open: (signal) =>
      (opens++ === 0 ? textContent(MIME) : brokenContent([whole.subarray(0, 200)], error)).open(
        signal,
      ),
  };
  const [outcome] = await subject.opened.put([emailWith(mime)], { signal });
  assert.ok(outcome?.stored === false);
  assert.equal(outcome.error, error);
  assert.equal(
    (await subject.opened.refresh([emailWith(mime)], {
      signal,
      volatileSince: new Date(),
      rewrite: "always",
    })).complete.size,
    0,
  );
});

test("a platform that names another hash than the content's is reported", async (subject) => {
  subject.platform.contentHashOf = () => "0".repeat(64);
  await subject.opened.put([emailWith(textContent(MIME))], { signal });
  assert.equal(subject.lines.filter(({ msg }) => msg.includes("another hash")).length, 1);
  subject.platform.contentHashOf = (bytes) => createHash("md5").update(bytes).digest("hex");
  const before = subject.counts.attachmentsMissing;
  await subject.opened.put([emailWith(textContent(MIME), LIST.slice(0, 3))], { signal });
  assert.equal(subject.counts.attachmentsMissing, before);
});

test("a large attachment goes through in pieces", async (subject) => {
  const line = new TextEncoder().encode(`${btoa("x".repeat(57))}\r\n`);
  const lines = 200_000;
  const head = new TextEncoder().encode(
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n" +
      "Content-Disposition: attachment; filename=a.txt\r\n\r\n",
  );
  const block = new Uint8Array(line.length * 1_000);
  for (let at = 0; at < block.length; at += line.length) block.set(line, at);
  const open = () =>
    ReadableStream.from((async function* () {
      yield head;
      for (let sent = 0; sent < lines; sent += 1_000) yield block.slice();
      yield new TextEncoder().encode("--b--\r\n");
    })());
  const [outcome] = await subject.opened.put([emailWith({ open }, LIST.slice(0, 1))], { signal });
  assert.equal(outcome?.stored, true);
  const [content] = subject.platform.ledger.attachments.values();
  assert.equal(content?.sizeBytes, 57 * lines);
});
