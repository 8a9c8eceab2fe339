import type { MailboxDocument, StatusDocument } from "../status/status_document.ts";
import { type Child, element } from "./element.ts";
import { countedText, countText } from "./format.ts";
import { type Filter, FILTERS, hashOf, type OverviewRoute, PAGE_ROWS, type Sort } from "./route.ts";
import { timeElement } from "./time_element.ts";
import { mailboxNameOf, mailboxStateOf, stateWord } from "./words.ts";

interface Column {
  readonly sort: Sort;
  readonly title: string;
  readonly isNumber?: boolean;
  /** Which way a first choice of the column sorts. */
  readonly descending?: boolean;
}

const COLUMNS: readonly Column[] = [
  { sort: "mailbox", title: "Mailbox" },
  { sort: "urgency", title: "State" },
  { sort: "synced_until", title: "Synced until" },
  { sort: "left", title: "To list", isNumber: true, descending: true },
  { sort: "delivered", title: "Last hour", isNumber: true, descending: true },
  { sort: "skipped", title: "Skipped", isNumber: true, descending: true },
];

const FILTER_TITLES: Readonly<Record<Filter, string>> = {
  all: "All",
  problems: "Problems",
  behind: "Behind",
};

/** The mailboxes of one page with what finds, filters and sorts them. */
export function mailboxTable(
  status: StatusDocument,
  route: OverviewRoute,
  now: Date,
): HTMLElement {
  const { mailboxes, page, totals } = status;
  return element(
    "section",
    { class: "mailboxes", "aria-labelledby": "mailboxes" },
    element(
      "div",
      { class: "toolbar" },
      element(
        "h2",
        { id: "mailboxes" },
        "Mailboxes ",
        element("span", { class: "count" }, countText(totals.mailboxes)),
      ),
      searchField(status, route),
      filters(route, totals.with_problem),
      sortChoice(route),
    ),
    mailboxes.length === 0
      ? element("p", { class: "empty" }, nothingFound(status, route))
      : element(
        "table",
        {},
        element("caption", { class: "visually-hidden" }, "Mailboxes, one row each"),
        element("thead", {}, element("tr", {}, ...COLUMNS.map((column) => header(column, route)))),
        element("tbody", {}, ...mailboxes.map((mailbox) => row(mailbox, now))),
      ),
    pages(page.matching, route),
  );
}

function searchField({ detail }: StatusDocument, { search }: OverviewRoute): HTMLElement {
  const what = detail === "full" ? "Address, number or code" : "Number or code";
  return element(
    "label",
    { class: "search" },
    element("span", { class: "visually-hidden" }, `Search mailboxes by ${what.toLowerCase()}`),
    element("input", {
      type: "search",
      id: "search",
      placeholder: what,
      value: search,
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 200,
    }),
  );
}

function filters(route: OverviewRoute, problems: number): HTMLElement {
  return element(
    "nav",
    { class: "filters", "aria-label": "Which mailboxes" },
    ...FILTERS.map((show) =>
      element(
        "a",
        {
          href: hashOf({ ...route, show, offset: 0 }),
          "aria-current": route.show === show ? "true" : undefined,
        },
        FILTER_TITLES[show],
        show === "problems" && problems > 0 &&
          element("span", { class: "badge" }, countText(problems)),
      )
    ),
  );
}

/** Where the table has no room for its columns, their sorting is chosen here. */
function sortChoice({ sort, descending }: OverviewRoute): HTMLElement {
  const chosen = `${sort} ${descending ? "desc" : "asc"}`;
  return element(
    "label",
    { class: "sort-choice" },
    "Sort by ",
    element(
      "select",
      { id: "sort" },
      ...COLUMNS.map((column) => {
        const value = `${column.sort} ${column.descending ? "desc" : "asc"}`;
        return element("option", { value, selected: value === chosen }, column.title);
      }),
    ),
  );
}

function header(column: Column, route: OverviewRoute): HTMLElement {
  const isChosen = route.sort === column.sort;
  const descending = isChosen ? !route.descending : column.descending ?? false;
  const order = isChosen ? (route.descending ? "descending" : "ascending") : undefined;
  return element(
    "th",
    { scope: "col", class: columnClass(column), "aria-sort": order },
    element(
      "a",
      { href: hashOf({ ...route, sort: column.sort, descending, offset: 0 }) },
      column.title,
    ),
  );
}

function columnClass({ sort, isNumber }: Column): string {
  if (isNumber) return "number wide-only";
  return sort === "synced_until" ? "wide-only" : sort;
}

function row(mailbox: MailboxDocument, now: Date): HTMLElement {
  const { number, synced_until: until, left, delivered_last_hour: lastHour, skipped } = mailbox;
  const synced = until === undefined ? "not yet known" : timeElement(until, now);
  return element(
    "tr",
    { "data-key": `mailbox ${number}` },
    element(
      "th",
      { scope: "row", class: "mailbox" },
      element("a", { href: hashOf({ view: "mailbox", number }) }, mailboxNameOf(mailbox)),
      element("span", { class: "narrow-only" }, ...narrowWords(mailbox, now)),
    ),
    element("td", { class: "urgency" }, ...stateWords(mailbox, now)),
    element("td", { class: "wide-only" }, synced),
    element("td", { class: "number wide-only" }, atMost(left)),
    element("td", { class: "number wide-only" }, countText(lastHour)),
    element("td", { class: "number wide-only" }, countText(skipped)),
  );
}

/** What other columns say, where there is no room for them. */
function narrowWords(
  { synced_until: until, left, delivered_last_hour: lastHour, skipped }: MailboxDocument,
  now: Date,
): readonly Child[] {
  const words = [
    left > 0 && `${atMost(left)} to list`,
    lastHour > 0 && `${countText(lastHour)} last hour`,
    skipped > 0 && `${countText(skipped)} skipped`,
  ].filter((text) => text !== false);
  const parts: Child[] = until === undefined ? [] : ["until ", timeElement(until, now)];
  return words.flatMap((text) => [" · ", text]).reduce<Child[]>(
    (all, part) => all.length === 0 && part === " · " ? all : [...all, part],
    parts,
  );
}

/** State, its code, and when it ends by itself. */
export function stateWords(
  { state, condition, throttled, folder_counts: folders }: MailboxDocument,
  now: Date,
): readonly Child[] {
  const { text, tone } = mailboxStateOf(state);
  const until = condition.until ?? throttled?.until;
  return [
    stateWord(text, throttled && tone !== "error" ? "warning" : tone),
    condition.error && element("code", {}, condition.error.code),
    throttled && !condition.error && element("span", { class: "also" }, "throttled"),
    folders.failing > 0 && !condition.error &&
    element("span", { class: "also" }, `${countedText(folders.failing, "folder")} failing`),
    until !== undefined &&
    element(
      "span",
      { class: "also" },
      condition.until ? "next try " : "until ",
      timeElement(until, now),
    ),
  ];
}

function atMost(left: number): string {
  return left === 0 ? "0" : `≤ ${countText(left)}`;
}

function nothingFound({ totals }: StatusDocument, { search, show }: OverviewRoute): string {
  if (totals.mailboxes === 0) return "There are no mailboxes here.";
  if (search !== "") return `No mailbox matches “${search}”.`;
  return show === "problems" ? "No mailbox has a problem." : "No mailbox is behind.";
}

function pages(matching: number, route: OverviewRoute): HTMLElement {
  const { offset } = route;
  const last = Math.min(matching, offset + PAGE_ROWS);
  const range = matching === 0
    ? ""
    : `${countText(Math.min(offset + 1, matching))}–${countText(last)} of ${countText(matching)}`;
  const step = (title: string, to: number) =>
    element("a", { href: hashOf({ ...route, offset: to }) }, title);
  if (matching <= PAGE_ROWS && offset === 0) return element("p", { class: "pages" }, range);
  return element(
    "nav",
    { class: "pages", "aria-label": "Pages of mailboxes" },
    offset > 0 && step("Previous", Math.max(0, offset - PAGE_ROWS)),
    element("span", {}, range),
    last < matching && step("Next", offset + PAGE_ROWS),
  );
}
