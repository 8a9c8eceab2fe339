import assert from "node:assert/strict";
import { LIMITS } from "../../src/core/limits.ts";
import { observerOf } from "../../src/core/observer_of.ts";
import type { MailSource } from "../../src/core/ports.ts";
import { Semaphore } from "../../src/core/semaphore.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { systemEntropy } from "../../src/runtime/system.ts";
import { DestinationGate } from "../../src/sync/destination_gate.ts";
import { StopBegun, StopController } from "../../src/sync/stop.ts";
import { superviseMailboxes } from "../../src/sync/supervisor.ts";
import { graphView } from "../../src/sync/testing/graph_view.ts";
import { MemorySource } from "../../src/sync/testing/memory_source.ts";
import { quietEnv } from "../contract/quiet_env.ts";
import { sampleMailbox } from "../contract/sample_emails.ts";
import { BUCKET, hastyClock, platformSubject } from "./platform_subject.ts";
import { SimulatedPlatform } from "./simulated_platform.ts";

const MAILBOX = sampleMailbox();
interface LifeOptions {
  readonly stateDir?: string;
  /** So many requests with emails are let through, then the process is stopped at once. */
  readonly putsMax?: number;
  readonly emailsPerFolder?: number;
}

/** One life of the engine with `--once`; resolves to whether it came to its end. */
async function live(
  source: MailSource,
  platform: SimulatedPlatform,
  { stateDir, putsMax = Infinity, emailsPerFolder = 1_000 }: LifeOptions,
): Promise<boolean> {
  await using subject = platformSubject({ platform, ...(stateDir ? { stateDir } : {}) });
  const { sink, states } = subject;
  const env = { clock: hastyClock(), entropy: systemEntropy, log: quietEnv().env.log };
  using stop = new StopController(env.clock);
  let puts = 0;
  platform.intercept = ({ method, segments }) => {
    if (method !== "PUT" || segments.at(-1) !== "emails") return undefined;
    if (++puts <= putsMax) return undefined;
    stop.begin();
    return { kind: "status", status: 503 };
  };
  const settings = {
    pollFrequencyMs: 15_000,
    pollMessageSleepMs: 0,
    emailsPerFolder,
    batchSize: 80,
    retrySkipped: false,
    once: true,
  };
  const observer = observerOf();
  const engine = {
    source,
    sink,
    states,
    destination: new DestinationGate(sink, env, { stop, observer }),
    heldBytes: new Semaphore(LIMITS.heldMimeBytesTotal),
    backfills: new Semaphore(LIMITS.backfillsInFlight),
    startedAnew: new Map(),
    settings,
    env,
    observer,
    stop,
  };
  try {
    await superviseMailboxes(engine, [MAILBOX]);
    return !stop.begun.aborted;
  } catch (thrown) {
    if (!(thrown instanceof StopBegun) && !stop.begun.aborted) throw thrown;
    return false;
  }
}

/** A folder of emails that were all received within the hour that a recovery goes back. */
function crowdedMailbox(emails: number): MemorySource {
  const source = new MemorySource();
  source.serverTime = new Date("2025-01-01T03:00:00Z");
  const folder = source.addFolder(MAILBOX, "Inbox");
  for (let i = 0; i < emails; i++) source.arrive(folder, { minute: Math.floor(i * 55 / emails) });
  return source;
}

function idsOf(platform: SimulatedPlatform): readonly string[] {
  return platform.ledger.of(platform.buckets.get("acme/support")!.id).map(({ id }) => id);
}

undiciCase(
  "a mailbox finishes without a disk, although its process ends again and again",
  async () => {
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    const source = crowdedMailbox(1_500);
    let lives = 1;
    while (!await live(source, platform, { putsMax: 12 })) {
      assert.ok(++lives < 30, `${idsOf(platform).length} emails in ${lives} lives`);
    }
    assert.equal(new Set(idsOf(platform)).size, 1_500);
    assert.ok(lives > 2);
  },
);

undiciCase(
  "a process that lives for three batches comes forward all the same",
  async () => {
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    const source = crowdedMailbox(300);
    let lives = 1;
    while (!await live(source, platform, { putsMax: 3 })) {
      assert.ok(++lives < 30, `${idsOf(platform).length} emails in ${lives} lives`);
    }
    assert.equal(idsOf(platform).length, 300);
    assert.ok(lives > 2);
  },
);

undiciCase("with a disk, a restart delivers nothing twice but what was in work", async () => {
  await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
  const stateDir = await Deno.makeTempDir();
  try {
    const source = crowdedMailbox(1_500);
    let lives = 1;
    while (!await live(source, platform, { stateDir, putsMax: 12 })) assert.ok(++lives < 30);
    assert.equal(idsOf(platform).length, 1_500);
    const { stores } = platform.ledger.totals();
    assert.ok(stores <= 1_500 + lives * LIMITS.listPageItemsMax, `${stores} in ${lives} lives`);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

undiciCase(
  "a folder goes on where another program stopped, and delivers nothing older",
  async () => {
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    const source = new MemorySource();
    source.serverTime = new Date("2025-02-01T00:00:00Z");
    const folder = source.addFolder(MAILBOX, "Inbox");
    for (let hour = 0; hour < 48; hour++) source.arrive(folder, { minute: hour * 60 });
    const { id } = platform.buckets.get("acme/support")!;
    platform.states.set(`${id}\nff`, {
      mailbox_name: MAILBOX.address,
      folder_id: "an id of theirs",
      folder_path: ["Inbox"],
      status: "UP_TO_DATE",
      synced_until: "2025-01-02T00:00:00Z",
      last_synced_at: "2025-01-02T00:00:00Z",
    });
    assert.ok(await live(source, platform, {}));
    // From an hour before on, as hour 23 of the first day was received.
    assert.equal(idsOf(platform).length, 25);
  },
);

undiciCase(
  "a mailbox begins where another program stopped with its bucket, also after a kill",
  async () => {
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    const source = new MemorySource();
    source.serverTime = new Date("2025-02-01T00:00:00Z");
    const folders = ["Inbox", "Sent"].map((name) => source.addFolder(MAILBOX, name));
    for (const folder of folders) {
      for (let hour = 0; hour < 48; hour++) source.arrive(folder, { minute: hour * 60 });
    }
    platform.bucketSyncStates.set("acme/support", { progress_timestamp: "2025-01-02T00:00:00Z" });
    assert.ok(!await live(source, platform, { putsMax: 0 }));
    assert.ok(await live(source, platform, {}));
    // From an hour before on in each.
    assert.equal(idsOf(platform).length, 2 * 25);
    const later = source.addFolder(MAILBOX, "Later");
    const moved = source.arrive(later, { minute: 0 });
    assert.ok(await live(source, platform, {}));
    assert.ok(idsOf(platform).includes(`<${moved}@x>`), "a folder that comes later is new");
  },
);

/** Two folders with one email an hour, 200 hours long; the second one is known by its role. */
function hourlyMailbox(): MemorySource {
  const source = new MemorySource();
  source.serverTime = new Date("2025-02-01T00:00:00Z");
  const folders = [
    source.addFolder(MAILBOX, "Inbox"),
    source.replaceFolder(MAILBOX, source.addFolder(MAILBOX, "Gesendet"), { role: "sentitems" }),
  ];
  for (const folder of folders) {
    for (let hour = 0; hour < 200; hour++) source.arrive(folder, { minute: hour * 60 });
  }
  return source;
}

/** The api of each record, by the folder's path. */
function apisOf(platform: SimulatedPlatform): readonly string[] {
  return platform.statesOf(platform.buckets.get("acme/support")!.id).map((record) => {
    const [, api = "ews"] = /;api=(\w+)/.exec(String(record["fingerprint"])) ?? [];
    return `${record["folder_path"]} ${record["folder_id"]} ${api}`;
  }).sort();
}

undiciCase(
  "records alone carry a mailbox to the other api and back, and none of the old ones is left",
  async () => {
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    const source = hourlyMailbox();
    assert.ok(await live(source, platform, {}));
    const stores = () => platform.ledger.totals().stores;
    assert.equal(stores(), 400);
    const sent = source.folderOf(MAILBOX, "item-200")!;
    source.replaceFolder(MAILBOX, sent, { path: ["Sent Items"] });
    assert.ok(await live(graphView(source), platform, {}));
    assert.equal(stores(), 400 + 2 * 2, "what was received in the last hour, in each folder");
    assert.deepEqual(apisOf(platform), [
      "Inbox ada@example.com-Inbox graph",
      "Sent Items ada@example.com-Gesendet graph",
    ]);
    assert.ok(await live(source, platform, {}));
    assert.equal(stores(), 400 + 2 * 2 * 2);
    assert.deepEqual(apisOf(platform), [
      "Inbox ada@example.com/Inbox ews",
      "Sent Items ada@example.com/Gesendet ews",
    ]);
  },
);

for (const disk of [false, true]) {
  undiciCase(
    `a switch of the api amid a backfill goes on there ${disk ? "with" : "without"} a disk`,
    async () => {
      await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
      const stateDir = disk ? await Deno.makeTempDir() : undefined;
      try {
        const source = hourlyMailbox();
        const options = { putsMax: 8, emailsPerFolder: 30, ...(stateDir ? { stateDir } : {}) };
        let lives = 0;
        while (!await live(lives++ % 2 ? graphView(source) : source, platform, options)) {
          assert.ok(lives < 40, `${idsOf(platform).length} emails in ${lives} lives`);
        }
        assert.ok(lives > 2);
        assert.equal(new Set(idsOf(platform)).size, 400);
        const { stores } = platform.ledger.totals();
        // Of each life, a page of each folder that was not committed, and the hour before it.
        assert.ok(stores <= 400 + lives * 2 * (30 + 2), `${stores} in ${lives} lives`);
      } finally {
        if (stateDir) await Deno.remove(stateDir, { recursive: true });
      }
    },
  );
}
