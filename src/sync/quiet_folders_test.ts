import assert from "node:assert/strict";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { Observer } from "../core/observer.ts";
import type { MailboxBell } from "../core/ports.ts";
import type { SyncSettings } from "./engine.ts";
import { memoryEnv } from "./testing/memory_env.ts";
import type { MemoryFolder, MemorySource } from "./testing/memory_source.ts";
import { failure, mailbox, world } from "./testing/world.ts";

const a = mailbox("a");
const POLL_MS = 15_000;
/** The latest that mail comes of which nothing tells. */
const LATEST_MS = LIMITS.unaskedFolderMsMax + POLL_MS;

const honest = ({ changes }: MemoryFolder) => `${changes.length}`;

interface Scene {
  /** After how many rounds it ends. */
  readonly rounds: number;
  /** Happens when so many rounds are over. */
  readonly after?: (rounds: number) => void;
  readonly watcher?: Partial<Observer>;
  readonly bell?: MailboxBell;
  readonly settings?: Partial<SyncSettings>;
}

/** Rounds over one mailbox; resolves to how often `folder` was asked in each of them. */
async function asked(
  { source, restart }: Pick<ReturnType<typeof world>, "source" | "restart">,
  folder: MemoryFolder,
  { rounds, after, watcher, bell, settings }: Scene,
): Promise<readonly number[]> {
  const perRound: number[] = [];
  const { runUntil } = restart(source, memoryEnv(), {
    ...watcher,
    phaseChanged(_mailbox: Mailbox, { name }) {
      if (name === "syncing") source.calls.length = 0;
      if (name !== "idle" && name !== "backing-off") return;
      perRound.push(asksOf(source, folder));
      after?.(perRound.length);
    },
  }, bell);
  await runUntil(() => perRound.length === rounds, [a], { pollFrequencyMs: POLL_MS, ...settings });
  return perRound;
}

function asksOf({ calls }: MemorySource, { id }: MemoryFolder): number {
  return calls.filter((call) => call === `changes ${id}`).length;
}

Deno.test("a folder that says it has not changed is not asked, and is when it says it has", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.markOf = honest;
  const leftAlone: number[] = [];
  const perRound = await asked({ source, restart }, folder, {
    rounds: 5,
    after: (rounds) => rounds === 3 && source.arrive(folder),
    watcher: { foldersLeftAlone: (_mailbox, count) => void leftAlone.push(count) },
  });
  assert.deepEqual(perRound, [1, 0, 0, 1, 0]);
  assert.deepEqual(leftAlone, [0, 1, 1, 0, 1]);
  assert.equal(destination.emails.size, 1);
});

Deno.test("a folder that does not say whether it has changed is asked in every round", async () => {
  const { source, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  assert.deepEqual(await asked({ source, restart }, folder, { rounds: 4 }), [1, 1, 1, 1]);
});

Deno.test("what comes between the listing of folders and the answer's end is seen next time", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.markOf = honest;
  let isFirst = true;
  await asked({ source, restart }, folder, {
    rounds: 2,
    watcher: {
      passEnded() {
        if (isFirst) source.arrive(folder);
        isFirst = false;
      },
    },
  });
  assert.equal(destination.emails.size, 1);
});

for (
  const [name, markOf] of Object.entries({
    "is always the same": () => "same",
    "goes back to what it was": (() => {
      let listings = 0;
      return () => `${listings++ % 2}`;
    })(),
    "follows the changes an hour late": (() => {
      const said: string[] = [];
      return (folder: MemoryFolder) => {
        said.push(honest(folder));
        return said.at(-240) ?? "0";
      };
    })(),
  })
) {
  Deno.test(`mail comes within ten minutes and a poll where the mark ${name}`, async () => {
    const { source, destination, restart } = world();
    const folder = source.addFolder(a, "Inbox");
    source.markOf = markOf;
    const memory = memoryEnv();
    const { clock } = memory;
    const tookMs: number[] = [];
    let sinceMs: number | undefined;
    const { runUntil } = restart(source, memory, {
      phaseChanged(_mailbox, { name }) {
        if (name !== "idle") return;
        if (sinceMs !== undefined) {
          if (destination.emails.size === tookMs.length) return;
          tookMs.push(clock.monotonicMs() - sinceMs);
        }
        source.arrive(folder);
        sinceMs = clock.monotonicMs();
      },
    });
    await runUntil(() => tookMs.length === 3, [a], { pollFrequencyMs: POLL_MS });
    for (const ms of tookMs) assert.ok(ms <= LATEST_MS, `${ms} ms`);
  });
}

Deno.test("folders that were asked together are not asked again together", async () => {
  const { source, restart } = world();
  const folders = Array.from({ length: 20 }, (_, at) => source.addFolder(a, `F${at}`));
  source.markOf = () => "same";
  const memory = memoryEnv();
  let drawn = 0;
  const env = { ...memory.env, entropy: { next: () => (drawn++ * 0.37) % 1 } };
  const busiest: number[] = [];
  const { runUntil } = restart(source, { ...memory, env }, {
    foldersLeftAlone: (_mailbox, count) => void busiest.push(folders.length - count),
  });
  await runUntil(() => busiest.length === 42, [a], { pollFrequencyMs: POLL_MS });
  const [first, ...later] = busiest;
  assert.equal(first, folders.length);
  assert.equal(later.reduce((sum, asks) => sum + asks), folders.length, "each once in ten minutes");
  assert.ok(Math.max(...later) <= folders.length / 4, `${later}`);
});

Deno.test("a ring has every folder of its mailbox asked, whatever their marks say", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.markOf = () => "same";
  const rings = new Set<() => void>();
  const bell: MailboxBell = {
    listen(_mailbox, ring) {
      rings.add(ring);
      return { [Symbol.dispose]: () => void rings.delete(ring) };
    },
  };
  const perRound = await asked({ source, restart }, folder, {
    rounds: 4,
    bell,
    after: (rounds) => {
      if (rounds !== 2) return;
      source.arrive(folder);
      for (const ring of rings) ring();
    },
  });
  assert.deepEqual(perRound, [1, 0, 1, 0]);
  assert.equal(destination.emails.size, 1);
});

Deno.test("a ring counts although the round after it fails", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.markOf = () => "same";
  let ring = () => {};
  const bell: MailboxBell = {
    listen(_mailbox, listener) {
      ring = listener;
      return { [Symbol.dispose]() {} };
    },
  };
  await asked({ source, restart }, folder, {
    rounds: 4,
    bell,
    after: (rounds) => {
      source.fault = (call) =>
        rounds === 2 && call === "folders" ? failure("retryable") : undefined;
      if (rounds !== 2) return;
      source.arrive(folder);
      ring();
    },
  });
  assert.equal(destination.emails.size, 1);
});

Deno.test("a folder that fails is asked again, whatever its mark says", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.markOf = () => "same";
  source.arrive(folder);
  source.fault = (call) => call === "changes" ? failure("folder") : undefined;
  const perRound = await asked({ source, restart }, folder, {
    rounds: 5,
    after: (rounds) => {
      if (rounds === 2) source.fault = () => undefined;
    },
  });
  assert.deepEqual(perRound, [1, 1, 1, 0, 0]);
  assert.equal(destination.emails.size, 1);
});

Deno.test("a folder with more than a round takes is asked again, whatever its mark says", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.markOf = () => "same";
  const perRound = await asked({ source, restart }, folder, {
    rounds: 6,
    settings: { emailsPerFolder: 1, pollFrequencyMs: LIMITS.unaskedFolderMsMax },
    after: (rounds) => {
      if (rounds > 1) return;
      for (let n = 0; n < 3; n++) source.arrive(folder);
    },
  });
  assert.ok(perRound.every((asks) => asks > 0), `${perRound}`);
  assert.equal(destination.emails.size, 3);
});

Deno.test("with once every round asks every folder", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const other = source.addFolder(a, "Other");
  source.markOf = () => "same";
  for (let n = 0; n < 5; n++) source.arrive(folder);
  await restart().run({ once: true, emailsPerFolder: 2 });
  assert.equal(destination.emails.size, 5);
  const rounds = source.calls.filter((call) => call.startsWith("folders")).length;
  assert.ok(rounds > 1);
  assert.ok(asksOf(source, other) >= rounds);
});

Deno.test("a skipped email of a quiet folder is tried again when its time has come", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.markOf = honest;
  source.arrive(folder);
  source.fault = (call) => call === "fetch item" ? failure("item") : undefined;
  const memory = memoryEnv();
  const startedMs = memory.clock.monotonicMs();
  let idle = 0;
  const { runUntil } = restart(source, memory, {
    phaseChanged(_mailbox, { name }) {
      if (name === "idle" && idle++ === 0) source.fault = () => undefined;
    },
  });
  await runUntil(() => destination.emails.size === 1, [a], { pollFrequencyMs: POLL_MS });
  const tookMs = memory.clock.monotonicMs() - startedMs;
  assert.ok(tookMs >= 3_600_000 && tookMs <= 3_600_000 + 2 * POLL_MS, `${tookMs} ms`);
});
