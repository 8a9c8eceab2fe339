import assert from "node:assert/strict";
import { NO_ABORT } from "../../src/source/testing/test_env.ts";
import { VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import { DueFaults } from "./due_faults.ts";

Deno.test("faults happen in their order, each once, to what they can happen to", () => {
  const due = new DueFaults<string>(new VirtualClock(new Date(0)));
  for (const kind of ["a", "b", "a"]) due.add(kind);
  assert.equal(due.take((kind) => kind === "b"), "b");
  assert.equal(due.take((kind) => kind === "b"), undefined);
  assert.deepEqual([due.take(() => true), due.take(() => true)], ["a", "a"]);
  assert.equal(due.take(() => true), undefined);
});

Deno.test("a fault that finds no request passes", async () => {
  const clock = new VirtualClock(new Date(0));
  const due = new DueFaults<string>(clock);
  due.add("a");
  await clock.runUntil(clock.sleep(400, NO_ABORT));
  due.add("b");
  await clock.runUntil(clock.sleep(200, NO_ABORT));
  assert.equal(due.take(() => true), "b");
});
