import assert from "node:assert/strict";
import { type BenchResults, changes, updated } from "./results.ts";

const MACHINE = { cpu: "Some CPU", cores: 2, memoryGib: 8, deno: "2.7.11" };

Deno.test("a change is told in percent, of figures that are in both", () => {
  const recorded = { emailsPerS: 1_000, peakMib: 100, fetchedAgain: 0 };
  const now = { emailsPerS: 1_100, peakMib: 75, fetchedAgain: 3, cpuS: 1 };
  const changed = changes(now, recorded);
  assert.deepEqual(Object.keys(changed), ["emailsPerS", "peakMib"]);
  assert.equal(Math.round(changed.emailsPerS!), 10);
  assert.equal(Math.round(changed.peakMib!), -25);
  assert.deepEqual(changes(now, undefined), {});
});

Deno.test("what is recorded keeps the scenarios that were not measured again", () => {
  const of = (scenarios: BenchResults["scenarios"], runs: number): BenchResults => ({
    machine: MACHINE,
    loadBefore: 0,
    runs,
    scenarios,
  });
  const one = { engine: { emailsPerS: 1 } };
  const other = { local: { emailsPerS: 2 } };
  const again = { engine: { emailsPerS: 3 } };
  assert.deepEqual(
    updated(of({ one, other }, 3), of({ one: again }, 1)),
    of({ one: again, other }, 1),
  );
  assert.deepEqual(updated(undefined, of({ one }, 3)), of({ one }, 3));
});
