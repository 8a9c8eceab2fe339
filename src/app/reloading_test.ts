import assert from "node:assert/strict";
import { testEnv } from "../source/testing/test_env.ts";
import { StopBegun, StopController } from "../sync/stop.ts";
import { reloading, type ReloadSource } from "./reloading.ts";

/** Lives that go on until they are stopped, and a hand that asks for reloads. */
function harness() {
  const env = testEnv();
  const stop = new StopController(env.clock);
  const listeners = new Set<() => void>();
  const loads: (string | Error)[] = [];
  const lived: string[] = [];
  let born = Promise.withResolvers<void>();
  const source: ReloadSource<string> = {
    first: "one",
    load: () => {
      const next = loads.shift()!;
      return Promise.resolve(
        next instanceof Error ? { problems: [next.message] } : { config: next },
      );
    },
    isSame: (a, b) => a === b,
    onRequest: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
  };
  const live = async (config: string, { begun }: StopController) => {
    lived.push(config);
    born.resolve();
    if (config === "end") return "ended";
    await new Promise((resolve) => begun.addEventListener("abort", resolve));
    throw new StopBegun();
  };
  return {
    env,
    stop,
    lived,
    listeners,
    outcome: reloading(live, source, { env, stop }),
    ask: (next: string | Error) => {
      loads.push(next);
      born = Promise.withResolvers();
      for (const listener of listeners) listener();
    },
    /** Resolves with the next life. */
    born: () => born.promise,
    /** Resolves once a log line begins so. */
    said: async (start: string) => {
      while (!env.lines.some(([, message]) => message.startsWith(start))) await Promise.resolve();
    },
  };
}

Deno.test("another configuration ends the life, and the next one begins with it", async () => {
  const { ask, born, lived, outcome, listeners } = harness();
  ask("two");
  await born();
  ask("end");
  assert.equal(await outcome, "ended");
  assert.deepEqual(lived, ["one", "two", "end"]);
  assert.equal(listeners.size, 0, "nobody listens any more");
});

Deno.test("the same configuration, or a wrong one, changes nothing and is said", async () => {
  const { ask, lived, stop, said, env, outcome } = harness();
  ask("one");
  await said("The configuration was read again");
  ask(new Error('port = "x": must be a number'));
  await said("The changed configuration is not used");
  const [, , fields] = env.lines.at(-1)!;
  assert.equal(fields.reason, 'port = "x": must be a number');
  assert.deepEqual(lived, ["one"]);
  stop.begin();
  await assert.rejects(outcome, StopBegun);
  stop[Symbol.dispose]();
});

Deno.test("a stop of the process ends the life for good, whatever was asked for", async () => {
  const { ask, lived, stop, outcome } = harness();
  stop.begin();
  ask("two");
  await assert.rejects(outcome, StopBegun);
  assert.deepEqual(lived, ["one"]);
  stop[Symbol.dispose]();
});

Deno.test("a life that is ending for one configuration goes on with a later one", async () => {
  const { ask, lived, outcome } = harness();
  ask("two");
  ask("end");
  assert.equal(await outcome, "ended");
  assert.equal(lived.at(-1), "end");
});
