import assert from "node:assert/strict";
import { GOALS, isReached } from "./goals.ts";
import type { BenchResults } from "./results.ts";
import { SCENARIOS } from "./scenarios.ts";
import { goalsText, scenarioText, withMeasured } from "./tables.ts";

const RESULTS: BenchResults = {
  machine: { cpu: "Some CPU", cores: 2, memoryGib: 8, deno: "2.7.11" },
  loadBefore: 0.5,
  runs: 3,
  scenarios: {
    "engine-0ms": {
      engine: { emailsPerS: 1_500, peakMib: 100 },
      "exchangelib-patched": { emailsPerS: 500 },
    },
    start: { start: { coldStartMs: 300 } },
  },
};

Deno.test("a scenario is a table with a row for each subject and the change of each figure", () => {
  const recorded = { engine: { emailsPerS: 1_000, peakMib: 125 } };
  const text = scenarioText("engine-0ms", RESULTS.scenarios["engine-0ms"]!, recorded);
  const [title, head, ...rows] = text.split("\n");
  assert.match(title!, /^engine-0ms: \S/);
  assert.match(head!, /^ {2}measured +emails\/s +peak MiB$/);
  assert.match(rows[0]!, /^ {2}engine +1,500 \(\+50 %\) +100 \(-20 %\)$/);
  assert.match(rows[1]!, /^ {2}exchangelib-patched +500$/);
  assert.equal(rows.length, 2);
});

Deno.test("goals are worked out of what was measured, and say whether they are reached", () => {
  const rows = goalsText(RESULTS).split("\n");
  assert.equal(rows.length, 3, "a head, and the two that can be worked out");
  assert.match(rows[1]!, /0 ms +≥ 2\.5 +3\.00 +yes$/);
  assert.match(rows[2]!, /≤ 250 +300 +no$/);
});

Deno.test("a bound itself is reached", () => {
  for (const goal of GOALS) {
    const { bound } = goal;
    assert.ok(isReached(goal, "atLeast" in bound ? bound.atLeast : bound.atMost), goal.about);
  }
});

Deno.test("every goal is of scenarios and subjects that there are", () => {
  const figures = new Proxy({}, { get: () => 1 });
  const scenarios = Object.fromEntries(SCENARIOS.map(({ name, subjects }) => [
    name,
    Object.fromEntries(subjects.map((subject) => [subject, figures])),
  ]));
  for (const goal of GOALS) {
    assert.equal(goal.of({ ...RESULTS, scenarios }), 1, goal.about);
  }
});

Deno.test("what was recorded on a busy machine says so", () => {
  const text = "<!-- measured: machine -->\n<!-- /measured -->\n";
  assert.doesNotMatch(withMeasured(text, RESULTS), /other work/);
  assert.match(withMeasured(text, { ...RESULTS, loadBefore: 11.25 }), /other work.*11\.3/);
});

Deno.test("tables stand between their markers, and all else stays", () => {
  const text =
    "# Title\n\n<!-- measured: engine-0ms start -->\n\noutdated\n\n<!-- /measured -->\n\nEnd\n" +
    "<!-- measured: machine -->\n<!-- /measured -->\n";
  const filled = withMeasured(text, RESULTS);
  assert.match(filled, /^# Title\n\n<!-- measured: engine-0ms start -->\n\n\| scenario \|/);
  assert.match(filled, /\| engine-0ms \| engine \| 1,500 \| 100 \| {2}\|\n/);
  assert.match(filled, /<!-- \/measured -->\n\nEnd\n/);
  assert.match(filled, /Some CPU, 2 cores, 8 GiB of memory, Deno 2\.7\.11; medians of 3\./);
  assert.doesNotMatch(filled, /outdated/);
  assert.equal(withMeasured(filled, RESULTS), filled);
});
