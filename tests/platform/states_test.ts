import assert from "node:assert/strict";
import type { Clock } from "../../src/core/env.ts";
import { SyncError } from "../../src/core/errors.ts";
import type { MailboxStateStore } from "../../src/core/ports.ts";
import type { FolderSyncState } from "../../src/core/sync_state.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import type { PlatformMailboxStates } from "../../src/platform/platform_mailbox_states.ts";
import { sampleMailbox } from "../contract/sample_emails.ts";
import {
  BUCKET,
  hastyClock,
  platformSubject,
  type PlatformSubjectOptions,
} from "./platform_subject.ts";
import { SimulatedPlatform } from "./simulated_platform.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const HOUR_MS = 3_600_000;
const at = (hour: number) => new Date(Date.UTC(2024, 0, 1) + hour * HOUR_MS);

function following(name: string, hour: number): FolderSyncState {
  return {
    api: "ews",
    folder: { id: `id-${name}`, path: [name] },
    phase: { name: "following", token: `token-${name}-${hour}` },
    syncedUntil: at(hour),
    lastSyncedAt: at(hour),
    fingerprint: {},
    skipped: [],
  };
}

/** Runs one life of a program on the platform: opens, acts, and is let go. */
async function life<T>(
  platform: SimulatedPlatform,
  act: (opened: MailboxStateStore, subject: ReturnType<typeof platformSubject>) => T | Promise<T>,
  options: PlatformSubjectOptions = {},
): Promise<T> {
  await using subject = platformSubject({ platform, ...options });
  await using opened = await subject.states.open(MAILBOX, { signal });
  return await act(opened, subject);
}

function onPlatform(name: string, body: (platform: SimulatedPlatform) => Promise<void>): void {
  undiciCase(name, async () => {
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    await body(platform);
  });
}

function withDisk(
  name: string,
  body: (platform: SimulatedPlatform, stateDir: string) => Promise<void>,
): void {
  onPlatform(name, async (platform) => {
    const stateDir = await Deno.makeTempDir();
    try {
      await body(platform, stateDir);
    } finally {
      await Deno.remove(stateDir, { recursive: true });
    }
  });
}

function bucketIdOf(platform: SimulatedPlatform): string {
  return platform.buckets.get("acme/support")!.id;
}

/** Replaces fields of the first record that is there. */
function changeRecord(platform: SimulatedPlatform, changes: Record<string, unknown>): void {
  const [[key, record] = []] = platform.states;
  platform.states.set(key!, { ...record, ...changes });
}

onPlatform("the vendor's tools see the progress of every folder", async (platform) => {
  const position = { receivedAt: at(2), settledAtThatTime: 1 };
  await life(platform, async (opened) => {
    await opened.save(following("Inbox", 5), { signal });
    const phase = { name: "backfilling", token: "t", position } as const;
    await opened.save({ ...following("Sent", 1), phase }, { signal });
  });
  const records = platform.statesOf(bucketIdOf(platform)).map(({ fingerprint, ...record }) => {
    assert.match(String(fingerprint), /^reinfer-ews\/1;/);
    return record;
  });
  assert.deepEqual(records, [{
    mailbox_name: "ada@example.com",
    folder_id: "id-Inbox",
    folder_path: ["Inbox"],
    status: "UP_TO_DATE",
    synced_until: at(5).toISOString(),
    last_synced_at: at(5).toISOString(),
  }, {
    mailbox_name: "ada@example.com",
    folder_id: "id-Sent",
    folder_path: ["Sent"],
    status: "IN_PROGRESS",
    synced_until: at(2).toISOString(),
    last_synced_at: at(1).toISOString(),
  }]);
  assert.ok([...platform.states.keys()].every((key) => /\n[0-9a-f]{32}$/.test(key)));
});

withDisk(
  "a token on disk is used while its record stands beside it",
  async (platform, stateDir) => {
    const state = following("Inbox", 5);
    await life(platform, (opened) => opened.save(state, { signal }), { stateDir });
    const loaded = await life(platform, ({ loaded }) => loaded, { stateDir });
    assert.deepEqual(loaded, [state]);
  },
);

withDisk(
  "a record that somebody else has moved on counts for more than the disk",
  async (platform, stateDir) => {
    const skipped = [{ itemId: "i", code: "c", reason: "r", skippedAt: at(1), retries: 0 }];
    const state = { ...following("Inbox", 5), skipped };
    await life(platform, (opened) => opened.save(state, { signal }), { stateDir });
    changeRecord(platform, {
      synced_until: at(8).toISOString(),
      last_synced_at: at(9).toISOString(),
    });
    const [loaded] = await life(platform, ({ loaded }) => loaded, { stateDir });
    assert.deepEqual(loaded?.phase, {
      name: "draining",
      recovery: { receivedSince: at(7), modifiedSince: at(8) },
    });
    assert.deepEqual(loaded?.skipped, skipped);
  },
);

withDisk(
  "folders whose records were deleted on the platform start over",
  async (platform, stateDir) => {
    await life(platform, async (opened) => {
      for (const name of ["Inbox", "Sent"]) await opened.save(following(name, 5), { signal });
    }, { stateDir });
    const [first] = platform.states.keys();
    platform.states.delete(first!);
    const loaded = await life(platform, ({ loaded }) => loaded, { stateDir });
    assert.deepEqual(loaded, [following("Sent", 5)]);
  },
);

withDisk("a kill between record and disk costs nothing", async (platform, stateDir) => {
  const [before, after] = [following("Inbox", 5), following("Inbox", 6)];
  await life(platform, (opened) => opened.save(before, { signal }), { stateDir });
  const copy = `${stateDir}-before`;
  await copyFolder(stateDir, copy);
  try {
    await life(platform, async (opened) => {
      for (const state of [before, after]) await opened.save(state, { signal });
    }, { stateDir });
    const loaded = await life(platform, ({ loaded }) => loaded, { stateDir: copy });
    assert.deepEqual(loaded, [before]);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
});

withDisk(
  "where the platform keeps no states, those on disk do, and that is said once",
  async (platform, stateDir) => {
    for (const status of [403, 404, 405]) {
      platform.intercept = ({ method, segments }) =>
        method === "PUT" && segments.includes("keyed-sync-state")
          ? { kind: "status", status }
          : undefined;
      const state = following("Inbox", status);
      await life(platform, async (opened, { lines, sink }) => {
        await sink.probe({ signal });
        await sink.probe({ signal });
        await opened.save(state, { signal });
        assert.equal(lines.filter(({ msg }) => msg.includes("keeps no sync states")).length, 1);
      }, { stateDir });
      assert.deepEqual(await life(platform, ({ loaded }) => loaded, { stateDir }), [state]);
      await using alone = platformSubject({ platform });
      const unavailable = (thrown: unknown) =>
        thrown instanceof SyncError && thrown.kind === "destination" &&
        thrown.code === "PlatformStatesUnavailable" && /--state-dir/.test(thrown.hint ?? "");
      await assert.rejects(alone.sink.probe({ signal }), unavailable);
      await assert.rejects(alone.states.open(MAILBOX, { signal }), unavailable);
    }
  },
);

withDisk(
  "states on disk are kept when the platform begins to keep states",
  async (platform, stateDir) => {
    platform.intercept = ({ segments }) =>
      segments.includes("keyed-sync-state") ? { kind: "status", status: 403 } : undefined;
    const states = ["Inbox", "Sent"].map((name) => following(name, 5));
    await life(platform, async (opened) => {
      for (const state of states) await opened.save(state, { signal });
    }, { stateDir });
    platform.intercept = undefined;
    for (const _restart of [1, 2]) {
      const loaded = await life(platform, ({ loaded }) => loaded, { stateDir });
      assert.deepEqual(loaded.toSorted((a, b) => a.folder.id < b.folder.id ? -1 : 1), states);
      assert.equal(platform.states.size, 2);
    }
  },
);

withDisk(
  "what another program left does not take the place of states that are on disk alone",
  async (platform, stateDir) => {
    platform.intercept = ({ segments }) =>
      segments.includes("keyed-sync-state") ? { kind: "status", status: 403 } : undefined;
    const skipped = [{ itemId: "i", code: "c", reason: "r", skippedAt: at(1), retries: 0 }];
    const state = { ...following("Inbox", 5), skipped };
    await life(platform, (opened) => opened.save(state, { signal }), { stateDir });
    platform.intercept = undefined;
    platform.states.set(`${bucketIdOf(platform)}\nff`, {
      mailbox_name: MAILBOX.address,
      folder_id: state.folder.id,
      folder_path: state.folder.path,
      status: "UP_TO_DATE",
      synced_until: at(3).toISOString(),
      last_synced_at: at(3).toISOString(),
    });
    platform.bucketSyncStates.set("acme/support", { progress_timestamp: at(3).toISOString() });
    const [loaded, startAt] = await life(platform, (opened) => {
      return [opened.loaded, (opened as PlatformMailboxStates).startAt];
    }, { stateDir });
    assert.deepEqual(loaded, [state]);
    assert.equal(startAt, undefined);
  },
);

onPlatform("folders go on an hour before where another program has stopped", async (platform) => {
  const bucketId = bucketIdOf(platform);
  const theirs = { mailbox_name: "Ada@Example.com", status: "UP_TO_DATE", fingerprint: "sha1:77" };
  platform.states.set(`${bucketId}\nff01`, {
    ...theirs,
    folder_id: "theirs",
    folder_path: ["Inbox"],
    synced_until: at(10).toISOString(),
    last_synced_at: at(12).toISOString(),
  });
  platform.states.set(`${bucketId}\nff02`, {
    ...theirs,
    folder_id: "nothing yet",
    folder_path: ["Sent"],
    synced_until: null,
    last_synced_at: at(12).toISOString(),
  });
  platform.states.set(`${bucketId}\nff03`, { ...theirs, mailbox_name: "bob@example.com" });
  platform.bucketSyncStates.set("acme/support", { progress_timestamp: at(3).toISOString() });
  const settings = { participants: "now" };
  const [loaded, startAt] = await life(platform, (opened) => {
    return [opened.loaded, (opened as PlatformMailboxStates).startAt];
  }, { settings });
  assert.deepEqual(loaded, [{
    api: "unknown",
    folder: { id: "theirs", path: ["Inbox"] },
    phase: { name: "draining", recovery: { receivedSince: at(9), modifiedSince: at(11) } },
    syncedUntil: at(10),
    lastSyncedAt: at(12),
    fingerprint: settings,
    skipped: [],
  }]);
  assert.deepEqual(startAt, at(2));
  // What is ours comes first, and theirs is left alone.
  await life(platform, (opened) => opened.save(following("Inbox", 20), { signal }));
  const later = await life(platform, (opened) => {
    assert.equal((opened as PlatformMailboxStates).startAt, undefined);
    return opened.loaded.map(({ folder }) => folder.id);
  });
  assert.deepEqual(later, ["id-Inbox"]);
  assert.equal(platform.states.size, 4);
});

onPlatform(
  "a state of a newer version is left alone, and what cannot be read is said",
  async (platform) => {
    await life(platform, (opened) => opened.save(following("Inbox", 5), { signal }));
    platform.states.set(`${bucketIdOf(platform)}\nff`, { mailbox_name: 7 });
    await life(platform, ({ loaded }, { lines }) => {
      assert.equal(loaded.length, 1);
      assert.equal(lines.filter(({ msg }) => msg.includes("cannot be read")).length, 1);
    });
    changeRecord(platform, { fingerprint: "reinfer-ews/2;of=the-future" });
    const isNewer = (thrown: unknown) =>
      thrown instanceof SyncError && thrown.kind === "fatal" && thrown.code === "StateFormatNewer";
    await using subject = platformSubject({ platform });
    await assert.rejects(subject.states.open(MAILBOX, { signal }), isNewer);
    await assert.rejects(subject.states.read(MAILBOX, { signal }), isNewer);
  },
);

onPlatform(
  "a mailbox begins where the platform does not tell of another program",
  async (platform) => {
    platform.intercept = ({ segments }) =>
      segments.includes("bucket-sync-state") ? { kind: "status", status: 403 } : undefined;
    await life(platform, (opened, { lines }) => {
      assert.deepEqual(opened.loaded, []);
      assert.equal(lines.filter(({ msg }) => msg.includes("does not tell")).length, 1);
    });
  },
);

onPlatform(
  "a mailbox that starts from its config takes nothing from another program",
  async (platform) => {
    platform.bucketSyncStates.set("acme/support", { progress_timestamp: at(3).toISOString() });
    await using subject = platformSubject({ platform });
    const mailbox = { ...MAILBOX, startFrom: "config" as const };
    await using opened = await subject.states.open(mailbox, { signal });
    assert.equal((opened as PlatformMailboxStates).startAt, undefined);
  },
);

onPlatform(
  "two writers notice each other, and neither writes the other backwards",
  async (platform) => {
    const [clockA, clockB] = [watchableClock(), watchableClock()];
    await using a = platformSubject({ platform, clock: clockA.clock });
    await using b = platformSubject({ platform, clock: clockB.clock });
    await using openedA = await a.states.open(MAILBOX, { signal });
    await using openedB = await b.states.open(MAILBOX, { signal });
    await openedA.save(following("Inbox", 5), { signal });
    await clockA.lookAgain();
    assert.deepEqual([a.counts.foreignWrites, b.counts.foreignWrites], [0, 0]);
    await openedB.save(following("Inbox", 9), { signal });
    await clockA.lookAgain();
    await waitUntil(() => a.counts.foreignWrites === 1);
    const isSaid = ({ msg }: { msg: string }) => msg.startsWith("Another instance writes");
    assert.equal(a.lines.filter(isSaid).length, 1);
    const untilOf = () => platform.statesOf(bucketIdOf(platform))[0]!["synced_until"];
    await openedA.save(following("Inbox", 6), { signal });
    assert.equal(untilOf(), at(9).toISOString());
    await openedA.save(following("Inbox", 11), { signal });
    assert.equal(untilOf(), at(11).toISOString());
    await clockB.lookAgain();
    await waitUntil(() => b.counts.foreignWrites === 1);
    assert.equal(b.lines.filter(isSaid).length, 1);
  },
);

onPlatform("an instance of a newer version is noticed, too", async (platform) => {
  const { clock, lookAgain } = watchableClock();
  await life(platform, async (opened, { counts }) => {
    await opened.save(following("Inbox", 5), { signal });
    changeRecord(platform, {
      fingerprint: "reinfer-ews/2;of=the-future",
      last_synced_at: at(6).toISOString(),
    });
    await lookAgain();
    assert.equal(counts.foreignWrites, 1);
  }, { clock });
});

onPlatform("mailboxes of one bucket that start together read its states once", async (platform) => {
  await using subject = platformSubject({ platform });
  const mailboxes = Array.from({ length: 20 }, (_, i) => sampleMailbox(`m${i}@example.com`));
  const opened = await Promise.all(mailboxes.map((one) => subject.states.open(one, { signal })));
  for (const one of opened) await one[Symbol.asyncDispose]();
  const lists = platform.ledger.requests.filter(({ path }) => path.endsWith("/keyed-sync-states/"));
  assert.equal(lists.length, 1);
});

/** A clock whose look for other writers comes when the test says so. */
function watchableClock() {
  const hasty = hastyClock();
  const looks: (() => void)[] = [];
  const sleep: Clock["sleep"] = (ms, options) => {
    if (ms !== 60_000) return hasty.sleep(ms, options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    looks.push(resolve);
    options.signal.addEventListener("abort", () => reject(options.signal.reason), { once: true });
    return promise;
  };
  const lookAgain = async () => {
    await waitUntil(() => looks.length > 0);
    looks.pop()!();
    // The next wait begins when the look is over.
    await waitUntil(() => looks.length > 0);
  };
  return { clock: { ...hasty, sleep }, lookAgain };
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
