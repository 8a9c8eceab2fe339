import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import type { RawEmail } from "../../core/email.ts";
import { SyncError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { emailObjectNamesOf } from "../../storage/layout.ts";
import { readReplayProgress } from "../../storage/stored_emails_progress.ts";
import { testEnv } from "../../source/testing/test_env.ts";
import { localSubject } from "../../storage/testing/local_subject.ts";
import { StopBegun, StopController } from "../../sync/stop.ts";
import { sampleEmail, sampleMailbox, sha256Of } from "../../../tests/contract/sample_emails.ts";
import { pushMailbox } from "./push_mailbox.ts";
import type { PushTrouble, PushWork } from "./push_work.ts";
import { localSource } from "./stored_source.ts";
import { RecordingSink } from "./testing/recording_sink.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();

/** Stored emails, a sink to push them to, and everything else a push needs. */
async function harness(emails: readonly RawEmail[], changes: Partial<PushWork> = {}) {
  const subject = await localSubject();
  await (await subject.sink.open(MAILBOX, { signal })).put(emails, { signal });
  const env = testEnv();
  const { lines } = env;
  const sink = new RecordingSink();
  const stop = new StopController(env.clock);
  const source = localSource(subject.prefix, env);
  const troubles: PushTrouble[] = [];
  const work: PushWork = {
    source,
    sink,
    scope: { destination: "https://x.reinfer.io/", mailboxes: "all" },
    batchSize: 3,
    batchesInFlight: 2,
    env,
    stop,
    programVersion: "1.2.3",
    onSettled: () => undefined,
    onTrouble: (_mailbox, trouble) => troubles.push(trouble),
    ...changes,
  };
  return {
    work,
    sink,
    stop,
    troubles,
    lines,
    push: (more: Partial<PushWork> = {}) => pushMailbox({ ...work, ...more }, MAILBOX),
    pathOf: (email: RawEmail, part: "mime" | "record") =>
      join(subject.prefix, emailObjectNamesOf(MAILBOX, email)[part]),
    progress: () => readReplayProgress(source.store, MAILBOX, { signal }),
    [Symbol.asyncDispose]: () => subject[Symbol.asyncDispose](),
  };
}

function emailsOf(count: number): readonly RawEmail[] {
  return Array.from({ length: count }, (_, number) => {
    const timestamp = new Date(Date.UTC(2024, 0, 1 + number % 5, number));
    return sampleEmail(`<${number}@x>`, { timestamp });
  });
}

const outage = new SyncError("destination", "PlatformHttp503", "The platform cannot answer now");

Deno.test("what is pushed is what was delivered, email for email", async () => {
  const emails: readonly RawEmail[] = [
    ...emailsOf(10),
    sampleEmail("<stand-in@x>", { rebuilt: true }),
    sampleEmail("<full@x>", {
      metadata: {
        folder: ["Inbox", "A/B"],
        receivedAt: new Date("2024-01-02T03:04:05.678Z"),
        sizeBytes: 7,
        hasAttachments: true,
        isRead: true,
        importance: "High",
        sensitivity: "Private",
        categories: ["a", "\ud800"],
        conversationId: "AA==",
        conversationTopic: "Hello\u0000",
      },
      attachments: [{ name: "a.pdf", sizeBytes: 1, contentType: "application/pdf", inline: true }],
    }),
  ];
  await using subject = await harness(emails);
  const counts = await subject.push();
  assert.equal(counts.delivered, emails.length);
  assert.equal(subject.sink.emails.size, emails.length);
  for (const { mime, ...record } of emails) {
    const arrived = subject.sink.emails.get(`${MAILBOX.address} ${record.key}`);
    assert.deepEqual(arrived, { ...record, sha256: await sha256Of(mime) });
  }
});

Deno.test("batches hold no more emails than they may, and no more are in flight than may be", async () => {
  await using subject = await harness(emailsOf(20));
  const { sink } = subject;
  let pair = Promise.withResolvers<void>();
  sink.before = async () => {
    const own = pair;
    // Two at a time, or the last one alone.
    if (sink.inFlight < 2 && sink.puts.length < 7) return await own.promise;
    pair = Promise.withResolvers();
    own.resolve();
  };
  await subject.push();
  assert.deepEqual(subject.sink.puts.map(({ length }) => length), [3, 3, 3, 3, 3, 3, 2]);
  assert.equal(subject.sink.inFlightMax, 2);
});

Deno.test("a large email goes alone, as a stream", async () => {
  const size = LIMITS.heldMimeBytesMax + 1;
  const large = (id: string) =>
    sampleEmail(id, { mime: { open: () => ReadableStream.from([new Uint8Array(size)]) } });
  await using subject = await harness([large("<a@x>"), ...emailsOf(2), large("<b@x>")], {
    batchSize: 80,
  });
  await subject.push();
  const alone = subject.sink.puts.filter(({ length }) => length === 1).flat();
  assert.equal(subject.sink.emails.size, 4);
  assert.ok(alone.includes("<a@x>") && alone.includes("<b@x>"));
});

Deno.test("damaged emails are named and counted, the others are pushed, and that is remembered", async () => {
  const emails = emailsOf(8);
  await using subject = await harness(emails);
  await Deno.truncate(subject.pathOf(emails[2]!, "mime"), 3);
  await Deno.truncate(subject.pathOf(emails[5]!, "record"), 3);
  const counts = await subject.push();
  assert.deepEqual([counts.delivered, counts.damaged, counts.refused], [6, 2, 0]);
  assert.deepEqual(
    subject.troubles.map(({ position }) => position.slice(-32)).toSorted(),
    [emails[2]!.key, emails[5]!.key].toSorted(),
  );
  assert.deepEqual(subject.troubles.map(({ id }) => id).toSorted(), [emails[2]!.id, undefined]);
  assert.deepEqual(await subject.push(), counts, "finished: nothing of it is pushed again");
  assert.equal(subject.sink.puts.flat().length, 6);
});

Deno.test("refused emails are counted, until they are too many in a row to be at fault themselves", async () => {
  const emails = emailsOf(30);
  await using subject = await harness(emails);
  const refusal = new SyncError("item", "PlatformEmailRefused", "The platform refuses the email");
  subject.sink.fault = ({ id }) => Number(/[0-9]+/.exec(id)) % 2 === 0 ? refusal : undefined;
  const counts = await subject.push({ scope: { ...subject.work.scope, mailboxes: "one" } });
  assert.deepEqual([counts.delivered, counts.refused], [15, 15]);
  subject.sink.fault = () => refusal;
  await assert.rejects(subject.push(), { kind: "mailbox", code: "SkipsRunAway" });
});

/*
 * Goal: wherever a push stops, the next one goes on from there, repeats no more than what was in
 * flight, and in the end everything has arrived. Method: an outage after any number of emails, again
 * and again.
 */
Deno.test("a push that is broken off anywhere, any number of times, is finished by the next", async () => {
  const emails = emailsOf(25);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(30), { maxLength: 5 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 4 }),
      async (stops, batchSize, batchesInFlight) => {
        await using subject = await harness(emails, { batchSize, batchesInFlight });
        for (const stopAfter of stops) {
          let left = stopAfter;
          subject.sink.fault = () => left-- > 0 ? undefined : outage;
          await subject.push().catch((thrown) => assert.equal(thrown, outage, String(thrown)));
        }
        subject.sink.fault = () => undefined;
        const { delivered } = await subject.push();
        assert.equal(subject.sink.emails.size, 25);
        assert.equal(delivered, 25, "each is counted once");
        const repeated = subject.sink.puts.flat().length - 25;
        // One batch more than may be in flight is never begun.
        assert.ok(repeated <= stops.length * batchSize * batchesInFlight, `${repeated} repeated`);
      },
    ),
    { numRuns: 15 },
  );
});

Deno.test("a push for other options, and one after unreadable progress, begins anew", async () => {
  await using subject = await harness(emailsOf(9), { batchesInFlight: 1 });
  let left = 5;
  subject.sink.fault = () => left-- > 0 ? undefined : outage;
  await assert.rejects(subject.push());
  subject.sink.fault = () => undefined;
  const since = new Date("2024-01-01T00:00:00Z");
  const counts = await subject.push({ scope: { ...subject.work.scope, since } });
  assert.equal(counts.delivered, 9);
  assert.ok(subject.lines.some(([, msg]) => msg.startsWith("An earlier push with other options")));
});

Deno.test("a stop lets what is in flight finish, begins nothing, and the next push goes on", async () => {
  await using subject = await harness(emailsOf(20), { batchesInFlight: 1 });
  const { stop, sink } = subject;
  sink.before = () => {
    if (sink.puts.length === 3) stop.begin();
    return Promise.resolve();
  };
  await assert.rejects(subject.push(), StopBegun);
  assert.equal(sink.emails.size, 9);
  const stored = await subject.progress();
  assert.ok(stored.kind === "whole" && stored.value.counts.delivered === 9);
  using again = new StopController(subject.work.env.clock);
  await subject.push({ stop: again });
  assert.equal(sink.puts.flat().length, 20, "none is pushed twice");
});

Deno.test("a dry run checks everything, and leaves no trace in sink and store", async () => {
  const size = LIMITS.heldMimeBytesMax + 1;
  const large = sampleEmail("<large@x>", {
    mime: { open: () => ReadableStream.from([new Uint8Array(size)]) },
  });
  await using subject = await harness([...emailsOf(5), large]);
  await Deno.writeFile(subject.pathOf(large, "mime"), new Uint8Array(size).fill(1));
  const { sink: _, ...work } = subject.work;
  const counts = await pushMailbox(work, MAILBOX);
  assert.deepEqual([counts.delivered, counts.damaged], [5, 1]);
  assert.equal(subject.sink.puts.length, 0);
  assert.deepEqual(await subject.progress(), { kind: "none" });
});
