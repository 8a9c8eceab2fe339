import { FIGURE_NAMES, type FigureName, type Figures } from "./figures.ts";
import type { Machine } from "./machine.ts";

/** Figures of the subjects of one scenario, by name. */
export type ScenarioResults = Readonly<Record<string, Figures>>;

/** What was measured, and where. */
export interface BenchResults {
  readonly machine: Machine;
  /** Processes that wanted a processor before the first scenario, on average over a minute. */
  readonly loadBefore: number;
  /** Runs that medians are of, where a scenario has no number of its own. */
  readonly runs: number;
  /** By the name of the scenario. */
  readonly scenarios: Readonly<Record<string, ScenarioResults>>;
}

/** What later runs are compared with. */
export const RECORDED = "bench/results.json";

/** The recorded run; nothing where none is. */
export async function recordedResults(): Promise<BenchResults | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(RECORDED));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * How much each figure has changed, in percent of what is recorded; those that are in both, and were
 * not 0.
 */
export function changes(now: Figures, recorded: Figures | undefined): Figures {
  const entries = FIGURE_NAMES.flatMap((name): readonly (readonly [FigureName, number])[] => {
    const [value, before] = [now[name], recorded?.[name]];
    if (value === undefined || !before) return [];
    return [[name, (value / before - 1) * 100]];
  });
  return Object.fromEntries(entries);
}

/** The recorded run with everything in its place that was measured now. */
export function updated(recorded: BenchResults | undefined, now: BenchResults): BenchResults {
  return { ...now, scenarios: { ...recorded?.scenarios, ...now.scenarios } };
}
