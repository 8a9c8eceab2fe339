import assert from "node:assert/strict";
import { LIMITS } from "../core/limits.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { WakeUp } from "./wake_up.ts";

const PAUSE_MS = 600_000;

/** How long a wait takes that is rung for at these times after its beginning, ms. */
async function waitMs(ringsAtMs: readonly number[], pauseMs = PAUSE_MS): Promise<number> {
  const { clock } = testEnv();
  const wakeUp = new WakeUp(clock);
  const startedMs = clock.monotonicMs();
  for (const atMs of ringsAtMs) {
    if (atMs < 0) wakeUp.ring();
    else clock.sleep(atMs, NO_ABORT).then(() => wakeUp.ring());
  }
  await clock.runUntil(wakeUp.wait(pauseMs, NO_ABORT));
  return clock.monotonicMs() - startedMs;
}

Deno.test("a wait that nobody rings for takes its pause", async () => {
  assert.equal(await waitMs([]), PAUSE_MS);
});

Deno.test("a ring ends the wait once what comes with it had time to come", async () => {
  assert.equal(await waitMs([5_000]), 5_000 + LIMITS.ringGatherMs);
  assert.equal(await waitMs([5_000, 5_001, 5_100]), 5_000 + LIMITS.ringGatherMs);
});

Deno.test("a ring during the round before is not lost, and rings make no rounds without pause", async () => {
  assert.equal(await waitMs([-1]), LIMITS.rungRoundMs + LIMITS.ringGatherMs);
  assert.equal(await waitMs([1]), LIMITS.rungRoundMs + LIMITS.ringGatherMs);
});

Deno.test("a ring makes no wait longer than its pause", async () => {
  for (const pauseMs of [0, 100, LIMITS.rungRoundMs, LIMITS.rungRoundMs + 1]) {
    assert.equal(await waitMs([-1], pauseMs), pauseMs);
  }
});

Deno.test("a ring counts for one wait", async () => {
  const { clock } = testEnv();
  const wakeUp = new WakeUp(clock);
  wakeUp.ring();
  await clock.runUntil(wakeUp.wait(PAUSE_MS, NO_ABORT));
  const startedMs = clock.monotonicMs();
  await clock.runUntil(wakeUp.wait(PAUSE_MS, NO_ABORT));
  assert.equal(clock.monotonicMs() - startedMs, PAUSE_MS);
});

Deno.test("a stop ends the wait with its reason", async () => {
  const { clock } = testEnv();
  const stop = new AbortController();
  const reason = new Error("Stop");
  const waiting = new WakeUp(clock).wait(PAUSE_MS, { signal: stop.signal });
  clock.sleep(LIMITS.rungRoundMs + 1, NO_ABORT).then(() => stop.abort(reason));
  await assert.rejects(clock.runUntil(waiting), reason);
});
