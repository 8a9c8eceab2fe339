import type {
  FolderDocument,
  SkippedEmailDocument,
  SkipsDocument,
} from "../status/status_document.ts";
import { element } from "./element.ts";
import { countText, sizeText } from "./format.ts";
import { timeElement } from "./time_element.ts";
import { folderNameOf, foreign } from "./words.ts";

/** Rows of one table; the rest is in `reinfer-ews status --url`. */
const ROWS_MAX = 100;

interface SkippedRow {
  readonly path: readonly string[];
  readonly email: SkippedEmailDocument;
}

/** Emails on the record of a mailbox's folders, with why and when they are tried again. */
export function skippedTable(
  title: string,
  folders: readonly FolderDocument[],
  skipsOf: (folder: FolderDocument) => SkipsDocument,
  now: Date,
): HTMLElement | undefined {
  const total = folders.reduce((sum, folder) => sum + skipsOf(folder).count, 0);
  if (total === 0) return undefined;
  const rows = folders.flatMap((folder) =>
    skipsOf(folder).emails.map((email): SkippedRow => ({ path: folder.path, email }))
  ).slice(0, ROWS_MAX);
  const id = title.toLowerCase().replaceAll(" ", "-");
  return element(
    "section",
    { "aria-labelledby": id },
    element("h2", { id }, `${title} `, element("span", { class: "count" }, countText(total))),
    element(
      "table",
      { class: "skipped-emails" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col" }, "Folder"),
          element("th", { scope: "col", class: "wide-only" }, "Received"),
          element("th", { scope: "col", class: "number wide-only" }, "Size"),
          element("th", { scope: "col" }, "Why"),
          element("th", { scope: "col", class: "wide-only" }, "Next try"),
        ),
      ),
      element("tbody", {}, ...rows.map((row) => emailRow(row, now))),
    ),
    rows.length < total &&
      element("p", { class: "note" }, `The first ${countText(rows.length)} are shown.`),
  );
}

function emailRow({ path, email }: SkippedRow, now: Date): HTMLElement {
  const { received_at: received, size, code, reason, next_retry: next, id } = email;
  const receivedAt = () => received === undefined ? "unknown" : timeElement(received, now);
  const nextTry = () => next === undefined ? "on demand only" : timeElement(next, now);
  const sizeWords = size === undefined ? "unknown" : sizeText(size);
  return element(
    "tr",
    { "data-key": email.item_id },
    element("td", { class: "path" }, folderNameOf(path)),
    element("td", { class: "wide-only" }, receivedAt()),
    element("td", { class: "number wide-only" }, sizeWords),
    element(
      "td",
      { class: "why" },
      element("code", {}, code),
      element("p", {}, foreign(reason)),
      id !== undefined && element("p", { class: "also" }, foreign(id)),
      element(
        "p",
        { class: "narrow-only" },
        "received ",
        receivedAt(),
        ` · ${sizeWords} · next try `,
        nextTry(),
      ),
    ),
    element("td", { class: "wide-only" }, nextTry()),
  );
}
