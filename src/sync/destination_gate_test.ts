import assert from "node:assert/strict";
import { observerOf } from "../core/observer_of.ts";
import { VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import type { Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Sink } from "../core/ports.ts";
import { DestinationGate } from "./destination_gate.ts";
import { StopController } from "./stop.ts";
import { memoryEnv } from "./testing/memory_env.ts";

/** Until when the destination fails, s, and when it begins to fail for another reason. */
const WORKS_AT_S = 600;
const OTHER_AT_S = 5;

const START = new Date("2026-01-01T00:00:00Z");

function failure(code: string): SyncError {
  return new SyncError("destination", code, "It fails");
}

/** A gate whose log says at which second each message came. */
function gateOf(probe: (atS: number) => Promise<void>) {
  const { env: { entropy, log } } = memoryEnv();
  const clock = new VirtualClock(START);
  const stop = new StopController(clock);
  const atS = () => (clock.monotonicMs() - START.getTime()) / 1000;
  const failedAtS: number[] = [];
  const workedAtS: number[] = [];
  const env: Env = {
    clock,
    entropy,
    log: {
      ...log,
      error: () => void failedAtS.push(atS()),
      info: () => void workedAtS.push(atS()),
    },
  };
  const sink: Sink = {
    probe: () => probe(atS()),
    open: () => Promise.reject(new Error("Nothing is opened")),
  };
  const gate = new DestinationGate(sink, env, { stop, observer: observerOf() });
  return { gate, clock, failedAtS, workedAtS, [Symbol.dispose]: () => stop[Symbol.dispose]() };
}

Deno.test("an outage is said twice a minute at most, and at once where its reason is another", async () => {
  let probes = 0;
  using set = gateOf((atS) => {
    probes++;
    if (atS > WORKS_AT_S) return Promise.resolve();
    return Promise.reject(failure(atS > OTHER_AT_S ? "Full" : "Gone"));
  });
  const { gate, clock, failedAtS, workedAtS } = set;
  await clock.runUntil(gate.recovered(failure("Gone")));
  const [first, other, ...later] = failedAtS;
  assert.equal(first, 0);
  assert.ok(other !== undefined && other > OTHER_AT_S && other < 30, `${failedAtS}`);
  assert.ok(later.length > 0 && failedAtS.length < probes, `${failedAtS}`);
  const pauses = later.map((time, index) => time - failedAtS[index + 1]!);
  assert.ok(pauses.every((pause) => pause >= 30), `${failedAtS}`);
  assert.equal(workedAtS.length, 1);
});

Deno.test("a destination that takes probes and no emails is not said again with each of them", async () => {
  using set = gateOf(() => Promise.resolve());
  const { gate, clock, failedAtS, workedAtS } = set;
  let relapses = 0;
  while (clock.monotonicMs() - START.getTime() < WORKS_AT_S * 1000) {
    await clock.runUntil(gate.recovered(failure("Full")));
    relapses++;
  }
  const pauses = failedAtS.slice(1).map((time, index) => time - failedAtS[index]!);
  assert.ok(pauses.every((pause) => pause >= 30), `${failedAtS}`);
  assert.ok(failedAtS.length > 1 && failedAtS.length < relapses, `${failedAtS}`);
  // Whoever reads of a failure reads of its end.
  assert.equal(workedAtS.length, failedAtS.length);
});
