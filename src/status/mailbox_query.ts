import type { Detail } from "./detail.ts";
import { isProblem, MAILBOX_STATES, type MailboxSummary } from "./mailbox_summary.ts";

const SHOWN = ["all", "problems", "behind"] as const;
const SORTS = ["urgency", "mailbox", "synced_until", "left", "delivered", "skipped"] as const;

/** Mailboxes in one document. */
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 250;
/** With their folders. */
const LIMIT_WITH_FOLDERS_MAX = 25;
const SEARCH_CHARACTERS_MAX = 200;

/** Which mailboxes a request asks for, and in which order. */
export interface MailboxQuery {
  /** Only this one. */
  readonly number?: number;
  /** Part of an address, or all of a number or of a failure's code. */
  readonly search: string;
  readonly show: (typeof SHOWN)[number];
  readonly sort: (typeof SORTS)[number];
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
  readonly withFolders: boolean;
}

/**
 * What the query of a URL asks for; whatever is not understood counts as not given: `mailbox` (a
 * number), `search`, `show`, `sort`, `order` (`asc`, `desc`), `offset`, `limit`, `folders` (`1`).
 */
export function mailboxQueryOf(params: URLSearchParams): MailboxQuery {
  const number = wholeNumber(params.get("mailbox"));
  const sort = oneOf(SORTS, params.get("sort"));
  const withFolders = number !== undefined || params.get("folders") === "1";
  const limitMax = withFolders ? LIMIT_WITH_FOLDERS_MAX : LIMIT_MAX;
  const limit = wholeNumber(params.get("limit")) ?? LIMIT_DEFAULT;
  return {
    ...(number === undefined ? {} : { number }),
    search: (params.get("search") ?? "").trim().slice(0, SEARCH_CHARACTERS_MAX).toLowerCase(),
    show: oneOf(SHOWN, params.get("show")),
    sort,
    descending: params.get("order") === "desc",
    offset: wholeNumber(params.get("offset")) ?? 0,
    limit: Math.min(Math.max(1, limit), limitMax),
    withFolders,
  };
}

/** The mailboxes that match, in order. A summary tells nothing by what it finds or how it sorts. */
export function matching(
  summaries: readonly MailboxSummary[],
  query: MailboxQuery,
  detail: Detail,
): readonly MailboxSummary[] {
  const { number, search, show, sort, descending } = query;
  if (number !== undefined) return summaries.slice(Math.max(0, number - 1), number);
  const found = summaries.filter((summary) =>
    isShown(summary, show) && (search === "" || isFound(summary, search, detail))
  );
  const compare = comparatorOf(sort, detail);
  const sign = descending ? -1 : 1;
  return found.toSorted((a, b) => sign * compare(a, b) || a.number - b.number);
}

function isShown(summary: MailboxSummary, show: MailboxQuery["show"]): boolean {
  switch (show) {
    case "all":
      return true;
    case "problems":
      return isProblem(summary);
    case "behind":
      return summary.folders.behind > 0;
  }
}

function isFound(summary: MailboxSummary, search: string, detail: Detail): boolean {
  const { record, number, skippedByCode } = summary;
  const { mailbox: { address }, condition, throttle, folders } = record;
  if (detail === "full" && address.includes(search)) return true;
  const codes = [
    condition.error?.code,
    throttle?.error.code,
    ...skippedByCode.keys(),
    ...[...folders.values()].map(({ failure }) => failure?.error.code),
  ];
  return String(number) === search || codes.some((code) => code?.toLowerCase() === search);
}

type Comparator = (a: MailboxSummary, b: MailboxSummary) => number;

function comparatorOf(sort: MailboxQuery["sort"], detail: Detail): Comparator {
  switch (sort) {
    case "urgency":
      return (a, b) => urgencyOf(a) - urgencyOf(b);
    case "mailbox":
      return detail === "full" ? byAddress : (a, b) => a.number - b.number;
    case "synced_until":
      return (a, b) => (a.syncedUntil?.getTime() ?? 0) - (b.syncedUntil?.getTime() ?? 0);
    case "left":
      return (a, b) => a.left - b.left;
    case "delivered":
      return (a, b) => a.deliveredLastHour - b.deliveredLastHour;
    case "skipped":
      return (a, b) => a.skipped - b.skipped;
  }
}

function byAddress(a: MailboxSummary, b: MailboxSummary): number {
  const [one, other] = [a.record.mailbox.address, b.record.mailbox.address];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Small is urgent: states in their order, within each what has a problem of another kind. */
function urgencyOf(summary: MailboxSummary): number {
  return MAILBOX_STATES.indexOf(summary.state) + (isProblem(summary) ? -MAILBOX_STATES.length : 0);
}

function oneOf<const T extends string>(choices: readonly [T, ...T[]], text: string | null): T {
  return choices.find((choice) => choice === text) ?? choices[0];
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}
