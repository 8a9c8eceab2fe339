/** What can be measured of a run; which of it depends on the subject. */
export const FIGURES = {
  /** Without the start of the process. */
  emailsPerS: { title: "emails/s", digits: 0, better: "higher" },
  /** MIME content, MB of 10^6 bytes. */
  mbPerS: { title: "MB/s", digits: 1, better: "higher" },
  /** Processor time of the whole process, its start included. */
  cpuPer1000: { title: "CPU s/1,000", digits: 2, better: "lower" },
  cpuS: { title: "CPU s", digits: 2, better: "lower" },
  peakMib: { title: "peak MiB", digits: 0, better: "lower" },
  requestsPer1000: { title: "requests/1,000", digits: 0, better: "lower" },
  /** From the start of the process until the first content has left the server whole. */
  firstMs: { title: "first email ms", digits: 0, better: "lower" },
  /** Contents that left the server although they had before. */
  fetchedAgain: { title: "fetched again", digits: 0, better: "lower" },
  /** Share of one processor. */
  idleCpu: { title: "CPUs idle", digits: 3, better: "lower" },
  /** From the start of the process until its first request is at the server, median of ten. */
  coldStartMs: { title: "cold start ms", digits: 0, better: "lower" },
  /** MB of 10^6 bytes. */
  binaryMb: { title: "binary MB", digits: 1, better: "lower" },
} as const satisfies Record<string, FigureKind>;

interface FigureKind {
  readonly title: string;
  /** Behind the point. */
  readonly digits: number;
  readonly better: "higher" | "lower";
}

export type FigureName = keyof typeof FIGURES;

/** Figures of one run, or the medians of several. */
export type Figures = { readonly [name in FigureName]?: number };

/** All kinds in the order of the columns. */
export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

/** The middle value, or the mean of the two in the middle. @throws RangeError for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("There is no median of nothing");
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Each figure by itself: the runs that are in the middle may be different ones. */
export function medians(runs: readonly Figures[]): Figures {
  const entries = FIGURE_NAMES.flatMap((name) => {
    const values = runs.flatMap((run) => run[name] ?? []);
    return values.length === 0 ? [] : [[name, median(values)] as const];
  });
  return Object.fromEntries(entries);
}

/** As it is shown: with the digits of its kind, or more where it is small, and commas. */
export function figureText(name: FigureName, value: number): string {
  const isSmall = value < 10 && !Number.isInteger(value);
  const digits = Math.max(FIGURES[name].digits, isSmall ? 2 : 0);
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
