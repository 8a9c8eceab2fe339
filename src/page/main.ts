import { element } from "./element.ts";
import { countedText } from "./format.ts";
import { mailboxView } from "./mailbox_view.ts";
import { connectionNote, masthead } from "./masthead.ts";
import { morphChildren } from "./morph.ts";
import { overview } from "./overview.ts";
import {
  hashOf,
  OVERVIEW,
  type OverviewRoute,
  queryOf,
  type Route,
  routeOf,
  SORTS,
} from "./route.ts";
import { type FeedState, StatusFeed } from "./status_feed.ts";

/** After the last key typed into the search, ms. */
const SEARCH_PAUSE_MS = 200;

const feed = new StatusFeed({
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  timeout: (ms) => AbortSignal.timeout(ms),
}, render);

let route: Route = routeOf(location.hash);
/** Where the way back from a mailbox leads. */
let lastOverview: OverviewRoute = route.view === "overview" ? route : OVERVIEW;
/** What was asked for last, which the document on the page may not be the answer to yet. */
let shownQuery = "";
let announced = "";

function render(state: FeedState): void {
  const { now } = feed;
  morphChildren(byId("masthead"), masthead(state, now));
  morphChildren(byId("connection"), connectionNote(state, now));
  document.body.toggleAttribute("data-stale", state.lost !== undefined);
  if (state.document) {
    const isNew = shownQuery !== queryOf(route) && state.lost === undefined;
    const parts = route.view === "mailbox"
      ? mailboxView(state.document, { back: hashOf(lastOverview), now })
      : overview(state.document, route, now);
    morphChildren(byId("content"), parts);
    keepFields();
    if (isNew) enter(queryOf(route));
  } else if (state.lost !== undefined) {
    morphChildren(byId("content"), [
      element("p", { class: "empty" }, "The status will be here once the instance answers."),
    ]);
  }
  announce(state);
}

/** Fields say what the address says, unless somebody is at them. */
function keepFields(): void {
  const { search, sort, descending } = lastOverview;
  const values = { search, sort: `${sort} ${descending ? "desc" : "asc"}` };
  for (const [id, value] of Object.entries(values)) {
    const field = document.getElementById(id);
    const isField = field instanceof HTMLInputElement || field instanceof HTMLSelectElement;
    if (isField && field !== document.activeElement) field.value = value;
  }
}

/** After a step to another view: the reader and the keyboard begin at its heading. */
function enter(query: string): void {
  const isStep = shownQuery !== "" &&
    shownQuery.startsWith("mailbox=") !== query.startsWith("mailbox=");
  shownQuery = query;
  if (!isStep) return;
  scrollTo(0, 0);
  const target = route.view === "mailbox" ? document.querySelector("h1") : byId("content");
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

/** Tells a screen reader what has changed in the large, and the tab its title. */
function announce({ document: status, lost }: FeedState): void {
  const problems = status?.problems.length ?? 0;
  const words = problems === 0
    ? "Nothing needs attention."
    : `${countedText(problems, "problem")} ${problems === 1 ? "needs" : "need"} attention.`;
  document.title = lost !== undefined
    ? "Connection lost – reinfer-ews"
    : problems === 0
    ? "reinfer-ews"
    : `(${problems}) reinfer-ews`;
  if (words === announced || lost !== undefined) return;
  announced = words;
  byId("announcement").textContent = words;
}

function go(to: OverviewRoute, { replace }: { readonly replace: boolean }): void {
  const hash = hashOf(to);
  if (replace) history.replaceState(null, "", hash);
  else history.pushState(null, "", hash);
  follow();
}

function follow(): void {
  // The skip link leads to a part of the page, not to another view.
  if (location.hash === "#content") return;
  route = routeOf(location.hash);
  if (route.view === "overview") lastOverview = route;
  feed.follow(queryOf(route));
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found;
}

let searchTimer: ReturnType<typeof setTimeout> | undefined;
document.addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLInputElement) || target.id !== "search") return;
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => {
    go({ ...lastOverview, search: target.value.trim(), offset: 0 }, { replace: true });
  }, SEARCH_PAUSE_MS);
});

document.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLSelectElement) || target.id !== "sort") return;
  const [name, order] = target.value.split(" ");
  const sort = SORTS.find((sort) => sort === name) ?? OVERVIEW.sort;
  go({ ...lastOverview, sort, descending: order === "desc", offset: 0 }, { replace: false });
});

addEventListener("hashchange", follow);
document.addEventListener("visibilitychange", () => {
  // A page nobody looks at asks nothing.
  if (document.visibilityState === "visible") follow();
  else feed.pause();
});
follow();
