import type { Counts, Seen } from "./seen.ts";
import type { SeedReport } from "./seed_report.ts";
import { PROPERTIES, type Property } from "./violation.ts";

/** What a number of seeds came to together. */
export interface Totals {
  readonly seeds: number;
  readonly emails: number;
  readonly seen: Seen;
  readonly failed: readonly SeedReport[];
  readonly tookMs: number;
}

/** Violations of one seed that are shown; the rest mostly follows from them. */
const SHOWN_MAX = 5;

/** What a seed failed by, and the command that shows it again. */
export function failureText({ seed, violations }: SeedReport): string {
  const shown = violations.slice(0, SHOWN_MAX).map(({ property, details }) =>
    `  ${property} ${details}`
  );
  const more = violations.length - shown.length;
  return [
    `seed ${seed} fails: ${replayCommand(seed)}`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join("\n");
}

/** Replays a seed exactly and prints its log. */
export function replayCommand(seed: number): string {
  return `deno task simulate --seeds 1 --from ${seed}`;
}

/** The tables of a whole run. */
export function totalsText({ seeds, emails, seen, failed, tookMs }: Totals): string {
  return [
    table("Faults injected", countRows(groupedByPlace(seen.faults))),
    table("Events", countRows(seen.events)),
    table("Reactions", reactionRows(seen.reactions)),
    table("Properties", propertyRows(seeds, failed)),
    `${seeds} seeds, ${failed.length} failed; ${emails} emails checked; ` +
    `${Math.round(tookMs / 1_000)} s`,
  ].join("\n\n");
}

/** Faults of servers by their place, with the number of ways; others as they are. */
function groupedByPlace(faults: Counts): Counts {
  const groups = Map.groupBy(faults, ([name]) => placeOf(name));
  return new Map([...groups].map(([place, ways]) => {
    const total = ways.reduce((sum, [, count]) => sum + count, 0);
    const isTold = ways.length === 1 && ways[0]![0] === place;
    return [isTold ? place : `${place}, in ${ways.length} ways`, total];
  }));
}

function placeOf(name: string): string {
  return /^(?:EWS|Graph) [^:]+/.exec(name)?.[0] ?? name;
}

function countRows(counts: Counts): readonly Row[] {
  return byCount(counts).map(([name, count]) => [name, String(count)]);
}

function reactionRows(reactions: Counts): readonly Row[] {
  return byCount(reactions).map(([name, count]): Row => [name, String(count)])
    .toSorted(([a], [b]) => a < b ? -1 : 1);
}

function propertyRows(seeds: number, failed: readonly SeedReport[]): readonly Row[] {
  return (Object.keys(PROPERTIES) as Property[]).map((property): Row => {
    const broken = failed.filter(({ violations }) =>
      violations.some((violation) =>
        violation.property === property
      )
    ).length;
    return [`${property} ${PROPERTIES[property]}`, `${seeds - broken} of ${seeds}`];
  });
}

function byCount(counts: Counts): readonly (readonly [string, number])[] {
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

type Row = readonly [name: string, value: string];

function table(title: string, rows: readonly Row[]): string {
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  const lines = rows.map(([name, value]) =>
    `  ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}`
  );
  return [title, ...lines].join("\n");
}
