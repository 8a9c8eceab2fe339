import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { KeyedQueue } from "./keyed_queue.ts";

const { signal } = new AbortController();
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An action that notes its begin and ends when told to. */
function gated(log: string[], name: string) {
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  return { action: () => (log.push(name), promise), finish };
}

Deno.test("keyed queue runs actions that share a key in order, and others at once", async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const [ab, bc, c, d] = ["ab", "bc", "c", "d"].map((name) => gated(log, name));
  const runs = [
    queue.run(["a", "b"], ab!.action, { signal }),
    queue.run(["b", "c", "b"], bc!.action, { signal }),
    queue.run(["c"], c!.action, { signal }),
    queue.run(["d"], d!.action, { signal }),
  ];
  await settle();
  assert.deepEqual(log, ["ab", "d"]);
  ab!.finish();
  await settle();
  assert.deepEqual(log, ["ab", "d", "bc"]);
  bc!.finish();
  await settle();
  assert.deepEqual(log, ["ab", "d", "bc", "c"]);
  c!.finish();
  d!.finish();
  await Promise.all(runs);
});

Deno.test("keyed queue goes on after an action that failed", async () => {
  const queue = new KeyedQueue();
  const failing = queue.run(["a"], () => Promise.reject(new Error("boom")), { signal });
  const next = queue.run(["a"], () => Promise.resolve("next"), { signal });
  await assert.rejects(failing, /boom/);
  assert.equal(await next, "next");
});

Deno.test("keyed queue lets one give up waiting without letting the next overtake", async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const [first, last] = ["first", "last"].map((name) => gated(log, name));
  const stop = new AbortController();
  const running = queue.run(["a"], first!.action, { signal });
  const waiting = queue.run(["a"], () => Promise.resolve(log.push("never")), stop);
  const next = queue.run(["a"], last!.action, { signal });
  stop.abort(new Error("no longer wanted"));
  await assert.rejects(waiting, /no longer wanted/);
  await settle();
  assert.deepEqual(log, ["first"]);
  first!.finish();
  last!.finish();
  await Promise.all([running, next]);
  assert.deepEqual(log, ["first", "last"]);
});

Deno.test("keyed queue is idle when all actions asked for have ended", async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const { action, finish } = gated(log, "begun");
  await queue.idle();
  void queue.run(["a"], action, { signal }).then(() => log.push("ended"));
  const idle = queue.idle().then(() => log.push("idle"));
  await settle();
  finish();
  await idle;
  assert.deepEqual(log, ["begun", "ended", "idle"]);
});
