import type { BrokenBackoff } from "./backoff_watch.ts";
import type { Comparison } from "./comparison.ts";
import { type MemorySample, slopeKibPerMinute } from "./memory_samples.ts";

/** Everything that a soak found out. */
export interface SoakFindings {
  readonly seed: number;
  readonly minutes: number;
  readonly sink: string;
  readonly kills: Readonly<Record<string, number>>;
  /** Faults that met a request, by server. */
  readonly faults: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What happened in the mailboxes. */
  readonly life: Readonly<Record<string, number>>;
  readonly mail: Comparison;
  /** Contents that left Exchange, those of deleted emails included. */
  readonly fetched: number;
  readonly backoffs: { readonly asked: number; readonly broken: readonly BrokenBackoff[] };
  /** Of each life of the appliance. */
  readonly memory: readonly (readonly MemorySample[])[];
  /** From the end of the faults until everything was there; absent: not in time. */
  readonly convergedAfterS?: number;
  /** Emails on the record of skips by then. */
  readonly skippedAtCalm: number;
  /** What went wrong otherwise. */
  readonly problems: readonly string[];
}

export interface MemoryReport {
  readonly peakMib: number;
  /** Absent: no life was long enough. */
  readonly slopeKibPerMinute?: number;
  /** Of the life that was looked at. */
  readonly minutes: number;
}

/** The program alone takes half of it; mail in work is bounded by `LIMITS.heldMimeBytesTotal`. */
const PEAK_MIB_MAX = 256;
/**
 * What is remembered of delivered emails, up to a bound that minutes do not reach, grows by some 250 KiB
 * a minute at the pace of a storm; the rest is for the collector, which settles slowly.
 */
const SLOPE_KIB_PER_MINUTE_MAX = 1_024;
/** Over a shorter life a slope is printed and nothing follows from it: caches are still filling. */
const SLOPE_MINUTES_MIN = 8;
const EXAMPLES = 5;

/** Peak over all lives, and how fast the longest one grew. */
export function memoryReport(lives: SoakFindings["memory"]): MemoryReport {
  const peakKib = Math.max(0, ...lives.flat().map(({ rssKib }) => rssKib));
  const longest = lives.reduce<readonly MemorySample[]>(
    (longest, life) => life.length > longest.length ? life : longest,
    [],
  );
  const slope = slopeKibPerMinute(longest);
  return {
    peakMib: Math.round(peakKib / 1024),
    minutes: Math.round((longest.at(-1)?.atMs ?? 0) / 6_000) / 10,
    ...(slope === undefined ? {} : { slopeKibPerMinute: Math.round(slope * 10) / 10 }),
  };
}

/** One sentence for each thing that is wrong; none: all is well. */
export function verdict(findings: SoakFindings): readonly string[] {
  const { mail, backoffs, problems, convergedAfterS } = findings;
  const { peakMib, slopeKibPerMinute: slope = 0, minutes } = memoryReport(findings.memory);
  return [
    ...found(mail.lost, "emails are lost"),
    ...found(mail.wrong, "emails are stored with other bytes"),
    ...found(mail.unknown, "emails are stored that never were"),
    ...found(backoffs.broken.map((one) => JSON.stringify(one)), "back-offs were not honoured"),
    ...(peakMib > PEAK_MIB_MAX ? [`Memory rose to ${peakMib} MiB of ${PEAK_MIB_MAX}`] : []),
    ...(minutes >= SLOPE_MINUTES_MIN && slope > SLOPE_KIB_PER_MINUTE_MAX
      ? [`Memory grows by ${slope} KiB a minute`]
      : []),
    ...(convergedAfterS === undefined ? ["It did not converge in time"] : []),
    ...problems,
  ];
}

function found(ids: readonly string[], what: string): readonly string[] {
  if (ids.length === 0) return [];
  return [`${ids.length} ${what}, such as ${ids.slice(0, EXAMPLES).join(", ")}`];
}

/** The findings as a table for people. */
export function reportText(findings: SoakFindings): string {
  const { mail, backoffs, fetched, convergedAfterS, skippedAtCalm } = findings;
  const memory = memoryReport(findings.memory);
  const rows: readonly (readonly [string, string | number])[] = [
    ["emails that must be there", mail.expected],
    ["emails stored", mail.stored],
    ["  compared byte for byte", mail.byteForByte],
    ["  rebuilt, and deleted before they could be had", mail.rebuilt],
    ["lost", mail.lost.length],
    ["with wrong bytes", mail.wrong.length],
    ["that never were", mail.unknown.length],
    ["stored once more under the same id", mail.again],
    ["contents fetched", fetched],
    ["back-offs asked for", backoffs.asked],
    ["back-offs not honoured", backoffs.broken.length],
    ["on the record of skips when calm came", skippedAtCalm],
    ["converged after, s", convergedAfterS ?? "never"],
    ["peak of memory, MiB", memory.peakMib],
    [
      `slope of memory, KiB/min (life of ${memory.minutes} min)`,
      memory.slopeKibPerMinute ?? "too short to tell",
    ],
  ];
  const sections = [
    ["Kills", Object.entries(findings.kills)],
    ["In the mailboxes", Object.entries(findings.life)],
    ...Object.entries(findings.faults).map(([server, met]) =>
      [`Faults of ${server} that met a request: ${sumOf(met)}`, Object.entries(met)] as const
    ),
    [`Result (seed ${findings.seed}, ${findings.minutes} min, ${findings.sink})`, rows],
  ] as const;
  return sections.map(([title, lines]) => `${title}\n${table(lines)}`).join("\n\n");
}

function table(rows: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${`${value}`.padStart(8)}`)
    .join("\n");
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
