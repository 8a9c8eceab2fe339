/** How often something was seen, by its name. */
export type Counts = Map<string, number>;

/** What a run met, and what came of it. */
export interface Seen {
  /** What was made to fail, in which way. */
  readonly faults: Counts;
  /** What else happened to the appliance: crashes, phases, what it said of itself. */
  readonly events: Counts;
  /** Error codes and what followed from each, as `CODE: what the log says`. */
  readonly reactions: Counts;
}

export function nothingSeen(): Seen {
  return { faults: new Map(), events: new Map(), reactions: new Map() };
}

export function countIn(counts: Counts, name: string, count = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

/** Adds what was seen elsewhere. */
export function addSeen(total: Seen, more: Seen): void {
  for (const kind of ["faults", "events", "reactions"] as const) {
    for (const [name, count] of more[kind]) countIn(total[kind], name, count);
  }
}
