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

Deno.test("an outage is said twice a minute at most, and at once where its reason is another", async () => {
  const { env: { entropy, log }, lines } = memoryEnv();
  const clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
  using stop = new StopController(clock);
  const atS = () => (clock.monotonicMs() - Date.parse("2026-01-01T00:00:00Z")) / 1000;
  const saidAtS: number[] = [];
  const error = () => void saidAtS.push(atS());
  const env: Env = { clock, entropy, log: { ...log, error } };
  const failure = (code: string) => new SyncError("destination", code, "It fails");
  let probes = 0;
  const sink: Sink = {
    probe: () => {
      probes++;
      if (atS() > WORKS_AT_S) return Promise.resolve();
      return Promise.reject(failure(atS() > OTHER_AT_S ? "Full" : "Gone"));
    },
    open: () => Promise.reject(new Error("Nothing is opened")),
  };
  const gate = new DestinationGate(sink, env, { stop, observer: observerOf() });
  await clock.runUntil(gate.recovered(failure("Gone")));
  const [first, other, ...later] = saidAtS;
  assert.equal(first, 0);
  assert.ok(other !== undefined && other > OTHER_AT_S && other < 30, `${saidAtS}`);
  assert.ok(later.length > 0 && saidAtS.length < probes, `${saidAtS}`);
  const pauses = later.map((time, index) => time - saidAtS[index + 1]!);
  assert.ok(pauses.every((pause) => pause >= 30), `${saidAtS}`);
  assert.equal(lines.at(-1)?.msg, "Destination works again.");
});
