import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import { LIMITS } from "../core/limits.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { StopBegun, StopController } from "./stop.ts";

function stopping() {
  const clock = new VirtualClock(new Date(0));
  const stop = new StopController(clock);
  stop.begin();
  return { stop, after: (ms: number) => clock.runUntil(clock.sleep(ms, NO_ABORT)) };
}

Deno.test("what hangs is let go of when the time to settle is over, and not before", async () => {
  const { stop, after } = stopping();
  assert.ok(stop.begun.aborted);
  await after(LIMITS.stopGraceMs - 1);
  assert.equal(stop.aborted.aborted, false);
  stop.begin();
  await after(1);
  assert.ok(stop.aborted.reason instanceof StopBegun);
});

Deno.test("where everything has ended in time, nothing is let go of", async () => {
  const { stop, after } = stopping();
  stop[Symbol.dispose]();
  await after(2 * LIMITS.stopGraceMs);
  assert.equal(stop.aborted.aborted, false);
});
