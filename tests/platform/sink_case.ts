import assert from "node:assert/strict";
import type { RawEmail } from "../../src/core/email.ts";
import { SyncError } from "../../src/core/errors.ts";
import { heldMimeContent, type MimeContent } from "../../src/core/mime_content.ts";
import type { MailboxSink } from "../../src/core/ports.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { sampleEmail, sampleMailbox, sha256Of, textContent } from "../contract/sample_emails.ts";
import { platformSubject, type PlatformSubjectOptions } from "./platform_subject.ts";
import type { PlatformFault, PlatformRequestSeen } from "./simulated_platform.ts";

/** Never aborted. */
export const { signal } = new AbortController();
export const MAILBOX = sampleMailbox();

/** A platform, its destination, and the part of one mailbox. */
export type Subject = ReturnType<typeof platformSubject> & { readonly opened: MailboxSink };

/** Registers a test with a platform of its own and the mailbox open. */
export function sinkCase(
  name: string,
  body: (subject: Subject) => Promise<void>,
  options: PlatformSubjectOptions = {},
): void {
  undiciCase(name, async () => {
    await using subject = platformSubject(options);
    const opened = await subject.sink.open(MAILBOX, { signal });
    await body({ ...subject, opened });
  });
}

/** A batch of emails in memory. */
export function emails(count: number, size = 10): readonly RawEmail[] {
  return Array.from({ length: count }, (_, i) => {
    return sampleEmail(`<${i}@x>`, {
      mime: textContent(`Subject: ${i}\r\n\r\n${"x".repeat(size)}`),
    });
  });
}

/** Content of which the size is not known before it has passed. */
export function streamed(bytes: Uint8Array, onOpen = () => {}): MimeContent {
  return {
    open: () => {
      onOpen();
      return heldMimeContent([bytes]).open(signal);
    },
  };
}

/** The first so many requests for emails meet a fault. */
export function firstPuts(count: number, fault: PlatformFault) {
  let met = 0;
  return (request: PlatformRequestSeen) => isPut(request) && met++ < count ? fault : undefined;
}

/** Whether it is a request with emails. */
export function isPut({ method, segments }: PlatformRequestSeen): boolean {
  return method === "PUT" && segments.at(-1) === "emails";
}

/** Asserts that these emails are stored, whole, and no others. */
export async function assertStored(
  { stored }: Subject,
  expected: readonly RawEmail[],
): Promise<void> {
  const found = new Map((await stored(MAILBOX)).map((email) => [email.id, email.mimeSha256]));
  assert.equal(found.size, expected.length);
  for (const { id, mime } of expected) assert.equal(found.get(id), await sha256Of(mime), id);
}

/** For `assert.rejects`: an error of this kind and code, with a remedy. */
export function isKind(kind: SyncError["kind"], code: string) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof SyncError, String(thrown));
    assert.deepEqual([thrown.kind, thrown.code], [kind, code]);
    assert.ok(thrown.hint !== undefined);
    return true;
  };
}
