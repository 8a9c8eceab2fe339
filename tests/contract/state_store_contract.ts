import assert from "node:assert/strict";
import { SyncError } from "../../src/core/errors.ts";
import type { MailboxStateStore, StateStore } from "../../src/core/ports.ts";
import type { FolderSyncState } from "../../src/core/sync_state.ts";
import { sampleMailbox } from "./sample_emails.ts";

/** A state store under test, empty. */
export interface StateStoreSubject extends AsyncDisposable {
  readonly states: StateStore;
}

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();

/** States of every phase, with everything absent and everything present. */
export const SAMPLE_STATES: readonly FolderSyncState[] = [
  {
    folder: { id: "AAMk/draining+first=", path: ["Inbox"] },
    phase: { name: "draining" },
    fingerprint: "",
    skipped: [],
  },
  {
    folder: { id: "AAMk/draining=", path: ["Inbox", "../..", "a/b", "\u0000", "Entwürfe 😀"] },
    phase: { name: "draining", token: "H4sIAAAA==" },
    fingerprint: "f1",
    skipped: [],
  },
  {
    folder: { id: "AAMk/backfilling=", path: ["Sent Items"] },
    phase: {
      name: "backfilling",
      token: "t",
      position: {
        receivedAt: new Date("2020-01-01T00:00:00.123Z"),
        settledAtThatTime: 3,
        lastItemId: "AAMkLast=",
      },
    },
    syncedUntil: new Date("2020-01-01T00:00:00Z"),
    lastSyncedAt: new Date("2024-01-01T00:00:00Z"),
    fingerprint: "f2",
    skipped: [{
      itemId: "AAMkSkipped=",
      id: "<skipped@x>",
      receivedAt: new Date("2019-01-01T00:00:00Z"),
      sizeBytes: 7,
      code: "ErrorItemCorrupt",
      reason: 'Cannot read "\n\u2028"',
      skippedAt: new Date("2024-01-01T00:00:00Z"),
    }, {
      itemId: "AAMkBare=",
      code: "ErrorMimeContentConversionFailed",
      reason: "",
      skippedAt: new Date("2024-01-01T00:00:00Z"),
    }],
  },
  {
    folder: { id: "AAMk/backfilling+undated=", path: ["Undated"] },
    phase: { name: "backfilling", token: "t", position: { settledAtThatTime: 0 } },
    fingerprint: "f3",
    skipped: [],
  },
  {
    folder: { id: "aamk/DRAINING=", path: ["Differs in case alone from the second"] },
    phase: { name: "following", token: "t".repeat(100_000) },
    syncedUntil: new Date("2024-01-01T00:00:00Z"),
    fingerprint: "f4",
    skipped: [],
  },
];

/** Registers the tests that every `StateStore` must pass (the words of `core/ports.ts`). */
export function stateStoreContract(name: string, create: () => Promise<StateStoreSubject>): void {
  function test(sentence: string, body: (states: StateStore) => Promise<void>): void {
    Deno.test(`${name} ${sentence}`, async () => {
      await using subject = await create();
      await body(subject.states);
    });
  }

  test("loads nothing at first and afterwards what was saved", async (states) => {
    {
      await using opened = await states.open(MAILBOX, { signal });
      assert.deepEqual(opened.loaded, []);
      for (const state of SAMPLE_STATES) await opened.save(state, { signal });
    }
    assert.deepEqual(await loadedFrom(states), sorted(SAMPLE_STATES));
  });

  test("replaces the state of a folder, and the last save wins", async (states) => {
    const [first] = SAMPLE_STATES;
    const versions = Array.from({ length: 10 }, (_, i) => ({ ...first!, fingerprint: `v${i}` }));
    {
      await using opened = await states.open(MAILBOX, { signal });
      await Promise.all(versions.map((version) => opened.save(version, { signal })));
    }
    assert.deepEqual(await loadedFrom(states), [versions.at(-1)]);
  });

  test("gives a mailbox to one holder at a time", async (states) => {
    const opened = await states.open(MAILBOX, { signal });
    await assert.rejects(states.open(MAILBOX, { signal }), isLocked);
    await using _other = await states.open(sampleMailbox("grace@example.com"), { signal });
    await assert.rejects(states.open(MAILBOX, { signal }), isLocked);
    await opened[Symbol.asyncDispose]();
    await using again = await states.open(MAILBOX, { signal });
    assert.deepEqual(again.loaded, []);
  });

  test("gives a mailbox to one of several that ask at the same time", async (states) => {
    const attempts = await Promise.allSettled(
      [1, 2, 3].map(() => states.open(MAILBOX, { signal })),
    );
    const opened = attempts.filter(({ status }) => status === "fulfilled");
    assert.equal(opened.length, 1);
    await (opened[0] as PromiseFulfilledResult<MailboxStateStore>).value[Symbol.asyncDispose]();
  });

  test("keeps the states of mailboxes apart", async (states) => {
    await using opened = await states.open(MAILBOX, { signal });
    await opened.save(SAMPLE_STATES[0]!, { signal });
    await using other = await states.open(sampleMailbox("grace@example.com"), { signal });
    assert.deepEqual(other.loaded, []);
  });

  test("keeps the earlier state when a save is aborted", async (states) => {
    const [state] = SAMPLE_STATES;
    {
      await using opened = await states.open(MAILBOX, { signal });
      await opened.save(state!, { signal });
      const aborted = AbortSignal.abort(new Error("stopped"));
      const save = opened.save({ ...state!, fingerprint: "later" }, { signal: aborted });
      await assert.rejects(save, /stopped/);
    }
    assert.deepEqual(await loadedFrom(states), [state]);
  });

  test("finishes saves under way before it gives the mailbox up", async (states) => {
    const opened = await states.open(MAILBOX, { signal });
    const saves = SAMPLE_STATES.map((state) => opened.save(state, { signal }));
    await opened[Symbol.asyncDispose]();
    assert.equal((await loadedFrom(states)).length, SAMPLE_STATES.length);
    await Promise.all(saves);
  });

  test("saves nothing once it has given the mailbox up", async (states) => {
    const opened = await states.open(MAILBOX, { signal });
    await opened[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
    await assert.rejects(opened.save(SAMPLE_STATES[0]!, { signal }), /invariant/);
    assert.deepEqual(await loadedFrom(states), []);
  });

  test("takes nothing when it is aborted before", async (states) => {
    const aborted = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(states.open(MAILBOX, { signal: aborted }), /stopped/);
    await using _opened = await states.open(MAILBOX, { signal });
  });
}

function isLocked(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.kind === "mailbox" &&
    thrown.code === "MailboxLocked" && thrown.hint !== undefined;
}

async function loadedFrom(states: StateStore): Promise<readonly FolderSyncState[]> {
  await using opened = await states.open(MAILBOX, { signal });
  return sorted(opened.loaded);
}

function sorted(states: readonly FolderSyncState[]): readonly FolderSyncState[] {
  return states.toSorted((a, b) => a.folder.id < b.folder.id ? -1 : 1);
}
