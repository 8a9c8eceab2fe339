import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { memoryEnv } from "../sync/testing/memory_env.ts";
import { StopBegun, StopController } from "../sync/stop.ts";
import { restarting } from "./restarting.ts";

const failure = new SyncError("destination", "NoSpace", "Disk is full", { hint: "Free some" });

Deno.test("a failed life is followed by another, after growing pauses that a long life resets", async () => {
  const { env, clock, lines } = memoryEnv();
  using stop = new StopController(clock);
  const livesMs = [0, 0, 0, 10 * 60_000];
  const ended = await clock.runUntil(restarting(async (own) => {
    const lifeMs = livesMs.shift();
    if (lifeMs === undefined) return "ended";
    await clock.sleep(lifeMs, { signal: own.begun });
    throw failure;
  }, { env, stop }));
  assert.equal(ended, "ended");
  const delays = lines.map(({ fields }) => Number(fields.delayMs));
  assert.equal(delays.length, 4);
  assert.ok(delays[0]! < delays[1]! && delays[1]! < delays[2]!, String(delays));
  assert.equal(delays[3], delays[0]);
  assert.equal(lines[0]!.fields.reason, "Disk is full");
});

Deno.test("a stop ends the pause before the next life", async () => {
  const { env, clock } = memoryEnv();
  using stop = new StopController(clock);
  let lives = 0;
  const restarted = restarting(() => {
    lives++;
    return Promise.reject(failure);
  }, {
    env: {
      ...env,
      clock: {
        ...clockOf(clock),
        sleep: (ms, options) => {
          stop.begin();
          return clock.sleep(ms, options);
        },
      },
    },
    stop,
  });
  await assert.rejects(restarted, StopBegun);
  assert.equal(lives, 1);
});

Deno.test("a stop of the process begins the stop of the life, which ends by itself", async () => {
  const { env, clock } = memoryEnv();
  using stop = new StopController(clock);
  const ended = restarting((own) => {
    stop.begin();
    return Promise.resolve(own.begun.aborted);
  }, { env, stop });
  assert.equal(await ended, true);
});

function clockOf(clock: { now(): Date; monotonicMs(): number }) {
  return { now: () => clock.now(), monotonicMs: () => clock.monotonicMs() };
}
