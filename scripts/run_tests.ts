/** Runs the gate, the build and every group of tests, and adds up. See `scripts/test`. */
import { join } from "node:path";
import { runCommand } from "./run_command.ts";
import { planTests, type TestRun } from "./test_plan.ts";
import { addTotals, groupTotals, NO_TESTS, type TestTotals, totalsLine } from "./test_totals.ts";

const REPORTS = join("build", "test");
const GATE_MS_MAX = 300_000;
const BUILD_MS_MAX = 900_000; // the first one may download a runtime

/** One stage of the run, for people. */
interface Stage {
  readonly name: string;
  readonly ok: boolean;
  readonly note: string;
  /** Shown if it failed. */
  readonly output: string;
}

async function main(args: readonly string[]): Promise<boolean> {
  const { whole, runs } = planTests(args, await testFiles());
  await Deno.mkdir(REPORTS, { recursive: true });
  const stages: Stage[] = [];
  const enter = async (name: string, work: () => Promise<Omit<Stage, "name">>) => {
    const startedMs = performance.now();
    const stage = { name, ...await work() };
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    if (!stage.ok) console.log(stage.output.trimEnd());
    console.log(`${name}: ${stage.note} in ${seconds} s`);
    stages.push(stage);
  };

  const needsBuild = runs.some(({ group }) => group.needsBuild);
  await Promise.all([
    ...(whole
      ? [enter("gate", () => command("deno", ["task", "--quiet", "ok"], GATE_MS_MAX))]
      : []),
    ...(whole || needsBuild
      ? [enter("build", () => command("scripts/build", [], BUILD_MS_MAX))]
      : []),
  ]);
  let totals = NO_TESTS;
  for (const run of runs) {
    await enter(run.group.name, async () => {
      const { output, totals: ofRun } = await runGroup(run);
      totals = addTotals(totals, ofRun);
      const { passed, failed } = ofRun;
      return { ok: failed === 0, note: `${passed} passed, ${failed} failed`, output };
    });
  }
  return summarize(totals, stages);
}

/** The repository's test files, sorted. */
async function testFiles(): Promise<readonly string[]> {
  const files: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await visit(path);
      else if (path.endsWith("_test.ts")) files.push(path);
    }
  };
  for (const folder of ["bench", "scripts", "src", "tests"]) await visit(folder);
  return files.sort();
}

async function command(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<Omit<Stage, "name">> {
  const { code, stdout, stderr } = await runCommand(program, args, { timeoutMs });
  return { ok: code === 0, note: code === 0 ? "passed" : "FAILED", output: `${stdout}${stderr}` };
}

async function runGroup(
  { group, files, filter }: TestRun,
): Promise<{ readonly output: string; readonly totals: TestTotals }> {
  const report = join(REPORTS, `${group.name}.xml`);
  await Deno.remove(report).catch(() => undefined);
  const args = [
    "test",
    "--quiet",
    "--parallel",
    "--no-check", // the gate has checked every file
    "--no-prompt",
    "--cached-only", // no test may depend on a network
    `--junit-path=${report}`,
    ...(filter === undefined ? [] : [`--filter=${filter}`]),
    ...group.permissions,
    ...files,
  ];
  const { code, stdout, stderr } = await runCommand(Deno.execPath(), args, {
    env: { NO_COLOR: "1", ...(group.jobs === undefined ? {} : { DENO_JOBS: String(group.jobs) }) },
    timeoutMs: group.timeoutMs,
  });
  const timedOut = code === 124 ? `Stopped after ${group.timeoutMs / 1_000} s\n` : "";
  const everything = `${stdout}${stderr}${timedOut}`;
  await Deno.writeTextFile(join(REPORTS, `${group.name}.log`), everything);
  const junit = await Deno.readTextFile(report).catch(() => undefined);
  return { output: failures(everything), totals: groupTotals(junit, code) };
}

/** What `deno test` printed from its list of errors on; all of it if it did not get that far. */
function failures(output: string): string {
  const start = output.indexOf("\n ERRORS \n");
  return start < 0 ? output : output.slice(start);
}

/** Prints what was skipped and the totals; true if all is well. */
function summarize(totals: TestTotals, stages: readonly Stage[]): boolean {
  for (const name of totals.skipped) console.log(`skipped: ${name}`);
  const failed = stages.filter(({ ok }) => !ok).map(({ name }) => name);
  const ran = totals.passed + totals.failed > 0;
  if (!ran) console.log("No test ran");
  if (failed.length > 0) console.log(`FAILED: ${failed.join(", ")}`);
  console.log(totalsLine(totals));
  return ran && failed.length === 0;
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url).pathname);
  try {
    if (!await main(Deno.args)) Deno.exit(1);
  } catch (error) {
    console.error(`scripts/test: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
