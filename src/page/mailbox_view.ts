import type { MailboxDocument, StatusDocument } from "../status/status_document.ts";
import { element } from "./element.ts";
import { figures } from "./figures.ts";
import { folderTable } from "./folder_table.ts";
import { countedText, countText, relativeText, sizeText } from "./format.ts";
import { hourChart } from "./hour_chart.ts";
import { stateWords } from "./mailbox_table.ts";
import { skippedTable } from "./skipped_table.ts";
import { clockElement, timeElement } from "./time_element.ts";
import { foreign, mailboxNameOf, remedy } from "./words.ts";

/** One mailbox: why it does not go on, if so, and every folder and skipped email of it. */
export function mailboxView(
  status: StatusDocument,
  { back, now }: { readonly back: string; readonly now: Date },
): readonly HTMLElement[] {
  const [mailbox] = status.mailboxes;
  const backLink = element("p", { class: "back" }, element("a", { href: back }, "All mailboxes"));
  if (!mailbox) {
    return [
      backLink,
      element("h1", { tabindex: -1 }, "No such mailbox"),
      element("p", { class: "empty" }, "The configuration has no mailbox of this number any more."),
    ];
  }
  const { folders = [], folder_counts: counts } = mailbox;
  const parts = [
    backLink,
    element("h1", { tabindex: -1 }, mailboxNameOf(mailbox)),
    element(
      "p",
      { class: "state" },
      ...stateWords(mailbox, now),
      element("span", { class: "also" }, "since ", timeElement(mailbox.condition.since, now)),
    ),
    reason(mailbox),
    element(
      "section",
      { class: "numbers", "aria-labelledby": "numbers" },
      element("h2", { id: "numbers", class: "visually-hidden" }, "Figures"),
      mailboxFigures(mailbox, now),
      hourChart(status.throughput),
    ),
    status.detail === "full" ? folderTable(folders, counts.total, now) : hidden(mailbox),
    skippedTable("Skipped emails", folders, ({ skipped }) => skipped, now),
    skippedTable("Rebuilt emails", folders, ({ rebuilt }) => rebuilt, now),
  ];
  return parts.filter((part) => part !== undefined);
}

function reason({ condition, throttled }: MailboxDocument): HTMLElement | undefined {
  const error = condition.error ?? throttled;
  if (error?.reason === undefined) return undefined;
  const tone = condition.phase === "suspended" ? "error" : "warning";
  return element(
    "div",
    { class: `reason ${tone}` },
    element("p", {}, foreign(error.reason)),
    error.hint !== undefined && remedy(error.hint),
  );
}

function mailboxFigures(mailbox: MailboxDocument, now: Date): HTMLElement {
  const { synced_until: until, last_success_at: success, folder_counts: folders } = mailbox;
  const { emails, left, skipped, rebuilt } = mailbox;
  return figures([
    {
      name: "Still to list",
      value: left === 0 ? "0" : `≤ ${countText(left)}`,
      note: `${countText(folders.behind)} of ${countedText(folders.total, "folder")} behind`,
    },
    {
      name: "Delivered",
      value: countText(emails.delivered),
      note: `${sizeText(emails.bytes)} since the start; ${
        countText(emails.already_stored)
      } already stored`,
    },
    {
      name: "Skipped",
      value: countText(skipped),
      note: rebuilt === 0 ? "on record" : `on record; ${countText(rebuilt)} rebuilt`,
    },
    {
      name: "Not to sync",
      value: countText(emails.ignored + emails.filtered),
      note: `${countText(emails.filtered)} kept out by lists; ${
        countText(emails.vanished)
      } vanished`,
    },
    {
      name: "Synced until",
      value: until === undefined ? "–" : relativeText(new Date(until), now),
      note: until === undefined ? "not yet known of all folders" : clockElement(until, now),
    },
    {
      name: "Last complete round",
      value: success === undefined ? "–" : relativeText(new Date(success), now),
      note: success === undefined ? "none in this process" : clockElement(success, now),
    },
    {
      name: "New mail",
      value: mailbox.listening ? "Listening" : "Polling",
      note: mailbox.listening
        ? "Exchange tells of what arrives"
        : "noticed when the next round begins",
    },
  ]);
}

/** What a summary has in place of the folders. */
function hidden({ skipped_by_code: codes }: MailboxDocument): HTMLElement {
  const list = Object.entries(codes).map(([code, count]) => `${code}: ${countText(count)}`);
  return element(
    "section",
    { "aria-labelledby": "folders" },
    element("h2", { id: "folders" }, "Folders"),
    element(
      "p",
      { class: "empty" },
      "Addresses, folders and reasons are not shown here (--status summary).",
      list.length > 0 && ` Skipped by code: ${list.join(", ")}.`,
    ),
  );
}
