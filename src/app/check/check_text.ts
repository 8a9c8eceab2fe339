import { visible } from "../../config/printable.ts";
import type { CheckLine } from "./check_line.ts";

const VERDICTS = { pass: "ok", warn: "WARN", fail: "FAIL", skip: "-" } as const;
const VERDICT_COLUMNS = 5;
const SUBJECT_COLUMNS = 12;

/** One thing that was looked at, for people: one line, and one more for what to do. */
export function checkLineText({ verdict, subject, of, finding, code, remedy }: CheckLine): string {
  const indent = " ".repeat(VERDICT_COLUMNS + SUBJECT_COLUMNS);
  const said = `${of === undefined ? "" : `${of}: `}${finding}${code ? ` (${code})` : ""}`;
  const line = VERDICTS[verdict].padEnd(VERDICT_COLUMNS) + subject.padEnd(SUBJECT_COLUMNS) +
    visible(said);
  return `${line}\n${remedy === undefined ? "" : `${indent}What to do: ${visible(remedy)}\n`}`;
}

/** The last line: how it stands. */
export function checkSummary(lines: readonly CheckLine[]): string {
  const count = (verdict: CheckLine["verdict"]) =>
    lines.filter((line) => line.verdict === verdict).length;
  const parts = [
    `${count("pass")} ok`,
    ...(count("warn") > 0 ? [`${count("warn")} to look at`] : []),
    ...(count("fail") > 0 ? [`${count("fail")} failed`] : []),
    ...(count("skip") > 0 ? [`${count("skip")} not tried`] : []),
  ];
  return `\n${count("fail") > 0 ? "Not ready" : "Ready"}: ${parts.join(", ")}.\n`;
}

/** All of it as one JSON document, keys in snake case as in all files of ours. */
export function checkJson(lines: readonly CheckLine[]): string {
  const document = {
    ok: lines.every(({ verdict }) => verdict !== "fail"),
    checks: lines.map(({ subject, of, verdict, finding, code, remedy }) => ({
      check: subject,
      of,
      verdict,
      finding,
      code,
      remedy,
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
