import assert from "node:assert/strict";
import { join } from "node:path";
import type { RawEmail } from "../core/email.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { sampleEmail, sampleMailbox, sha256Of } from "../../tests/contract/sample_emails.ts";
import { quietEnv } from "../../tests/contract/quiet_env.ts";
import { emailObjectNamesOf } from "./layout.ts";
import { LocalObjectStore } from "./local_object_store.ts";
import { localContents } from "./stored_email_content_local.ts";
import { type FoundEmail, type StoredEmail, StoredEmails } from "./stored_emails.ts";
import { localSubject } from "./testing/local_subject.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const DAMAGED = { name: "SyncError", kind: "item", code: "StoredEmailDamaged" };

/** Emails in a folder, and what reads them back. */
async function storedEmails(emails: readonly RawEmail[]) {
  const subject = await localSubject();
  const sink = await subject.sink.open(MAILBOX, { signal });
  await sink.put(emails, { signal });
  const store = new LocalObjectStore({ root: subject.prefix, log: quietEnv().env.log });
  const contents = localContents(subject.prefix);
  const pathOf = (email: RawEmail, part: "mime" | "record") =>
    join(subject.prefix, emailObjectNamesOf(MAILBOX, email)[part]);
  return {
    ...subject,
    store,
    contents,
    pathOf,
    stored: new StoredEmails({ store, contents }, MAILBOX),
  };
}

async function all(found: AsyncIterable<FoundEmail>): Promise<readonly FoundEmail[]> {
  return await Array.fromAsync(found);
}

/** Emails of that many days, so that their folders differ. */
function dailyEmails(count: number): readonly RawEmail[] {
  return Array.from({ length: count }, (_, day) => {
    const timestamp = new Date(Date.UTC(2023, 11, 20 + day));
    return sampleEmail(`<${day}@x>`, {
      timestamp,
      metadata: { folder: ["Inbox"], receivedAt: timestamp },
    });
  });
}

Deno.test("stored emails come back in order, each as it was delivered", async () => {
  const emails = dailyEmails(20);
  await using subject = await storedEmails(emails);
  const found = await all(subject.stored.walk({ signal }));
  assert.equal(found.length, 20);
  for (const [index, one] of found.entries()) {
    assert.ok(one.kind === "stored");
    const { mime, ...record } = await subject.stored.open(one, { signal });
    const { mime: delivered, ...expected } = emails[index]!;
    assert.deepEqual(record, expected);
    assert.equal(await sha256Of(mime), await sha256Of(delivered));
  }
});

Deno.test("a walk goes on behind any position, and never finds an email twice", async () => {
  await using subject = await storedEmails(dailyEmails(20));
  const positions = (await all(subject.stored.walk({ signal }))).map(({ position }) => position);
  for (const [index, after] of positions.entries()) {
    const rest = await all(subject.stored.walk({ signal, after }));
    assert.deepEqual(rest.map(({ position }) => position), positions.slice(index + 1));
  }
});

Deno.test("a walk since a time finds what was received then or later, and what has no time at all", async () => {
  const since = new Date("2024-01-01T00:00:00Z");
  const timeless = sampleEmail("<none@x>");
  const { timestamp: _, ...withoutTimes } = timeless;
  const late = sampleEmail("<late@x>", {
    timestamp: new Date("1999-01-01T00:00:00Z"),
    metadata: { folder: ["Inbox"], receivedAt: since },
  });
  const early = sampleEmail("<early@x>", {
    timestamp: since,
    metadata: { folder: ["Inbox"], receivedAt: new Date(since.getTime() - 1) },
  });
  const sentOnly = sampleEmail("<sent@x>", { timestamp: new Date("2023-12-31T23:59:59Z") });
  await using subject = await storedEmails([withoutTimes, late, early, sentOnly]);
  const found = await all(subject.stored.walk({ signal, since }));
  const ids = found.map((one) => one.kind === "stored" ? one.record.id : "damaged");
  assert.deepEqual(ids.toSorted(), ["<late@x>", "<none@x>"]);
});

Deno.test("a record that is cut or foreign is found as damaged, and one without record not at all", async () => {
  const [cut, bare, whole] = dailyEmails(3) as [RawEmail, RawEmail, RawEmail];
  await using subject = await storedEmails([cut, bare, whole]);
  await Deno.truncate(subject.pathOf(cut, "record"), 30);
  await Deno.remove(subject.pathOf(bare, "record"));
  const found = await all(subject.stored.walk({ signal }));
  assert.deepEqual(found.map(({ kind }) => kind), ["damaged", "stored"]);
  const [first] = found;
  assert.ok(first?.kind === "damaged");
  assert.match(first.error.message, /^Stored email ".*\.json": it is no whole record$/);
});

/** Content of two sizes: held in memory, and streamed. */
for (const [way, bytes] of [["held", 5_000], ["streamed", LIMITS.heldMimeBytesMax + 1]] as const) {
  const content = new Uint8Array(bytes).fill(65);
  const email = () =>
    sampleEmail("<a@x>", { mime: { open: () => ReadableStream.from([content]) } });

  Deno.test(`content that is ${way} and not as recorded fails at its end at the latest`, async () => {
    const damages: readonly [string, (path: string) => Promise<void>][] = [
      ["missing", (path) => Deno.remove(path)],
      ["shorter", (path) => Deno.truncate(path, bytes - 1)],
      ["longer", (path) => Deno.writeFile(path, new Uint8Array(1), { append: true })],
      ["other", (path) => Deno.writeFile(path, content.with(bytes - 1, 66))],
    ];
    for (const [word, damage] of damages) {
      const delivered = email();
      await using subject = await storedEmails([delivered]);
      await damage(subject.pathOf(delivered, "mime"));
      const { stored } = subject;
      const [found] = await all(stored.walk({ signal }));
      const read = async () => {
        const { mime } = await stored.open(found as StoredEmail, { signal });
        await sha256Of(mime);
      };
      await assert.rejects(read, (thrown: SyncError) => {
        assert.match(thrown.message, new RegExp(word));
        return thrown.kind === DAMAGED.kind && thrown.code === DAMAGED.code;
      });
    }
  });

  Deno.test(`content that is ${way} can be opened again`, async () => {
    await using subject = await storedEmails([email()]);
    const [found] = await all(subject.stored.walk({ signal }));
    const { mime } = await subject.stored.open(found as StoredEmail, { signal });
    assert.equal(mime.sizeBytes, way === "held" ? bytes : undefined);
    const expected = await sha256Of(email().mime);
    assert.equal(await sha256Of(mime), expected);
    assert.equal(await sha256Of(mime), expected);
  });
}

Deno.test("an email that is replaced while it is read is read as it is then", async () => {
  const delivered = sampleEmail("<a@x>", { rebuilt: true });
  await using subject = await storedEmails([delivered]);
  const [found] = await all(subject.stored.walk({ signal }));
  const original = sampleEmail("<a@x>", {
    mime: { open: () => ReadableStream.from([new Uint8Array(9)]) },
  });
  await (await subject.sink.open(MAILBOX, { signal })).put([original], { signal });
  const email = await subject.stored.open(found as StoredEmail, { signal });
  assert.equal(email.rebuilt, undefined);
  assert.equal(email.mime.sizeBytes, 9);
});
