import assert from "node:assert/strict";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import type { Customer } from "./customer.ts";

/** One line of `check --json`. */
export interface CheckJson {
  readonly check: string;
  readonly of?: string;
  readonly verdict: "pass" | "warn" | "fail" | "skip";
  readonly finding: string;
  readonly code?: string;
  readonly remedy?: string;
}

/** What something wrong must be called, by `check` and by `run` alike. */
export interface Expected {
  readonly code: string;
  /** Of the line of `check` that fails. */
  readonly check: string;
  /** Part of what it says to do. */
  readonly remedy: RegExp;
  readonly exitCode: number;
  /** Of `run --once`; default as `check`. */
  readonly runExitCode?: number;
}

export interface DiagnosisOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Texts that may be in no output. */
  readonly secrets: readonly string[];
}

/** Runs `check --json` and yields its lines. */
export async function checkOf(
  { check }: Pick<Customer, "check">,
  { env = {}, secrets }: DiagnosisOptions,
): Promise<{ readonly code: number; readonly lines: readonly CheckJson[] }> {
  const run = await runAppliance([...check, "--json"], env);
  assertPresentable(run, secrets);
  assert.notEqual(run.stdout, "", run.stderr);
  return { code: run.code, lines: JSON.parse(run.stdout).checks };
}

/** `check` and `run --once` both name the cause, with what to do, and end as they should; yields both. */
export async function assertDiagnosed(
  customer: Pick<Customer, "check" | "run">,
  expected: Expected,
  options: DiagnosisOptions,
): Promise<{ readonly lines: readonly CheckJson[]; readonly run: Run }> {
  const { code, lines } = await checkOf(customer, options);
  const failed = lines.filter(({ verdict }) => verdict === "fail");
  const told = JSON.stringify(lines, undefined, 1);
  const line = failed.find((one) => one.code === expected.code);
  assert.ok(line, `${expected.code}: ${told}`);
  assert.equal(line.check, expected.check, told);
  assert.match(line.remedy ?? "", expected.remedy, told);
  assert.equal(code, expected.exitCode, told);
  const run = await runAppliance([...customer.run, "--once"], options.env ?? {});
  assertPresentable(run, options.secrets);
  const said = run.log.filter((logged) => logged.code === expected.code);
  assert.ok(said.some(({ hint }) => expected.remedy.test(String(hint))), run.stderr);
  assert.equal(run.code, expected.runExitCode ?? expected.exitCode, run.stderr);
  return { lines, run };
}
