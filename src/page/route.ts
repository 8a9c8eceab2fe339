export const FILTERS = ["all", "problems", "behind"] as const;
export const SORTS = [
  "urgency",
  "mailbox",
  "synced_until",
  "left",
  "delivered",
  "skipped",
] as const;

export type Filter = (typeof FILTERS)[number];
export type Sort = (typeof SORTS)[number];

/** Mailboxes on one page of the table. */
export const PAGE_ROWS = 50;

/** What the page shows; all of it is in the address, so that it can be kept and sent. */
export type Route = OverviewRoute | { readonly view: "mailbox"; readonly number: number };

export interface OverviewRoute {
  readonly view: "overview";
  readonly search: string;
  readonly show: Filter;
  readonly sort: Sort;
  readonly descending: boolean;
  readonly offset: number;
}

export const OVERVIEW: OverviewRoute = {
  view: "overview",
  search: "",
  show: "all",
  sort: "urgency",
  descending: false,
  offset: 0,
};

/** What the fragment of an address asks for; whatever is not understood counts as not given. */
export function routeOf(hash: string): Route {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const number = wholeNumber(params.get("mailbox"));
  if (number !== undefined) return { view: "mailbox", number };
  return {
    view: "overview",
    search: params.get("search") ?? "",
    show: FILTERS.find((filter) => filter === params.get("show")) ?? OVERVIEW.show,
    sort: SORTS.find((sort) => sort === params.get("sort")) ?? OVERVIEW.sort,
    descending: params.get("order") === "desc",
    offset: wholeNumber(params.get("offset")) ?? 0,
  };
}

/** The fragment that shows it. */
export function hashOf(route: Route): string {
  if (route.view === "mailbox") return `#mailbox=${route.number}`;
  // Never empty: a bare "#" would jump to the top of the page.
  return `#${paramsOf(route) || "show=all"}`;
}

/** The query of `/status.json` that answers it. */
export function queryOf(route: Route): string {
  if (route.view === "mailbox") return `mailbox=${route.number}`;
  const query = new URLSearchParams(paramsOf(route));
  query.set("limit", String(PAGE_ROWS));
  return query.toString();
}

function paramsOf({ search, show, sort, descending, offset }: OverviewRoute): string {
  const params = new URLSearchParams();
  if (search !== "") params.set("search", search);
  if (show !== OVERVIEW.show) params.set("show", show);
  if (sort !== OVERVIEW.sort) params.set("sort", sort);
  if (descending) params.set("order", "desc");
  if (offset > 0) params.set("offset", String(offset));
  return params.toString();
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}
