import assert from "node:assert/strict";
import { mapBounded } from "./map_bounded.ts";

Deno.test("results come in order, no more than allowed at a time", async () => {
  let inFlight = 0;
  let inFlightMax = 0;
  const results = await mapBounded([3, 1, 2, 0], 2, async (turns) => {
    inFlightMax = Math.max(inFlightMax, ++inFlight);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    inFlight--;
    return turns * 10;
  });
  assert.deepEqual(results, [30, 10, 20, 0]);
  assert.equal(inFlightMax, 2);
  assert.deepEqual(await mapBounded([], 2, () => Promise.reject(new Error("never"))), []);
});

Deno.test("after a failure nothing is begun, and what was begun ends before it is rethrown", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const mapped = mapBounded([0, 1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error("zero");
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    ended.push(item);
  });
  await assert.rejects(mapped, /zero/);
  assert.deepEqual([begun, ended], [[0, 1], [1]]);
});
