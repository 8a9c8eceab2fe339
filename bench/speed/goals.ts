import type { FigureName } from "./figures.ts";
import type { BenchResults } from "./results.ts";

/** What was aimed at, and how it is worked out. */
export interface Goal {
  readonly about: string;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
  /** Behind the point. */
  readonly digits: number;
  /** Nothing where it was not measured. */
  of(results: BenchResults): number | undefined;
}

export const GOALS: readonly Goal[] = [
  {
    about: "engine: times as fast as exchangelib with its reader patched, 0 ms",
    bound: { atLeast: 2.5 },
    digits: 2,
    of: ratioOf("emailsPerS", ["engine-0ms", "engine"], ["engine-0ms", "exchangelib-patched"]),
  },
  {
    about: "the same, 30 ms",
    bound: { atLeast: 2.5 },
    digits: 2,
    of: ratioOf("emailsPerS", ["engine-30ms", "engine"], ["engine-30ms", "exchangelib-patched"]),
  },
  {
    about: "engine: share of the bare client, 0 ms",
    bound: { atLeast: 0.6 },
    digits: 2,
    of: ratioOf("emailsPerS", ["engine-0ms", "engine"], ["engine-0ms", "bare"]),
  },
  {
    about: "the same, 30 ms",
    bound: { atLeast: 0.6 },
    digits: 2,
    of: ratioOf("emailsPerS", ["engine-30ms", "engine"], ["engine-30ms", "bare"]),
  },
  {
    about: "local files over NTLM and TLS: share of a bare loop of write, fsync and rename",
    bound: { atLeast: 0.8 },
    digits: 2,
    of: ratioOf("emailsPerS", ["local", "local"], ["local", "disk"]),
  },
  {
    about: "peak of memory into any sink, mix and emails of 150 MB, MiB",
    bound: { atMost: 128 },
    digits: 0,
    of: largest("peakMib", [
      ["local", "local"],
      ["local-plain", "local"],
      ["local-oauth", "local"],
      ["platform", "platform"],
      ["azurite", "azurite"],
      ["huge", "local"],
      ["huge-platform", "platform"],
      ["huge-azurite", "azurite"],
    ]),
  },
  {
    about: "500 idle mailboxes of 20 folders, polled every 15 s: processors",
    bound: { atMost: 0.05 },
    digits: 3,
    of: figureOf("idleCpu", ["idle", "idle"]),
  },
  {
    about: "start to first request, ms",
    bound: { atMost: 250 },
    digits: 0,
    of: figureOf("coldStartMs", ["start", "start"]),
  },
  ...(["emails", "mailboxes", "folders"] as const).flatMap((what): readonly Goal[] => [
    {
      about: `10 times the ${what}: times the processor time`,
      bound: { atMost: 11 },
      digits: 1,
      of: ratioOf("cpuS", [`linear-${what}`, "engine"], ["linear-1", "engine"]),
    },
    {
      about: `10 times the ${what}: times the memory`,
      bound: { atMost: 1.1 },
      digits: 2,
      of: ratioOf("peakMib", [`linear-${what}`, "engine"], ["linear-1", "engine"]),
    },
  ]),
];

/** Whether a goal is reached by what was measured for it. */
export function isReached({ bound }: Goal, value: number): boolean {
  return "atLeast" in bound ? value >= bound.atLeast : value <= bound.atMost;
}

/** Scenario and subject. */
type Place = readonly [scenario: string, subject: string];

function figureOf(name: FigureName, [scenario, subject]: Place): Goal["of"] {
  return ({ scenarios }) => scenarios[scenario]?.[subject]?.[name];
}

function ratioOf(name: FigureName, one: Place, other: Place): Goal["of"] {
  return (results) => {
    const [dividend, divisor] = [figureOf(name, one)(results), figureOf(name, other)(results)];
    return dividend === undefined || !divisor ? undefined : dividend / divisor;
  };
}

function largest(name: FigureName, places: readonly Place[]): Goal["of"] {
  return (results) => {
    const values = places.flatMap((place) => figureOf(name, place)(results) ?? []);
    return values.length === 0 ? undefined : Math.max(...values);
  };
}
