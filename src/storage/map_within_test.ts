import assert from "node:assert/strict";
import { Semaphore } from "../core/semaphore.ts";
import { mapWithin } from "./map_within.ts";

const { signal } = new AbortController();

Deno.test("map within gives results in order, whatever ends first", async () => {
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const result = mapWithin(new Semaphore(3), [0, 1, 2], async (i) => {
    await gates[i]!.promise;
    gates[i - 1]?.resolve();
    return i * 10;
  }, { signal });
  gates[2]!.resolve();
  assert.deepEqual(await result, [0, 10, 20]);
});

Deno.test("map within waits for all before it rethrows the first failure", async () => {
  const ended: string[] = [];
  const action = async (name: string, { signal }: { signal: AbortSignal }) => {
    if (name === "failing") throw new Error("boom");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    ended.push(name);
    throw new Error("a later failure");
  };
  const names = ["a", "failing", "b", "never begun"];
  await assert.rejects(mapWithin(new Semaphore(3), names, action, { signal }), /boom/);
  assert.deepEqual(ended, ["a", "b"]);
});

Deno.test("map within passes an abort on and rejects with its reason", async () => {
  const stop = new AbortController();
  const hanging = (_: number, { signal }: { signal: AbortSignal }) => {
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const result = mapWithin(new Semaphore(1), [1, 2], hanging, stop);
  stop.abort(new Error("stopped"));
  await assert.rejects(result, /stopped/);
  await assert.rejects(mapWithin(new Semaphore(1), [], hanging, stop), /stopped/);
});
