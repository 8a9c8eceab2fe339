import { systemClock } from "../../src/runtime/system.ts";
import { seededEntropy } from "../../tests/exchange/seeded_entropy.ts";
import { EXCHANGE_FAULTS } from "./exchange_faults.ts";
import type { FrontEnd } from "./front_end.ts";
import type { Scene } from "./scene.ts";
import type { ServedProcess } from "./served_process.ts";
import { Swarm } from "./swarm.ts";

const MINUTE_MS = 60_000;
/** Time between two faults on average, over both servers, ms. */
const FAULT_EVERY_MS = 1_000;
/** Each process is killed so often on average; in a short storm more often. */
const KILL_EVERY_MS = 45_000;
const KILLS_MIN = 6;
/** What has not begun cannot be interrupted: the storm breaks out over a sync at work. */
const BEGUN_EMAILS = 50;
const BEGUN_MS_MAX = MINUTE_MS;
const DOWN_MS_MAX = 3_000;
const LOOK_EVERY_MS = 200;

/** Resolves once mail arrives. */
export async function begun({ sink }: Scene): Promise<void> {
  const deadline = AbortSignal.timeout(BEGUN_MS_MAX);
  while ((await sink.mail()).length < BEGUN_EMAILS) {
    await systemClock.sleep(LOOK_EVERY_MS, { signal: deadline });
  }
}

/**
 * Everything at once until the time is over. The appliance is killed in the first third only, so that
 * the memory of one long life can be looked at.
 */
export async function storm(scene: Scene, ending: AbortSignal): Promise<void> {
  const { options, exchange, frontEnd, sink, appliance, kills } = scene;
  const stormMs = options.minutes * MINUTE_MS;
  const over = AbortSignal.any([ending, AbortSignal.timeout(stormMs)]);
  const third = AbortSignal.any([ending, AbortSignal.timeout(stormMs / 3)]);
  const killEveryMs = Math.min(KILL_EVERY_MS, stormMs / KILLS_MIN);
  const everyMs = FAULT_EVERY_MS * (sink.server ? 2 : 1);
  const killing = (name: string, number: number, signal: AbortSignal, kill: () => Promise<void>) =>
    againAndAgain({ seed: options.seed + number, everyMs: killEveryMs, signal }, async () => {
      kills[name] = kills[name]! + 1;
      await kill();
    });
  const restarting = (frontEnd: FrontEnd, seed: number) => async () => {
    await frontEnd.kill();
    await down(seed);
    await frontEnd.restart();
  };
  await Promise.all([
    faults(
      exchange,
      { seed: options.seed + 13, kinds: Object.keys(EXCHANGE_FAULTS), everyMs },
      over,
    ),
    killing("appliance", 10, third, async () => {
      await appliance.kill();
      await exchange.call("forget");
      await sink.server?.process.call("forget");
      appliance.start();
    }),
    killing("exchange", 11, over, restarting(frontEnd, options.seed)),
    ...(sink.server
      ? [
        faults(
          sink.server.process,
          { seed: options.seed + 14, kinds: sink.server.faults, everyMs },
          over,
        ),
        killing("platform", 12, over, restarting(sink.server.frontEnd, options.seed + 1)),
      ]
      : []),
  ]);
}

/** Faults of one server until `signal` is aborted. */
async function faults(
  process: Pick<ServedProcess<unknown>, "call">,
  { seed, kinds, everyMs }: {
    readonly seed: number;
    readonly kinds: readonly string[];
    readonly everyMs: number;
  },
  signal: AbortSignal,
): Promise<void> {
  const swarm = new Swarm({ entropy: seededEntropy(seed), kinds, everyMs });
  for (;;) {
    const { kind, waitMs } = swarm.next();
    await systemClock.sleep(waitMs, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await process.call("fault", kind);
  }
}

async function againAndAgain(
  { seed, everyMs, signal }: {
    readonly seed: number;
    readonly everyMs: number;
    readonly signal: AbortSignal;
  },
  act: () => Promise<void>,
): Promise<void> {
  const entropy = seededEntropy(seed);
  for (;;) {
    // Never twice at once: what is killed comes back in between and does some work.
    const waitMs = everyMs * (0.5 + entropy.next());
    await systemClock.sleep(waitMs, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await act();
  }
}

async function down(seed: number): Promise<void> {
  const ms = seededEntropy(seed).next() * DOWN_MS_MAX;
  await systemClock.sleep(ms, { signal: new AbortController().signal });
}
