import { parseArgs } from "node:util";
import { type Scenario, selectScenarios } from "./scenarios.ts";

export const USAGE = `How fast and how small the appliance is

  bench/run [NAME...]    these scenarios, or a quick set of them

  --all                  every scenario (25 minutes)
  --list                 their names
  --runs N               runs of each, of which medians are shown (3)
  --json FILE            write what was measured to FILE, too
  --record               make it what later runs are compared with: bench/results.json and the
                         tables of docs/performance.md
  --cpu-profile          profile the engine in the first of them instead:
                         build/bench-profile/engine.cpuprofile
`;

/** What a benchmark is told. */
export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly runs: number;
  readonly json: string | undefined;
  readonly isRecorded: boolean;
  readonly isProfiled: boolean;
}

/** @throws TypeError for what cannot be meant. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      all: { type: "boolean", default: false },
      runs: { type: "string", default: "3" },
      json: { type: "string" },
      record: { type: "boolean", default: false },
      "cpu-profile": { type: "boolean", default: false },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new TypeError(`--runs "${values.runs}" is no whole number above 0`);
  }
  return {
    scenarios: selectScenarios(positionals, values),
    runs,
    json: values.json,
    isRecorded: values.record,
    isProfiled: values["cpu-profile"],
  };
}
