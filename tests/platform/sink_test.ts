import assert from "node:assert/strict";
import { storageKeyOf } from "../../src/core/email.ts";
import type { MailboxSink } from "../../src/core/ports.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { PLATFORM_LIMITS } from "../../src/platform/platform_limits.ts";
import { heldMimeContent, type MimeContent } from "../../src/core/mime_content.ts";
import { movedTo, REFRESH, sampleEmail, sha256Of, textContent } from "../contract/sample_emails.ts";
import { platformSubject } from "./platform_subject.ts";
import { emails, isKind, MAILBOX, signal, sinkCase as test, streamed } from "./sink_case.ts";

test("an email arrives with every field in the platform's spelling", async ({ opened, platform }) => {
  const email = sampleEmail("<full@x>", {
    timestamp: new Date("2024-02-29T23:59:59.001Z"),
    metadata: {
      folder: ["Inbox", "Späm"],
      receivedAt: new Date("2024-03-01T00:00:00Z"),
      sizeBytes: 5,
      hasAttachments: true,
      isRead: false,
      importance: "High",
      sensitivity: "Normal",
      categories: ["a"],
      conversationId: "AAQk",
      conversationTopic: "Topic",
    },
    attachments: [{ name: "a.pdf", sizeBytes: 7, contentType: "application/pdf", inline: false }],
  });
  await opened.put([email], { signal });
  const [found] = platform.ledger.of(platform.buckets.get("acme/support")!.id);
  assert.equal(found?.mailbox, "ada@example.com");
  assert.equal(found?.timestamp, "2024-02-29T23:59:59.001Z");
  assert.deepEqual(found?.metadata, {
    folder: ["Inbox", "Späm"],
    received_at: "2024-03-01T00:00:00.000Z",
    size: 5,
    has_attachments: true,
    is_read: false,
    importance: "High",
    sensitivity: "Normal",
    categories: ["a"],
    conversation_id: "AAQk",
    conversation_topic: "Topic",
  });
  assert.deepEqual(found?.attachments, [
    { name: "a.pdf", size: 7, content_type: "application/pdf", inline: false },
  ]);
});

test("what no database of text can hold is replaced, and years beyond are brought back", async (subject) => {
  const { timestamp: _, ...undated } = sampleEmail("<un\ud800dated@x>", {
    metadata: { folder: ["\0", "a\udc00"], conversationTopic: "\0" },
    mime: textContent("a\0b"),
  });
  const late = sampleEmail("<late@x>", { timestamp: new Date("+012345-01-01T00:00:00Z") });
  await subject.opened.put([undated, late], { signal });
  const found = subject.platform.ledger.of(subject.platform.buckets.get("acme/support")!.id);
  assert.deepEqual(found.map(({ id }) => id), ["<un\ufffddated@x>", "<late@x>"]);
  assert.deepEqual(found[0]?.metadata["folder"], ["\ufffd", "a\ufffd"]);
  assert.equal(found[0]?.mime, "a\ufffdb");
  assert.deepEqual(found.map(({ timestamp }) => timestamp), [
    "1970-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z",
  ]);
});

test("emails go out in batches by count, and by bytes", async (subject) => {
  await subject.opened.put(emails(25), { signal });
  assert.deepEqual(
    subject.platform.ledger.puts.map(({ ids }) => ids.length).sort(),
    [10, 10, 5].sort(),
  );
  await subject.opened.put(emails(5, PLATFORM_LIMITS.batchBytesMax / 2 - 100), { signal });
  const sizes = subject.platform.ledger.puts.slice(3).map(({ ids }) => ids.length);
  assert.deepEqual(sizes.sort(), [1, 2, 2]);
}, { batchSize: 10 });

test("content that is not UTF-8 becomes text with the same meaning, and is counted", async (subject) => {
  const latin1 = new Uint8Array([...new TextEncoder().encode("Subject: x\r\n\r\nGr"), 0xfc, 0xdf]);
  let opens = 0;
  const held = sampleEmail("<held@x>", { mime: heldMimeContent([latin1]) });
  const flowing = sampleEmail("<flowing@x>", { mime: streamed(latin1, () => opens++) });
  const [first, second] = await subject.opened.put([held, flowing], { signal });
  assert.deepEqual([first?.stored, second?.stored], [true, true]);
  const found = subject.platform.ledger.of(subject.platform.buckets.get("acme/support")!.id);
  for (const { mime } of found) assert.match(mime ?? "", /quoted-printable\r\n\r\nGr=FC=DF$/);
  assert.equal(subject.counts.reencoded, 2);
  assert.equal(opens, 2);
  // What flows and is UTF-8 is fetched once.
  opens = 0;
  const utf8 = new TextEncoder().encode("Subject: ü\r\n\r\n€");
  await subject.opened.put([sampleEmail("<utf8@x>", { mime: streamed(utf8, () => opens++) })], {
    signal,
  });
  assert.equal(opens, 1);
});

test("different emails under one Message-ID are one record, which is counted and said once", async (subject) => {
  const versions = ["a", "b", "c"].map((searchKey) =>
    sampleEmail("<one@x>", {
      key: storageKeyOf("<one@x>", searchKey),
      mime: textContent(searchKey),
    })
  );
  const outcomes = await subject.opened.put(versions, { signal });
  assert.ok(outcomes.every(({ stored }) => stored));
  assert.deepEqual(subject.platform.ledger.puts.map(({ ids }) => ids.length), [1, 1, 1]);
  assert.ok(subject.platform.ledger.requests.every(({ status }) => status === 200));
  const [only, ...others] = await subject.stored(MAILBOX);
  assert.deepEqual(others, []);
  assert.equal(only?.mimeSha256, await sha256Of(textContent("c")));
  assert.equal(subject.counts.sharedIds, 2);
  assert.equal(subject.lines.filter(({ msg }) => msg.includes("one Message-ID")).length, 1);
});

test("what was delivered is recognised while nothing of it is new, and only then", async (subject) => {
  const email = sampleEmail("<a@x>", {
    metadata: { folder: ["Inbox"], receivedAt: new Date("2024-03-01T12:00:00Z"), sizeBytes: 5 },
  });
  const { opened } = subject;
  const isStored = async (
    record = email as Parameters<MailboxSink["refresh"]>[0][number],
    more = {},
  ) => (await opened.refresh([record], { ...REFRESH, ...more })).complete.has(email.key);
  assert.equal(await isStored(), false);
  await opened.put([email], { signal });
  assert.equal(await isStored(), true);
  const moved = movedTo(["Archive"], email);
  assert.equal(await isStored(moved), false);
  assert.equal(await isStored(moved, { rewrite: "never" }), true);
  const scanned = { ...moved, metadata: { ...moved.metadata, sizeBytes: 6 } };
  const volatileSince = new Date("2024-03-01T12:00:00Z");
  assert.equal(await isStored(scanned, { rewrite: "never", volatileSince }), false);
  assert.equal(await isStored(scanned, { rewrite: "never" }), true);
  await opened.put([{ ...email, ...moved }], { signal });
  assert.equal(await isStored(moved), true);
  const [found] = await subject.stored(MAILBOX);
  assert.deepEqual(found?.folder, ["Archive"]);
});

test("a stand-in is never stored over the original, and is stored where there is none", async (subject) => {
  const standIn = textContent("X-Reinfer-Ews-Rebuilt: 1\r\nSubject: x\r\n\r\nas far as it goes");
  const [a, b] = ["<a@x>", "<b@x>"].map((id) => sampleEmail(id));
  await subject.opened.put([a!], { signal });
  const rebuilt = [a!, b!].map((email) => ({ ...email, mime: standIn, rebuilt: true }));
  const outcomes = await subject.opened.put(rebuilt, { signal });
  assert.ok(outcomes.every(({ stored }) => stored));
  const rebuiltOf = async () =>
    new Map((await subject.stored(MAILBOX)).map((email) => [email.id, email.rebuilt]));
  assert.deepEqual(await rebuiltOf(), new Map([["<a@x>", false], ["<b@x>", true]]));
  const { complete, rebuilt: standIns } = await subject.opened.refresh([b!], REFRESH);
  assert.deepEqual([[...complete], [...standIns]], [[], [b!.key]]);
  await subject.opened.put([b!], { signal });
  assert.equal((await rebuiltOf()).get("<b@x>"), false);
});

test("a page that some proxy puts in between is not taken for a stored original", async (subject) => {
  const standIn = textContent("X-Reinfer-Ews-Rebuilt: 1\r\nSubject: x\r\n\r\nas far as it goes");
  const rebuilt = { ...sampleEmail("<a@x>"), mime: standIn, rebuilt: true as const };
  let pages = 0;
  subject.platform.intercept = ({ method }) =>
    method === "GET" && pages++ === 0
      ? { kind: "status", status: 200, body: "<html>Sign in</html>" }
      : undefined;
  const [outcome] = await subject.opened.put([rebuilt], { signal });
  assert.equal(outcome?.stored, true);
  assert.equal((await subject.stored(MAILBOX)).length, 1);
  assert.ok(pages > 1);
});

test("an answer too large to be read is a stored original", async (subject) => {
  const large = sampleEmail("<a@x>", { mime: textContent("x".repeat(2_000_000)) });
  await subject.opened.put([large], { signal });
  subject.platform.intercept = ({ method }) =>
    method === "GET"
      ? {
        kind: "status",
        status: 200,
        body: JSON.stringify({ status: "ok", emails: [{ mime_content: "x".repeat(2_000_000) }] }),
      }
      : undefined;
  const standIn = { ...large, mime: textContent("X-Reinfer-Ews-Rebuilt: 1\r\n\r\n") };
  const [outcome] = await subject.opened.put([{ ...standIn, rebuilt: true }], { signal });
  assert.equal(outcome?.stored, true);
  assert.equal((await subject.stored(MAILBOX))[0]?.mimeSizeBytes, 2_000_000);
  subject.platform.intercept = ({ method }) =>
    method === "GET" ? { kind: "status", status: 404, body: "x".repeat(2_000_000) } : undefined;
  await subject.opened.put([{ ...standIn, rebuilt: true }], { signal });
  assert.equal((await subject.stored(MAILBOX))[0]?.rebuilt, true);
});

test("keys are not to be had, and that is said", async ({ opened }) => {
  await assert.rejects(
    Array.fromAsync(opened.keys({ signal })),
    isKind("mailbox", "PlatformKeysUnknown"),
  );
});

test("an email of 60 MB goes through in pieces that are used again", async (subject) => {
  const mime = recycledText(60 * 1024 * 1024);
  const [outcome] = await subject.opened.put([sampleEmail("<huge@x>", { mime })], { signal });
  assert.ok(outcome?.stored && outcome.sizeBytes === 60 * 1024 * 1024);
  const [found] = await subject.stored(MAILBOX);
  assert.equal(found?.mimeSha256, await sha256Of(mime));
});

undiciCase("a probe leaves nothing behind", async () => {
  await using subject = platformSubject();
  await Promise.all([subject.sink.probe({ signal }), subject.sink.probe({ signal })]);
  assert.equal(subject.platform.states.size, 0);
  assert.equal(subject.platform.ledger.puts.length, 0);
});

undiciCase("a bucket is stamped once, and whether that works decides nothing", async () => {
  const stamp = { configOwner: "acme", configKey: "ews", shardIndex: 1, shardCount: 3 };
  await using subject = platformSubject({ stamp });
  await subject.sink.open(MAILBOX, { signal });
  await subject.sink.open(MAILBOX, { signal });
  assert.deepEqual(subject.platform.buckets.get("acme/support")?.lastUpdatedBy, {
    config_owner: "acme",
    config_key: "ews",
    shard_index: 1,
    num_shards: 3,
  });
  assert.equal(
    subject.platform.ledger.requests.filter(({ method }) => method === "POST").length,
    1,
  );
  await using refused = platformSubject({ stamp });
  refused.platform.intercept = ({ method }) =>
    method === "POST" ? { kind: "status", status: 403 } : undefined;
  await refused.sink.open(MAILBOX, { signal });
  assert.equal(
    refused.lines.filter(({ fields }) => fields["code"] === "PlatformForbidden").length,
    1,
  );
});

/** Lines of ASCII in buffers that are used again after a megabyte. */
function recycledText(sizeBytes: number): MimeContent {
  const chunkBytes = 64 * 1024;
  const open = () => {
    const buffers = Array.from({ length: 16 }, () => new Uint8Array(chunkBytes));
    let sent = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        const number = sent / chunkBytes;
        const buffer = buffers[number % buffers.length]!.fill(65 + number % 26);
        buffer[chunkBytes - 2] = 0x0d;
        buffer[chunkBytes - 1] = 0x0a;
        controller.enqueue(buffer);
        sent += chunkBytes;
        if (sent >= sizeBytes) controller.close();
      },
    }, { highWaterMark: 0 });
  };
  return { open };
}
