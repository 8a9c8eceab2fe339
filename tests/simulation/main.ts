/** Runs the simulation from the command line: `deno task simulate [--seeds N] [--from S]`. */
import { parseArgs } from "node:util";
import { failureText, totalsText } from "./report_text.ts";
import { runSeeds } from "./run_seeds.ts";
import { addSeen, nothingSeen } from "./seen.ts";
import type { SeedReport } from "./seed_report.ts";

const USAGE = `deno task simulate [--seeds N] [--from S] [--fail-fast]

  --seeds N    how many seeds to run (default: 300); of a single one the log is shown
  --from S     the first of them (default: 0)
  --fail-fast  begin no other seed once one has failed`;

interface Options {
  readonly seeds: readonly number[];
  readonly failFast: boolean;
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "seeds": { type: "string", default: "300" },
      "from": { type: "string", default: "0" },
      "fail-fast": { type: "boolean", default: false },
    },
  });
  const [count, from] = [values.seeds, values.from].map((text) => {
    if (!/^\d{1,9}$/.test(text)) throw new Error(`"${text}" is no number`);
    return Number(text);
  }) as [number, number];
  if (count === 0) throw new Error("Of no seed nothing can be said");
  const seeds = Array.from({ length: count }, (_, index) => from + index);
  return { seeds, failFast: values["fail-fast"] };
}

/** Whether all of them passed. */
async function main({ seeds, failFast }: Options): Promise<boolean> {
  const startedMs = performance.now();
  const reports: SeedReport[] = [];
  const onReport = (report: SeedReport) => {
    reports.push(report);
    if (report.violations.length > 0) console.log(failureText(report));
  };
  await runSeeds(seeds, { onReport, failFast });
  const seen = nothingSeen();
  for (const report of reports) addSeen(seen, report.seen);
  const failed = reports.filter(({ violations }) => violations.length > 0);
  if (seeds.length === 1) { for (const { log } of failed) console.log(log.join("\n")); }
  console.log(totalsText({
    seeds: reports.length,
    emails: reports.reduce((sum, { emails }) => sum + emails, 0),
    seen,
    failed,
    tookMs: performance.now() - startedMs,
  }));
  return failed.length === 0;
}

if (import.meta.main) {
  let options: Options;
  try {
    options = optionsOf(Deno.args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    Deno.exit(2);
  }
  if (!await main(options)) Deno.exit(1);
}
