import assert from "node:assert/strict";
import { SyncError } from "../../src/core/errors.ts";
import type { MailboxStates, MailboxStateStore, StateStore } from "../../src/core/ports.ts";
import type { FolderSyncState, MailboxCondition } from "../../src/core/sync_state.ts";
import { sampleMailbox } from "./sample_emails.ts";

/** A state store under test, empty. */
export interface StateStoreSubject extends AsyncDisposable {
  readonly states: StateStore;
}

export interface StateStoreContractOptions {
  /** What is kept of a state until it is loaded or shown again; default: all of it. */
  readonly keptOf?: (state: FolderSyncState) => FolderSyncState;
  /** False: there is no place for the condition of a mailbox. Default true. */
  readonly keepsConditions?: boolean;
  /** Registers one test; default `Deno.test`. */
  readonly register?: (name: string, body: () => Promise<void>) => void;
}

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();

/** States of every phase, with everything absent and everything present. */
export const SAMPLE_STATES: readonly FolderSyncState[] = [
  {
    api: "ews",
    folder: { id: "AAMk/draining+first=", path: ["Inbox"] },
    phase: { name: "draining" },
    skipped: [],
  },
  {
    api: "ews",
    folder: { id: "AAMk/draining=", path: ["Inbox", "../..", "a/b", "\u0000", "Entwürfe 😀"] },
    phase: {
      name: "draining",
      token: "H4sIAAAA==",
      recovery: {
        receivedSince: new Date("2024-01-01T00:00:00Z"),
        modifiedSince: new Date("2024-01-02T00:00:00Z"),
      },
    },
    fingerprint: {},
    skipped: [],
  },
  {
    api: "ews",
    folder: { id: "AAMk/backfilling=", path: ["Sent Items"], role: "sentitems" },
    phase: {
      name: "backfilling",
      token: "t",
      range: {
        since: new Date("2019-01-01T00:00:00Z"),
        until: new Date("2021-01-01T00:00:00Z"),
      },
      position: {
        receivedAt: new Date("2020-01-01T00:00:00.123Z"),
        settledAtThatTime: 3,
        lastItemId: "AAMkLast=",
      },
    },
    syncedUntil: new Date("2020-01-01T00:00:00Z"),
    lastSyncedAt: new Date("2024-01-01T00:00:00Z"),
    fingerprint: { startTimestamp: new Date("2019-01-01T00:00:00Z"), participants: "f2" },
    skipped: [{
      itemId: "AAMkSkipped=",
      id: "<skipped@x>",
      receivedAt: new Date("2019-01-01T00:00:00Z"),
      sizeBytes: 7,
      code: "ErrorItemCorrupt",
      reason: 'Cannot read "\n\u2028"',
      skippedAt: new Date("2024-01-01T00:00:00Z"),
      triedAt: new Date("2024-01-02T00:00:00Z"),
      retries: 2,
      rebuilt: true,
    }, {
      itemId: "AAMkBare=",
      code: "ErrorMimeContentConversionFailed",
      reason: "",
      skippedAt: new Date("2024-01-01T00:00:00Z"),
      retries: 0,
      sought: true,
    }],
  },
  {
    api: "graph",
    folder: { id: "AAMk/backfilling+undated=", path: ["Undated"] },
    phase: { name: "backfilling", token: "t", position: { settledAtThatTime: 0 } },
    fingerprint: { participants: "f3" },
    skipped: [],
  },
  {
    api: "graph",
    folder: { id: "AAMk/recovering=", path: ["Recovered"], role: "inbox" },
    phase: {
      name: "recovering",
      token: "t",
      modifiedSince: new Date("2024-01-02T00:00:00Z"),
      receivedSince: new Date("2024-01-01T00:00:00Z"),
      position: { receivedAt: new Date("2024-01-03T00:00:00Z"), settledAtThatTime: 1 },
    },
    fingerprint: { startTimestamp: new Date("2019-01-01T00:00:00Z") },
    skipped: [],
  },
  {
    api: "ews",
    folder: { id: "AAMk/sweeping+first=", path: ["Cannot be ordered"] },
    phase: { name: "sweeping", token: "t" },
    skipped: [],
  },
  {
    api: "graph",
    folder: { id: "AAMk/sweeping=", path: ["Cannot be ordered", "either"] },
    phase: { name: "sweeping", token: "t", sweepToken: "s" },
    skipped: [],
  },
  {
    api: "ews",
    folder: { id: "aamk/DRAINING=", path: ["Differs in case alone from the second"] },
    phase: { name: "following", token: "t".repeat(100_000) },
    syncedUntil: new Date("2024-01-01T00:00:00Z"),
    fingerprint: {},
    skipped: [],
    goneSince: new Date("2024-02-01T00:00:00Z"),
  },
];

const SUSPENDED: MailboxCondition = {
  phase: "suspended",
  since: new Date("2024-01-01T00:00:00.001Z"),
  error: {
    code: "ErrorNonExistentMailbox",
    reason: 'No such mailbox "\n\u2028😀"',
    hint: "Check the address",
  },
};
const IDLE: MailboxCondition = { phase: "idle", since: new Date("2024-01-02T00:00:00Z") };
const NOTHING_STORED: MailboxStates = { folders: [], unreadable: [] };

/** Registers the tests that every `StateStore` must pass (the words of `core/ports.ts`). */
export function stateStoreContract(
  name: string,
  create: () => Promise<StateStoreSubject>,
  { keptOf = (state) => state, keepsConditions = true, register = Deno.test }:
    StateStoreContractOptions = {},
): void {
  const kept = (...states: readonly FolderSyncState[]) => sorted(states.map(keptOf));
  const conditionKept = (condition: MailboxCondition) => keepsConditions ? { condition } : {};
  function test(sentence: string, body: (states: StateStore) => Promise<void>): void {
    register(`${name} ${sentence}`, async () => {
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
    assert.deepEqual(await loadedFrom(states), kept(...SAMPLE_STATES));
  });

  test("replaces the state of a folder, and the last save wins", async (states) => {
    const [first] = SAMPLE_STATES;
    const versions = Array.from({ length: 10 }, (_, i) => versionOf(first!, `v${i}`));
    {
      await using opened = await states.open(MAILBOX, { signal });
      await Promise.all(versions.map((version) => opened.save(version, { signal })));
    }
    assert.deepEqual(await loadedFrom(states), kept(versions.at(-1)!));
  });

  test("forgets the state of a folder, and one that is absent too", async (states) => {
    const [first, removed, never] = SAMPLE_STATES;
    {
      await using opened = await states.open(MAILBOX, { signal });
      for (const state of [first!, removed!]) await opened.save(state, { signal });
      for (const { folder } of [removed!, removed!, never!]) {
        await opened.remove(folder.id, { signal });
      }
      assert.deepEqual((await states.read(MAILBOX, { signal })).folders, kept(first!));
    }
    assert.deepEqual(await loadedFrom(states), kept(first!));
  });

  test("keeps saves and removals of one folder in the order asked for", async (states) => {
    const [a, b] = SAMPLE_STATES;
    const [idA, idB] = [a!.folder.id, b!.folder.id];
    {
      await using opened = await states.open(MAILBOX, { signal });
      await Promise.all([
        opened.save(a!, { signal }),
        opened.remove(idA, { signal }),
        opened.save(versionOf(a!, "later"), { signal }),
        opened.save(b!, { signal }),
        opened.remove(idB, { signal }),
      ]);
    }
    assert.deepEqual(await loadedFrom(states), kept(versionOf(a!, "later")));
  });

  test("shows what is stored, whoever holds the mailbox, and holds nothing itself", async (states) => {
    assert.deepEqual(await states.read(MAILBOX, { signal }), NOTHING_STORED);
    await using opened = await states.open(MAILBOX, { signal });
    for (const state of SAMPLE_STATES) await opened.save(state, { signal });
    for (const condition of [SUSPENDED, IDLE]) {
      await opened.saveCondition(condition, { signal });
      const { folders, ...rest } = await states.read(MAILBOX, { signal });
      assert.deepEqual(sorted(folders), kept(...SAMPLE_STATES));
      assert.deepEqual(rest, { ...conditionKept(condition), unreadable: [] });
    }
    const other = await states.read(sampleMailbox("grace@example.com"), { signal });
    assert.deepEqual(other, NOTHING_STORED);
  });

  test("shows whole states beside a writer that never rests", async (states) => {
    await using opened = await states.open(MAILBOX, { signal });
    const [steady, changing, leaving] = SAMPLE_STATES;
    await opened.save(steady!, { signal });
    let resting = false;
    const write = async () => {
      for (let n = 0; !resting; n++) {
        await opened.save(versionOf(changing!, `${n}`), { signal });
        await opened.save(leaving!, { signal });
        await opened.saveCondition(n % 2 ? SUSPENDED : IDLE, { signal });
        await opened.remove(leaving!.folder.id, { signal });
      }
    };
    const writing = write();
    try {
      for (let n = 0; n < 50; n++) {
        const { folders, unreadable } = await states.read(MAILBOX, { signal });
        assert.deepEqual(unreadable, []);
        const found = folders.find(({ folder }) => folder.id === steady!.folder.id);
        assert.deepEqual(found, keptOf(steady!));
      }
    } finally {
      resting = true;
      await writing;
    }
  });

  const testIf = keepsConditions ? test : () => {};
  testIf(
    "keeps the last condition that was written, over every change of holder",
    async (states) => {
      {
        await using opened = await states.open(MAILBOX, { signal });
        const conditions = Array.from({ length: 10 }, (_, i) => i % 2 ? IDLE : SUSPENDED);
        await Promise.all(conditions.map((one) => opened.saveCondition(one, { signal })));
      }
      await using opened = await states.open(MAILBOX, { signal });
      assert.deepEqual(opened.loaded, []);
      assert.deepEqual((await states.read(MAILBOX, { signal })).condition, IDLE);
    },
  );

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
      const save = opened.save(versionOf(state!, "later"), { signal: aborted });
      await assert.rejects(save, /stopped/);
    }
    assert.deepEqual(await loadedFrom(states), kept(state!));
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
    const late = [
      () => opened.save(SAMPLE_STATES[0]!, { signal }),
      () => opened.remove(SAMPLE_STATES[0]!.folder.id, { signal }),
      () => opened.saveCondition(SUSPENDED, { signal }),
    ];
    for (const write of late) await assert.rejects(write(), /invariant/);
    assert.deepEqual(await states.read(MAILBOX, { signal }), NOTHING_STORED);
    assert.deepEqual(await loadedFrom(states), []);
  });

  test("takes nothing when it is aborted before", async (states) => {
    const aborted = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(states.open(MAILBOX, { signal: aborted }), /stopped/);
    await assert.rejects(states.read(MAILBOX, { signal: aborted }), /stopped/);
    await using _opened = await states.open(MAILBOX, { signal });
  });
}

function versionOf(state: FolderSyncState, participants: string): FolderSyncState {
  return { ...state, fingerprint: { participants } };
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
