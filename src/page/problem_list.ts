import type { ProblemDocument, StatusDocument } from "../status/status_document.ts";
import { type Child, element } from "./element.ts";
import { countedText, countText } from "./format.ts";
import { hashOf, OVERVIEW } from "./route.ts";
import { timeElement } from "./time_element.ts";
import { foreign, mailboxNameOf, mailboxStateOf, mark, remedy, type Tone } from "./words.ts";

/** So many are shown at once; the worst come first. */
const SHOWN_MAX = 4;

/** What an operator should look at, each with what to do; or that there is nothing. */
export function problemList({ problems, totals }: StatusDocument, now: Date): HTMLElement {
  if (problems.length === 0) {
    const all = totals.mailboxes === 0
      ? "This instance has no mailboxes: it is ready, and waits for a configuration that has some."
      : "Nothing needs attention.";
    return element("p", { class: "calm" }, mark("ok"), all);
  }
  const items = problems.map((problem) => problemItem(problem, now));
  const rest = items.slice(SHOWN_MAX);
  return element(
    "section",
    { class: "problems", "aria-labelledby": "problems" },
    element("h2", { id: "problems" }, "Needs attention"),
    element("ul", {}, ...items.slice(0, SHOWN_MAX)),
    rest.length > 0 &&
      element(
        "details",
        {},
        element("summary", {}, `${countText(rest.length)} more`),
        element("ul", {}, ...rest),
      ),
  );
}

function problemItem(problem: ProblemDocument, now: Date): HTMLElement {
  const { kind, code, reason, hint, severity } = problem;
  const tone: Tone = severity === "error" ? "error" : "warning";
  return element(
    "li",
    { class: tone, "data-key": `${kind} ${problem.what ?? ""} ${code}` },
    element(
      "h3",
      {},
      mark(tone),
      element("span", { class: "visually-hidden" }, severity === "error" ? "Error: " : "Warning: "),
      titleOf(problem),
      " ",
      element("code", {}, code),
    ),
    element(
      "div",
      { class: "cause" },
      reason !== undefined && element("p", {}, foreign(reason)),
      hint !== undefined && remedy(hint),
    ),
    details(problem, now),
  );
}

function titleOf({ kind, what, mailboxes = 0, count = 0 }: ProblemDocument): string {
  const concerned = countedText(mailboxes, "mailbox", "mailboxes");
  switch (kind) {
    case "not_ready":
      return `Not ready: ${what}`;
    case "skipped":
      return `${countedText(count, "email")} skipped in ${concerned}`;
    case "folders_failing":
      return `${countedText(count, "folder")} failing in ${concerned}`;
    case "throttled":
      return mailboxes === 0
        ? "Exchange throttles every mailbox"
        : `Exchange throttles ${concerned}`;
    default:
      return `${mailboxStateOf(kind).text}: ${concerned}`;
  }
}

/** Which mailboxes, since when, and until when it takes care of itself. */
function details(problem: ProblemDocument, now: Date): HTMLElement | undefined {
  const { since, until, mailboxes = 0 } = problem;
  const times: Child[] = [];
  if (since !== undefined) times.push("since ", timeElement(since, now));
  if (since !== undefined && until !== undefined) times.push(" · ");
  if (until !== undefined) times.push(untilWord(problem), timeElement(until, now));
  if (times.length === 0 && mailboxes === 0) return undefined;
  return element(
    "div",
    { class: "details" },
    mailboxes > 0 && element("p", {}, ...concernedLinks(problem)),
    times.length > 0 && element("p", {}, ...times),
  );
}

function concernedLinks({ examples = [], mailboxes = 0, code }: ProblemDocument): readonly Child[] {
  const links = examples.flatMap((example, index): Child[] => [
    index > 0 && ", ",
    element(
      "a",
      { href: hashOf({ view: "mailbox", number: example.number }) },
      mailboxNameOf(example),
    ),
  ]);
  const more = mailboxes - examples.length;
  if (more <= 0) return links;
  const all = hashOf({ ...OVERVIEW, search: code });
  return [...links, " and ", element("a", { href: all }, `${countText(more)} more`)];
}

function untilWord({ kind, what }: ProblemDocument): string {
  if (kind === "throttled") return "until ";
  return kind === "not_ready" && what === "service" ? "next step " : "next try ";
}
