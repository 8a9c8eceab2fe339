import assert from "node:assert/strict";
import fc from "fast-check";
import { sampleMailbox } from "../../tests/contract/sample_emails.ts";
import { quietEnv } from "../../tests/contract/quiet_env.ts";
import { stateFolderOf } from "./layout.ts";
import { LocalObjectStore } from "./local_object_store.ts";
import {
  lockReplay,
  readReplayProgress,
  removeReplayProgress,
  type ReplayProgress,
  replayProgressNameOf,
  writeReplayProgress,
} from "./stored_emails_progress.ts";
import { localSubject } from "./testing/local_subject.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const PROGRESS: ReplayProgress = {
  scope: { destination: "https://x.reinfer.io/", mailboxes: "all" },
  startedAt: new Date("2024-03-01T12:00:00Z"),
  position: `2024/02/29/${"0a".repeat(16)}`,
  finished: false,
  counts: { delivered: 3, damaged: 2, refused: 1, bytes: 700 },
};

async function progressStore() {
  const subject = await localSubject();
  const store = new LocalObjectStore({ root: subject.prefix, log: quietEnv().env.log });
  return { ...subject, store };
}

Deno.test("progress of a replay reads as it was written, and is none once it is removed", async () => {
  await using subject = await progressStore();
  const { store } = subject;
  await using _lock = await lockReplay(store, MAILBOX, { signal });
  const shapes = fc.record({
    scope: fc.record({
      destination: fc.string(),
      since: fc.date({ noInvalidDate: true }),
      mailboxes: fc.constantFrom("all", "one"),
    }, { requiredKeys: ["destination", "mailboxes"], noNullPrototype: true }),
    startedAt: fc.date({ noInvalidDate: true }),
    position: fc.constant(PROGRESS.position),
    finished: fc.boolean(),
    counts: fc.record({
      delivered: fc.nat(),
      damaged: fc.nat(),
      refused: fc.nat(),
      bytes: fc.maxSafeNat(),
    }, { noNullPrototype: true }),
  }, {
    requiredKeys: ["scope", "startedAt", "finished", "counts"],
    noNullPrototype: true,
  }) as fc.Arbitrary<
    ReplayProgress
  >;
  await fc.assert(
    fc.asyncProperty(shapes, async (progress) => {
      await writeReplayProgress(store, MAILBOX, progress, { signal, programVersion: "1.2.3" });
      const read = await readReplayProgress(store, MAILBOX, { signal });
      assert.deepEqual(read, { kind: "whole", value: progress });
    }),
    { numRuns: 20 },
  );
  await removeReplayProgress(store, MAILBOX, { signal });
  assert.deepEqual(await readReplayProgress(store, MAILBOX, { signal }), { kind: "none" });
});

Deno.test("progress of a newer version is refused, and garbage is told apart", async () => {
  await using subject = await progressStore();
  const { store } = subject;
  const name = replayProgressNameOf(MAILBOX);
  const write = (text: string) => store.replace(name, new TextEncoder().encode(text), { signal });
  await write('{"version": 99, "written_by": "reinfer-ews 9.0.0"}');
  await assert.rejects(readReplayProgress(store, MAILBOX, { signal }), {
    kind: "fatal",
    code: "StateFormatNewer",
  });
  await write('{"version": 1, "position": "../../etc"}');
  assert.equal((await readReplayProgress(store, MAILBOX, { signal })).kind, "garbage");
});

Deno.test("a replay is held by one process at a time, beside a sync of the same mailbox", async () => {
  await using subject = await progressStore();
  const { store, states } = subject;
  await using _sync = await states.open(MAILBOX, { signal });
  {
    await using _lock = await lockReplay(store, MAILBOX, { signal });
    await assert.rejects(lockReplay(store, MAILBOX, { signal }), {
      kind: "mailbox",
      code: "ReplayLocked",
    });
    await writeReplayProgress(store, MAILBOX, PROGRESS, { signal, programVersion: "1.2.3" });
  }
  await using _again = await lockReplay(store, MAILBOX, { signal });
  assert.equal((await readReplayProgress(store, MAILBOX, { signal })).kind, "whole");
  assert.deepEqual((await states.read(MAILBOX, { signal })).unreadable, []);
  assert.ok(replayProgressNameOf(MAILBOX).startsWith(`${stateFolderOf(MAILBOX)}/`));
});
