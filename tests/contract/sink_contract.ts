import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { SyncError } from "../../src/core/errors.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { heldMimeContent, type MimeContent } from "../../src/core/mime_content.ts";
import type { MailboxSink, Sink, StateStore } from "../../src/core/ports.ts";
import { Semaphore } from "../../src/core/semaphore.ts";
import {
  brokenContent,
  movedTo,
  REFRESH,
  sampleEmail,
  sampleMailbox,
  sha256Of,
  stuckContent,
  textContent,
} from "./sample_emails.ts";

/** A sink under test, empty, and a way to see what it stores. */
export interface SinkSubject extends AsyncDisposable {
  readonly sink: Sink;
  /** Holds the locks under which a mailbox's part of the sink may be used. */
  readonly states: StateStore;
  /** The complete emails of a mailbox, as any reader of the destination finds them. */
  stored(mailbox: Mailbox): Promise<readonly StoredEmail[]>;
}

export interface StoredEmail {
  readonly id: string;
  readonly folder: readonly string[];
  readonly isRead: boolean | undefined;
  /** Of the bytes themselves, not of what is said about them. */
  readonly mimeSha256: string;
  readonly mimeSizeBytes: number;
  /** Whether the content is said to be rebuilt. */
  readonly rebuilt: boolean;
}

export interface SinkSubjectOptions {
  /** Emails being written at one time. */
  readonly uploads: Semaphore;
}

/**
 * What sinks of objects promise, and a sink may not whose store decides for itself what it keeps:
 * - `bytes`: content is kept byte for byte.
 * - `names`: every text is kept as it is.
 * - `metadataAlone`: what is stored is told for certain, and its metadata brought up to date.
 * - `keys`: the keys of what is stored are told.
 */
export type SinkPromise = "bytes" | "names" | "metadataAlone" | "keys";

export interface SinkContractOptions {
  /** Default: all. What is not promised is not tested. */
  readonly promises?: readonly SinkPromise[];
  /** Registers one test; default `Deno.test`. */
  readonly register?: (name: string, body: () => Promise<void>) => void;
}

const ALL_PROMISES: readonly SinkPromise[] = ["bytes", "names", "metadataAlone", "keys"];
const UPLOADS = 3;
const CHUNK_BYTES = 64 * 1024;
const { signal } = new AbortController();
const MAILBOX = sampleMailbox();

/** Registers the tests that every `Sink` must pass (the words of `core/ports.ts`). */
export function sinkContract(
  name: string,
  create: (options: SinkSubjectOptions) => Promise<SinkSubject>,
  { promises = ALL_PROMISES, register = Deno.test }: SinkContractOptions = {},
): void {
  /** Runs `body` on a fresh subject whose mailbox is locked and open. */
  function test(
    sentence: string,
    body: (context: SinkSubject & { readonly opened: MailboxSink }) => Promise<void>,
    promise?: SinkPromise,
  ): void {
    if (promise && !promises.includes(promise)) return;
    register(`${name} ${sentence}`, async () => {
      await using subject = await create({ uploads: new Semaphore(UPLOADS) });
      await using _lock = await subject.states.open(MAILBOX, { signal });
      const { sink, states } = subject;
      const stored = (mailbox: Mailbox) => subject.stored(mailbox);
      const opened = await sink.open(MAILBOX, { signal });
      await body({ sink, states, stored, opened, [Symbol.asyncDispose]: () => Promise.resolve() });
    });
  }

  test("can be probed, again and again", async ({ sink }) => {
    await sink.probe({ signal });
    await Promise.all([sink.probe({ signal }), sink.probe({ signal })]);
  });

  test("stores every byte of every email, and says so in order", async ({ opened, stored }) => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
    const { timestamp: _, ...undated } = sampleEmail("<undated@x>");
    const emails = [
      sampleEmail("<plain@x>"),
      sampleEmail("<empty@x>", { mime: heldMimeContent([]) }),
      sampleEmail("<chunks@x>", {
        mime: heldMimeContent([everyByte, new Uint8Array(), everyByte]),
      }),
      undated,
    ];
    const outcomes = await opened.put(emails, { signal });
    const sizes = emails.map(({ mime }) => mime.sizeBytes);
    assert.deepEqual(
      outcomes,
      emails.map(({ key }, i) => ({ key, stored: true, sizeBytes: sizes[i] })),
    );
    const found = new Map((await stored(MAILBOX)).map((email) => [email.id, email]));
    assert.equal(found.size, emails.length);
    for (const { id, mime } of emails) {
      assert.equal(found.get(id)?.mimeSha256, await sha256Of(mime));
      assert.equal(found.get(id)?.mimeSizeBytes, mime.sizeBytes);
    }
  }, "bytes");

  test("reads nothing of what it has said is stored", async ({ opened, stored }) => {
    const chunks = Array.from({ length: 3 }, (_, i) => new Uint8Array(70_000).fill(0x61 + i));
    const email = sampleEmail("<released@x>", { mime: heldMimeContent(chunks) });
    const sha256 = await sha256Of(email.mime);
    const [outcome] = await opened.put([email], { signal });
    assert.ok(outcome?.stored);
    for (const chunk of chunks) chunk.fill(0x7a);
    assert.equal((await stored(MAILBOX))[0]?.mimeSha256, sha256);
  }, "bytes");

  test("stores nothing for an empty delivery", async ({ opened, stored }) => {
    assert.deepEqual(await opened.put([], { signal }), []);
    assert.deepEqual([...(await opened.refresh([], REFRESH)).complete], []);
    assert.deepEqual(await stored(MAILBOX), []);
  });

  test("takes hostile names as content and never as places", async ({ opened, stored }) => {
    const names = ["../../etc/passwd", "/", "..", "\0", "a\nb", "😀\ud800", "C:\\x", "%2e%2e%2f"];
    const emails = names.map((text) =>
      sampleEmail(`<${text}@x>`, {
        metadata: { folder: ["..", text], conversationTopic: text },
        attachments: [{ name: text, sizeBytes: 1, contentType: text, inline: false }],
      })
    );
    await opened.put(emails, { signal });
    const found = await stored(MAILBOX);
    assert.deepEqual(found.map(({ id }) => id).sort(), emails.map(({ id }) => id).sort());
    const folderOf = new Map(found.map(({ id, folder }) => [id, folder]));
    for (const { id, metadata } of emails) assert.deepEqual(folderOf.get(id), metadata.folder);
  }, "names");

  test("stores an email once however often it is delivered, and the last wins", async (context) => {
    const { opened, stored } = context;
    const first = sampleEmail("<again@x>");
    const last = sampleEmail("<again@x>", {
      mime: textContent("generated anew"),
      metadata: { folder: ["Archive"], isRead: true },
    });
    for (const email of [first, first, last]) await opened.put([email], { signal });
    assert.deepEqual(await stored(MAILBOX), [{
      id: "<again@x>",
      folder: ["Archive"],
      isRead: true,
      mimeSha256: await sha256Of(last.mime),
      mimeSizeBytes: last.mime.sizeBytes,
      rebuilt: false,
    }]);
  });

  test("keeps deliveries under one key apart, and the last asked for wins", async (context) => {
    const { opened, stored } = context;
    const versions = Array.from(
      { length: 6 },
      (_, i) => sampleEmail("<copies@x>", { mime: textContent("x".repeat(i * 10_000)) }),
    );
    // Other emails in opposite orders: deliveries that share two keys must not wait for each other.
    const [a, b] = [sampleEmail("<a@x>"), sampleEmail("<b@x>")];
    await Promise.all(versions.map((version, i) => {
      return opened.put(i % 2 ? [a, version, b] : [b, a, version], { signal });
    }));
    const found = await stored(MAILBOX);
    assert.equal(found.length, 3);
    const copy = found.find(({ id }) => id === "<copies@x>");
    assert.equal(copy?.mimeSha256, await sha256Of(versions.at(-1)!.mime));
  });

  test("keeps deliveries under one key apart though opened twice and dated twice", async (context) => {
    const { sink, opened, stored } = context;
    const again = await sink.open(MAILBOX, { signal });
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
    const log: string[] = [];
    // Without a search key, different emails under one Message-ID have one key.
    const version = (name: string, day: string, until: Promise<void>) =>
      sampleEmail("<one@x>", {
        timestamp: new Date(day),
        mime: {
          open: () =>
            ReadableStream.from((async function* () {
              log.push(`${name} begins`);
              yield new TextEncoder().encode(name);
              await until;
              log.push(`${name} ends`);
            })()),
        },
      });
    const first = opened.put([version("first", "2024-01-01", gate)], { signal });
    const last = again.put([version("last", "2024-01-02", Promise.resolve())], { signal });
    // Takes longer than a delivery takes to begin.
    await sink.probe({ signal });
    openGate();
    await Promise.all([first, last]);
    assert.deepEqual(log, ["first begins", "first ends", "last begins", "last ends"]);
    const sums = (await stored(MAILBOX)).map(({ mimeSha256 }) => mimeSha256);
    assert.ok(sums.includes(await sha256Of(textContent("last"))));
  });

  test("refreshes what is stored and reports what is not", async ({ opened, stored }) => {
    const [kept, moved, absent] = ["<kept@x>", "<moved@x>", "<absent@x>"].map((id) =>
      sampleEmail(id)
    );
    await opened.put([kept!, moved!], { signal });
    const records = [movedTo(["Inbox"], kept!), movedTo(["Späm", "2024/1"], moved!), absent!];
    for (const _repeat of [1, 2]) {
      const { complete: keys } = await opened.refresh(records, REFRESH);
      assert.deepEqual([...keys].sort(), [kept!.key, moved!.key].sort());
    }
    const after = (await stored(MAILBOX)).find(({ id }) => id === "<moved@x>");
    assert.deepEqual(after, {
      id: "<moved@x>",
      folder: ["Späm", "2024/1"],
      isRead: true,
      mimeSha256: await sha256Of(moved!.mime),
      mimeSizeBytes: moved!.mime.sizeBytes,
      rebuilt: false,
    });
    assert.equal((await stored(MAILBOX)).length, 2);
  }, "metadataAlone");

  test("leaves stored metadata as it is where it is told to", async ({ opened, stored }) => {
    const email = sampleEmail("<flagged@x>");
    await opened.put([email], { signal });
    const before = await stored(MAILBOX);
    const records = [movedTo(["Archive"], email), sampleEmail("<absent@x>")];
    const { complete: keys } = await opened.refresh(records, { ...REFRESH, rewrite: "never" });
    assert.deepEqual([...keys], [email.key]);
    assert.deepEqual(await stored(MAILBOX), before);
  });

  test("rewrites stored metadata only of what was moved where it is told to", async (context) => {
    const { opened, stored } = context;
    const [still, moved] = ["<still@x>", "<moved@x>"].map((id) => sampleEmail(id));
    await opened.put([still!, moved!], { signal });
    const records = [movedTo(["Inbox"], still!), movedTo(["Archive", "2024"], moved!)];
    const { complete: keys } = await opened.refresh(records, { ...REFRESH, rewrite: "moved" });
    assert.deepEqual([...keys].sort(), [still!.key, moved!.key].sort());
    const found = new Map((await stored(MAILBOX)).map((email) => [email.id, email]));
    assert.equal(found.get("<still@x>")?.isRead, false);
    assert.deepEqual(
      [found.get("<moved@x>")?.folder, found.get("<moved@x>")?.isRead],
      [["Archive", "2024"], true],
    );
  }, "metadataAlone");

  test(
    "counts fresh emails with another size or other attachments as not stored",
    async (context) => {
      const { opened, stored } = context;
      const volatileSince = new Date("2024-03-01T12:00:00Z");
      const fresh = { folder: ["Inbox"], receivedAt: volatileSince, sizeBytes: 5_000 };
      const old = { ...fresh, receivedAt: new Date(volatileSince.getTime() - 1) };
      const { receivedAt: _, ...undated } = fresh;
      const scanned = {
        name: "scanned.txt",
        sizeBytes: 9,
        contentType: "text/plain",
        inline: false,
      };
      const cases = [
        { metadata: fresh, change: {}, isStored: true },
        { metadata: fresh, change: { sizeBytes: 5_001 }, isStored: false },
        { metadata: fresh, change: { attachments: [scanned] }, isStored: false },
        { metadata: old, change: { sizeBytes: 5_001, attachments: [scanned] }, isStored: true },
        { metadata: undated, change: { sizeBytes: 5_001 }, isStored: true },
      ].map(({ metadata, change: { sizeBytes = 5_000, attachments = [] }, isStored }, i) => {
        const email = sampleEmail(`<${i}@x>`, { metadata });
        const now = { ...movedTo(["Archive"], email), attachments };
        return { email, isStored, now: { ...now, metadata: { ...now.metadata, sizeBytes } } };
      });
      await opened.put(cases.map(({ email }) => email), { signal });
      for (const rewrite of ["never", "always", "always"] as const) {
        const options = { signal, volatileSince, rewrite };
        const { complete: keys } = await opened.refresh(cases.map(({ now }) => now), options);
        const expected = cases.filter(({ isStored }) => isStored).map(({ email }) => email.key);
        assert.deepEqual([...keys].sort(), expected.sort());
      }
      const folders = new Map((await stored(MAILBOX)).map(({ id, folder }) => [id, folder]));
      for (const { email, isStored } of cases) {
        assert.deepEqual(folders.get(email.id), isStored ? ["Archive"] : ["Inbox"], email.id);
      }
      await opened.put(cases.map(({ email, now }) => ({ ...email, ...now })), { signal });
      const options = { signal, volatileSince, rewrite: "always" as const };
      const { complete: keys } = await opened.refresh(cases.map(({ now }) => now), options);
      assert.equal(keys.size, cases.length);
    },
    "metadataAlone",
  );

  test("recognises the attachments of a fresh email whatever their names", async ({ opened }) => {
    const names = ["../../x", "/", "\0", "a\nb", "\ud800", "😀", '"', "\\", "", "\u2028", "\ufeff"];
    const attachments = names.map((name) => ({
      name,
      sizeBytes: 2 ** 40,
      contentType: name,
      inline: true,
    }));
    const metadata = { folder: ["Inbox"], receivedAt: new Date("2024-03-01T12:00:00Z") };
    const email = sampleEmail("<hostile@x>", { metadata, attachments });
    await opened.put([email], { signal });
    const options = { ...REFRESH, volatileSince: metadata.receivedAt };
    assert.deepEqual([...(await opened.refresh([email], options)).complete], [email.key]);
    const renamed = attachments.with(4, { ...attachments[4]!, name: "\udbff" });
    const changed = { ...email, attachments: renamed };
    assert.deepEqual([...(await opened.refresh([changed], options)).complete], []);
  }, "names");

  test(
    "marks rebuilt content, through every refresh, until the original comes",
    async (context) => {
      const { opened, stored } = context;
      const original = sampleEmail("<rebuilt@x>");
      const rebuilt = { ...original, mime: textContent("as far as it goes"), rebuilt: true };
      await opened.put([rebuilt], { signal });
      const keys = await opened.refresh([movedTo(["Archive"], original)], REFRESH);
      assert.deepEqual([...keys.complete, ...keys.rebuilt], [original.key]);
      assert.ok(keys.rebuilt.has(original.key));
      const [found] = await stored(MAILBOX);
      assert.deepEqual([found?.rebuilt, found?.folder], [true, ["Archive"]]);
      await opened.put([original], { signal });
      await opened.refresh([original], REFRESH);
      const [after] = await stored(MAILBOX);
      assert.equal(after?.rebuilt, false);
      assert.equal(after?.mimeSha256, await sha256Of(original.mime));
    },
    "metadataAlone",
  );

  test("names the key of every stored email of one mailbox, and of no other", async (context) => {
    const { sink, states, opened } = context;
    assert.deepEqual(await keysOf(opened), []);
    const days = ["0001-01-01", "2023-12-31", "2024-01-01", "2024-01-01", "+012345-01-01"];
    const { timestamp: _, ...undated } = sampleEmail("<undated@x>");
    const dated = days.map((day, i) =>
      sampleEmail(`<${i}@x>`, { timestamp: new Date(`${day}T00:00:00Z`) })
    );
    const emails = [undated, ...dated];
    const error = new SyncError("item", "ErrorItemCorrupt", "Cannot be read");
    const broken = sampleEmail("<broken@x>", { mime: brokenContent([], error) });
    await opened.put([...emails, broken], { signal });
    const other = sampleMailbox("grace@example.com");
    await using _lock = await states.open(other, { signal });
    const others = await sink.open(other, { signal });
    await others.put([sampleEmail("<hers@x>", { mailbox: other })], { signal });
    assert.deepEqual(await keysOf(opened), emails.map(({ key }) => key).sort());
    assert.equal((await keysOf(others)).length, 1);
  }, "keys");

  test("stops naming keys when it is aborted, or nobody wants more", async ({ opened }) => {
    await opened.put([sampleEmail("<a@x>"), sampleEmail("<b@x>")], { signal });
    const aborted = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(Array.fromAsync(opened.keys({ signal: aborted })), /stopped/);
    let named = 0;
    for await (const _key of opened.keys({ signal })) {
      named += 1;
      break;
    }
    assert.equal(named, 1);
  }, "keys");

  test("keeps mailboxes apart", async ({ sink, states, opened, stored }) => {
    const email = sampleEmail("<shared@x>");
    await opened.put([email], { signal });
    const other = sampleMailbox("grace@example.com");
    await using _lock = await states.open(other, { signal });
    const { complete: keys } = await (await sink.open(other, { signal })).refresh([email], REFRESH);
    assert.deepEqual([...keys], []);
    assert.deepEqual(await stored(other), []);
  });

  test("stores nothing of an email whose source fails, at any chunk", async (context) => {
    const { opened, stored } = context;
    const chunk = new Uint8Array(CHUNK_BYTES).fill(65);
    const failures = [0, 1, 2, 3].map((count) => {
      const error = new SyncError("retryable", "Reset", `Cut after ${count} chunks`);
      const mime = brokenContent(new Array<Uint8Array>(count).fill(chunk), error);
      return { error, email: sampleEmail(`<cut-${count}@x>`, { mime }) };
    });
    const sound = sampleEmail("<sound@x>");
    const outcomes = await opened.put([...failures.map(({ email }) => email), sound], { signal });
    for (const [i, { error, email: { key } }] of failures.entries()) {
      assert.deepEqual(outcomes[i], { key, stored: false, error });
    }
    assert.deepEqual((await stored(MAILBOX)).map(({ id }) => id), ["<sound@x>"]);
    const retried = failures.map(({ email }) => ({ ...email, mime: textContent("whole") }));
    await opened.put(retried, { signal });
    assert.equal((await stored(MAILBOX)).length, 5);
  });

  test("keeps what it has of an email whose source fails the next time", async (context) => {
    const { opened, stored } = context;
    const email = sampleEmail("<twice@x>");
    await opened.put([email], { signal });
    const error = new SyncError("item", "ErrorItemCorrupt", "Cannot be read");
    await opened.put([{ ...email, mime: brokenContent([], error) }], { signal });
    const [found] = await stored(MAILBOX);
    assert.equal(found?.mimeSha256, await sha256Of(email.mime));
  });

  test("passes on what a source throws that is no SyncError", async ({ opened, stored }) => {
    const defect = new TypeError("a defect");
    const emails = [
      sampleEmail("<a@x>"),
      sampleEmail("<b@x>", { mime: brokenContent([], defect) }),
    ];
    await assert.rejects(opened.put(emails, { signal }), (thrown) => thrown === defect);
    assert.deepEqual(await stored(MAILBOX), []);
  });

  test("begins nothing when it is aborted before", async ({ opened, stored }) => {
    const aborted = AbortSignal.abort(new Error("stopped"));
    const email = sampleEmail("<a@x>");
    await assert.rejects(opened.put([email], { signal: aborted }), /stopped/);
    await assert.rejects(opened.refresh([email], { ...REFRESH, signal: aborted }), /stopped/);
    assert.deepEqual(await stored(MAILBOX), []);
  });

  test("stores nothing when it is aborted in mid-write, and frees the source", async (context) => {
    const { opened, stored } = context;
    const stuck = stuckContent();
    const stop = new AbortController();
    const emails = [sampleEmail("<stuck@x>", { mime: stuck.content }), sampleEmail("<done@x>")];
    const put = opened.put(emails, { signal: stop.signal });
    // Waits for the same key, and is not aborted.
    const next = opened.put([sampleEmail("<done@x>")], { signal });
    await stuck.reading;
    stop.abort(new Error("stopped"));
    await assert.rejects(put, /stopped/);
    await stuck.cancelled;
    await next;
    assert.deepEqual((await stored(MAILBOX)).map(({ id }) => id), ["<done@x>"]);
  });

  test("streams a huge email without holding it", async ({ opened, stored }) => {
    const mime = recycledContent(60 * 1024 * 1024);
    const [outcome] = await opened.put([sampleEmail("<huge@x>", { mime })], { signal });
    assert.equal(outcome?.stored, true);
    const [found] = await stored(MAILBOX);
    assert.equal(found?.mimeSizeBytes, 60 * 1024 * 1024);
    assert.equal(found?.mimeSha256, await sha256Of(mime));
  }, "bytes");

  test("writes no more emails at a time than it was allowed", async ({ opened }) => {
    let open = 0;
    let mostOpen = 0;
    const { promise: asManyAsAllowed, resolve } = Promise.withResolvers<void>();
    const counted = (text: string): MimeContent => ({
      open: () =>
        ReadableStream.from((async function* () {
          mostOpen = Math.max(mostOpen, ++open);
          if (open === UPLOADS) resolve();
          yield new TextEncoder().encode(text);
          await asManyAsAllowed;
          await new Promise((resolve) => setImmediate(resolve));
          open -= 1;
        })()),
    });
    const batch = (name: string) =>
      Array.from({ length: 10 }, (_, i) => {
        return sampleEmail(`<${name}-${i}@x>`, { mime: counted(name) });
      });
    await Promise.all([opened.put(batch("a"), { signal }), opened.put(batch("b"), { signal })]);
    assert.equal(mostOpen, UPLOADS);
  });
}

async function keysOf(opened: MailboxSink): Promise<readonly string[]> {
  return (await Array.fromAsync(opened.keys({ signal }))).sort();
}

/**
 * Content in chunks whose buffers are used again after `LIMITS.streamedMimeBytes`: a sink that holds
 * more of an email than that stores the wrong bytes.
 */
function recycledContent(sizeBytes: number): MimeContent {
  const open = () => {
    const buffers = Array.from(
      { length: LIMITS.streamedMimeBytes / CHUNK_BYTES },
      () => new Uint8Array(CHUNK_BYTES),
    );
    let sent = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        const number = sent / CHUNK_BYTES;
        const buffer = buffers[number % buffers.length]!.fill(number % 251);
        controller.enqueue(buffer);
        sent += CHUNK_BYTES;
        if (sent >= sizeBytes) controller.close();
      },
    }, { highWaterMark: 0 });
  };
  return { open };
}
