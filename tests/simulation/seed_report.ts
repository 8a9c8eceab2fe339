import { checkOutcome } from "./check_outcome.ts";
import { nothingSeen, type Seen } from "./seen.ts";
import { simulate } from "./simulation.ts";
import type { Violation } from "./violation.ts";

/** What one seed came to. */
export interface SeedReport {
  readonly seed: number;
  readonly emails: number;
  readonly violations: readonly Violation[];
  readonly seen: Seen;
  /** Of a seed that failed; else empty. */
  readonly log: readonly string[];
}

/** Runs a seed to its end and checks it. What ends the simulation itself is a violation, too. */
export async function reportOf(seed: number): Promise<SeedReport> {
  try {
    const outcome = await simulate(seed);
    const violations = checkOutcome(outcome);
    const { emails, seen, log } = outcome;
    return { seed, emails: emails.length, violations, seen, log: violations.length > 0 ? log : [] };
  } catch (error) {
    const details = error instanceof Error ? error.stack ?? error.message : String(error);
    const violations = [{ property: "P6", details }] as const;
    return { seed, emails: 0, violations, seen: nothingSeen(), log: [] };
  }
}
