import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import { NO_ABORT } from "../../src/source/testing/test_env.ts";
import { BackoffWatch } from "./backoff_watch.ts";

function watched() {
  const clock = new VirtualClock(new Date(0));
  return {
    watch: new BackoffWatch(clock),
    after: (ms: number) => clock.runUntil(clock.sleep(ms, NO_ABORT)),
  };
}

Deno.test("a request within a back-off is noted with what was left of it, one after it is not", async () => {
  const { watch, after } = watched();
  watch.ask("a", 5_000);
  await after(3_000);
  watch.arrived("a");
  await after(2_000);
  watch.arrived("a");
  assert.deepEqual(watch.broken, [{ scope: "a", askedMs: 5_000, leftMs: 2_000 }]);
});

Deno.test("what was under way, and what concerns others, breaks nothing", async () => {
  const { watch, after } = watched();
  watch.ask("a", 5_000);
  await after(900);
  watch.arrived("a");
  await after(1_000);
  watch.arrived("b", "everybody");
  assert.deepEqual(watch.broken, []);
});

Deno.test("a later back-off that ends earlier does not shorten the one before", async () => {
  const { watch, after } = watched();
  watch.ask("a", 8_000);
  watch.ask("a", 2_000);
  await after(4_000);
  watch.arrived("a");
  assert.equal(watch.broken.length, 1);
  assert.equal(watch.asked, 2);
});

Deno.test("a successor of a client that was killed is not held to what that one was asked", async () => {
  const { watch, after } = watched();
  watch.ask("a", 8_000);
  await after(2_000);
  watch.forget();
  watch.arrived("a");
  assert.deepEqual(watch.broken, []);
});
