/** How fast and how small the appliance is. See `bench/run`. */
import { join } from "node:path";
import { runCommand } from "../../scripts/run_command.ts";
import { benchFolder, benchScene } from "./bench_scene.ts";
import { engineCommand, PeerUnavailable } from "./clients.ts";
import { type Figures, medians } from "./figures.ts";
import { type Machine, machineText, thisMachine } from "./machine.ts";
import { measuredRun } from "./measured_process.ts";
import { type BenchOptions, benchOptions, USAGE } from "./options.ts";
import {
  type BenchResults,
  RECORDED,
  recordedResults,
  type ScenarioResults,
  updated,
} from "./results.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { SUBJECTS } from "./subjects.ts";
import { goalsText, scenarioText, withMeasured } from "./tables.ts";

const DOCUMENT = "docs/performance.md";
const PROFILE = { folder: join("build", "bench-profile"), name: "engine.cpuprofile" } as const;
const FORMAT_MS_MAX = 60_000;

/** Subjects in turn, again and again: what disturbs the machine for a while disturbs all of them. */
async function measuredScenario(
  scenario: Scenario,
  runs: number,
  folder: string,
): Promise<ScenarioResults> {
  await using disposables = new AsyncDisposableStack();
  const scene = await benchScene(scenario.server, folder, disposables);
  const figures = new Map<string, Figures[]>();
  for (let run = 0; run < (scenario.runs ?? runs); run++) {
    for (const name of scenario.subjects) {
      try {
        figures.set(name, [...figures.get(name) ?? [], await SUBJECTS[name](scene)]);
      } catch (error) {
        if (!(error instanceof PeerUnavailable)) throw error;
        console.error(`${name} cannot be had: ${error.message}`);
      }
    }
  }
  return Object.fromEntries([...figures].map(([name, runs]) => [name, medians(runs)]));
}

/** Everything that can be measured: a scenario that fails is said, and the others go on. */
async function measure({ scenarios, runs, isRecorded }: BenchOptions): Promise<BenchResults> {
  const recorded = await recordedResults();
  const conditions = { machine: await thisMachine(), loadBefore: Deno.loadavg()[0]!, runs };
  const { machine } = conditions;
  console.log(`${machineText(machine)}${elsewhere(machine, recorded?.machine)}\n`);
  const measured: Record<string, ScenarioResults> = {};
  await using folder = await benchFolder();
  for (const scenario of scenarios) {
    const { name } = scenario;
    try {
      const results = await measuredScenario(scenario, runs, folder.path);
      measured[name] = results;
      console.log(`${scenarioText(name, results, recorded?.scenarios[name])}\n`);
      // At once: whoever ends half an hour of measuring in its middle keeps that much.
      if (isRecorded) await record({ ...conditions, scenarios: { [name]: results } });
    } catch (error) {
      console.error(`bench/run: ${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { ...conditions, scenarios: measured };
}

/** What keeps changes in percent from meaning much. */
function elsewhere(here: Machine, recorded: Machine | undefined): string {
  if (!recorded || machineText(recorded) === machineText(here)) return "";
  return `\nRecorded on another machine: ${machineText(recorded)}`;
}

/** Makes it what is compared with and what the document says; all else that is recorded stays. */
async function record(now: BenchResults): Promise<void> {
  const results = updated(await recordedResults(), now);
  await Deno.writeTextFile(RECORDED, JSON.stringify(results));
  await Deno.writeTextFile(
    DOCUMENT,
    withMeasured(await Deno.readTextFile(DOCUMENT), results),
  );
  const { code, stderr } = await runCommand(Deno.execPath(), ["fmt", RECORDED, DOCUMENT], {
    timeoutMs: FORMAT_MS_MAX,
  });
  if (code !== 0) throw new Error(stderr);
}

/** Where the engine spends its time in the first scenario that has it, for tools of a browser. */
async function profile(scenarios: readonly Scenario[]): Promise<void> {
  const scenario = scenarios.find(({ subjects }) => subjects.includes("engine"));
  if (!scenario) throw new Error("None of these scenarios is of the engine");
  await using disposables = new AsyncDisposableStack();
  await using unused = await benchFolder();
  const scene = await benchScene(scenario.server, unused.path, disposables);
  const { folder, name } = PROFILE;
  await measuredRun(
    engineCommand(scene, ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`]),
  );
  console.log(join(folder, name));
}

/** Exits with 0 where help is asked for, with 2 on arguments that cannot be meant. */
function optionsOrExit(args: readonly string[]): BenchOptions {
  if (args.includes("--help") || args.includes("--list")) {
    const list = SCENARIOS.map(({ name, about }) => `${name.padEnd(18)} ${about}`).join("\n");
    console.log(args.includes("--list") ? list : USAGE);
    Deno.exit(0);
  }
  try {
    return benchOptions(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`bench/run: ${error.message}`);
    Deno.exit(2);
  }
}

/** True if all of it could be measured. */
async function main(options: BenchOptions): Promise<boolean> {
  if (options.isProfiled) {
    await profile(options.scenarios);
    return true;
  }
  const results = await measure(options);
  console.log(goalsText(results));
  if (options.json) await Deno.writeTextFile(options.json, JSON.stringify(results, undefined, 2));
  return Object.keys(results.scenarios).length === options.scenarios.length;
}

if (import.meta.main) {
  Deno.chdir(new URL("../..", import.meta.url).pathname);
  try {
    if (!await main(optionsOrExit(Deno.args))) Deno.exit(1);
  } catch (error) {
    console.error(`bench/run: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
