import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Semaphore } from "./semaphore.ts";

const never = new AbortController().signal;

/** An action that starts when admitted and ends when told to. */
function gated(log: string[], name: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const action = async () => {
    log.push(`${name} begins`);
    await promise;
    log.push(`${name} ends`);
  };
  return { action, finish: resolve };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("semaphore admits no more than its capacity at a time", async () => {
  const semaphore = new Semaphore(2);
  const log: string[] = [];
  const actions = ["a", "b", "c"].map((name) => gated(log, name));
  const runs = actions.map(({ action }) => semaphore.run(action, { signal: never }));
  await settle();
  assert.deepEqual(log, ["a begins", "b begins"]);
  actions[0]!.finish();
  await runs[0];
  await settle();
  assert.deepEqual(log, ["a begins", "b begins", "a ends", "c begins"]);
  for (const { finish } of actions) finish();
  await Promise.all(runs);
  assert.equal(semaphore.used, 0);
});

Deno.test("semaphore lets a heavy action run alone and nothing overtake it", async () => {
  const semaphore = new Semaphore(10);
  const log: string[] = [];
  const [light, heavy, late] = ["light", "heavy", "late"].map((name) => gated(log, name));
  const runs = [
    semaphore.run(light!.action, { signal: never, weight: 1 }),
    semaphore.run(heavy!.action, { signal: never, weight: 1_000 }),
    semaphore.run(late!.action, { signal: never, weight: 1 }),
  ];
  await settle();
  assert.deepEqual(log, ["light begins"]);
  light!.finish();
  await runs[0];
  await settle();
  assert.deepEqual(log.slice(2), ["heavy begins"]);
  heavy!.finish();
  late!.finish();
  await Promise.all(runs);
});

Deno.test("semaphore lets the urgent go first, in the order in which they came", async () => {
  const semaphore = new Semaphore(1);
  const log: string[] = [];
  const names = ["running", "plain", "urgent", "urgent too"];
  const runs = names.map((name) =>
    semaphore.run(() => Promise.resolve(log.push(name)), {
      signal: never,
      urgent: name.startsWith("urgent"),
    })
  );
  await Promise.all(runs);
  assert.deepEqual(log, ["running", "urgent", "urgent too", "plain"]);
});

Deno.test("semaphore forgets a waiter that is aborted and admits the next", async () => {
  const semaphore = new Semaphore(1);
  const log: string[] = [];
  const [first, second] = ["first", "second"].map((name) => gated(log, name));
  const aborted = new AbortController();
  const run = semaphore.run(first!.action, { signal: never });
  const waiting = semaphore.run(() => Promise.resolve(), { signal: aborted.signal });
  const after = semaphore.run(second!.action, { signal: never });
  aborted.abort(new Error("no longer wanted"));
  await assert.rejects(waiting, /no longer wanted/);
  first!.finish();
  second!.finish();
  await Promise.all([run, after]);
  assert.deepEqual(log, ["first begins", "first ends", "second begins", "second ends"]);
});

Deno.test("semaphore frees what a failing action held", async () => {
  const semaphore = new Semaphore(1);
  const failing = semaphore.run(() => Promise.reject(new Error("boom")), { signal: never });
  await assert.rejects(failing, /boom/);
  assert.equal(semaphore.used, 0);
});
