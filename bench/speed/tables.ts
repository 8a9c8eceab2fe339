import { FIGURE_NAMES, FIGURES, figureText } from "./figures.ts";
import { GOALS, isReached } from "./goals.ts";
import { machineText } from "./machine.ts";
import { type BenchResults, changes, type ScenarioResults } from "./results.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Cells of a table, its head first. */
type Table = readonly (readonly string[])[];

/** What was measured of one scenario, and how it differs from what is recorded. */
export function scenarioText(
  name: string,
  now: ScenarioResults,
  recorded: ScenarioResults | undefined,
): string {
  const about = SCENARIOS.find((scenario) => scenario.name === name)?.about ?? "";
  return `${name}: ${about}\n${aligned(figuresTable({ [name]: now }, recorded).map(withoutFirst))}`;
}

/** Goals beside what was measured for them; empty where nothing was. */
export function goalsText(results: BenchResults): string {
  const table = goalsTable(results);
  return table.length > 1 ? aligned(table) : "";
}

/** The text with everything between markers `<!-- measured: NAME... -->` made anew of the results. */
export function withMeasured(text: string, results: BenchResults): string {
  return text.replace(
    /(<!-- measured: (.*?) -->\n).*?(<!-- \/measured -->)/gs,
    (_, open: string, names: string, close: string) =>
      `${open}\n${measured(names.split(" "), results)}\n\n${close}`,
  );
}

function measured(names: readonly string[], results: BenchResults): string {
  if (names[0] === "machine") return conditions(results);
  if (names[0] === "goals") return markdown(goalsTable(results));
  const scenarios = Object.fromEntries(
    names.flatMap((name) => {
      const found = results.scenarios[name];
      return found ? [[name, found]] : [];
    }),
  );
  return markdown(figuresTable(scenarios));
}

/** Where and how it was recorded. */
function conditions({ machine, runs, loadBefore }: BenchResults): string {
  const load = loadBefore.toFixed(1);
  const busy = loadBefore < machine.cores
    ? ""
    : `\n\n**The machine had other work** (load average ${load}): only ratios within a table mean much.`;
  return `${machineText(machine)}; medians of ${runs}.${busy}`;
}

/** A row for each subject; a column for each figure that any has. */
function figuresTable(
  scenarios: BenchResults["scenarios"],
  recorded: ScenarioResults = {},
): Table {
  const rows = Object.entries(scenarios).flatMap(([scenario, subjects]) =>
    Object.entries(subjects).map(([subject, figures]) => ({ scenario, subject, figures }))
  );
  const names = FIGURE_NAMES.filter((name) => rows.some(({ figures }) => name in figures));
  return [
    ["scenario", "measured", ...names.map((name) => FIGURES[name].title)],
    ...rows.map(({ scenario, subject, figures }) => {
      const changed = changes(figures, recorded[subject]);
      return [
        scenario,
        subject,
        ...names.map((name) => {
          const value = figures[name];
          if (value === undefined) return "";
          return `${figureText(name, value)}${changeText(changed[name])}`;
        }),
      ];
    }),
  ];
}

function changeText(percent: number | undefined): string {
  if (percent === undefined) return "";
  return ` (${percent < 0 ? "" : "+"}${percent.toFixed(0)} %)`;
}

function goalsTable(results: BenchResults): Table {
  const rows = GOALS.flatMap((goal) => {
    const value = goal.of(results);
    if (value === undefined) return [];
    const { about, bound, digits } = goal;
    const wanted = "atLeast" in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`;
    return [[about, wanted, value.toFixed(digits), isReached(goal, value) ? "yes" : "no"]];
  });
  return [["goal", "bound", "value", "reached"], ...rows];
}

/** Names to the left, numbers to the right. */
function aligned(table: Table): string {
  const widths = table[0]!.map((_, at) => Math.max(...table.map((row) => row[at]!.length)));
  return table.map((row) =>
    `  ${
      row.map((cell, at) => at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))
        .join("  ")
    }`.trimEnd()
  ).join("\n");
}

function markdown([head, ...rows]: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const isName = (title: string) => ["scenario", "measured", "goal"].includes(title);
  const rule = head!.map((title) => isName(title) ? "---" : "--:");
  return [line(head!), line(rule), ...rows.map(line)].join("\n");
}

function withoutFirst([, ...cells]: readonly string[]): readonly string[] {
  return cells;
}
