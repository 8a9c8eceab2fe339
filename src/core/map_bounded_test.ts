import assert from "node:assert/strict";
import { mapBounded } from "./map_bounded.ts";

Deno.test("bounded map keeps order and never exceeds its concurrency", async () => {
  let running = 0;
  let most = 0;
  const results = await mapBounded([3, 1, 2, 0], 2, async (turns) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    running--;
    return turns * 10;
  });
  assert.deepEqual(results, [30, 10, 20, 0]);
  assert.equal(most, 2);
});

Deno.test("bounded map begins nothing after a failure and waits for what has begun", async () => {
  const begun: number[] = [];
  let ended = 0;
  const run = mapBounded([0, 1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error("first fails");
    await Promise.resolve();
    ended++;
  });
  await assert.rejects(run, /first fails/);
  assert.deepEqual(begun, [0, 1]);
  assert.equal(ended, 1);
});
