import type { FolderDocument } from "../status/status_document.ts";
import { element } from "./element.ts";
import { countText } from "./format.ts";
import { timeElement } from "./time_element.ts";
import { folderNameOf, folderStateOf, foreign, remedy, stateWord } from "./words.ts";

/** The folders of a mailbox; the instance has sorted those first that need a person. */
export function folderTable(
  folders: readonly FolderDocument[],
  total: number,
  now: Date,
): HTMLElement {
  return element(
    "section",
    { "aria-labelledby": "folders" },
    element(
      "h2",
      { id: "folders" },
      "Folders ",
      element("span", { class: "count" }, countText(total)),
    ),
    folders.length === 0
      ? element("p", { class: "empty" }, "No folder has been listed yet.")
      : element(
        "table",
        { class: "folders" },
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            element("th", { scope: "col" }, "Folder"),
            element("th", { scope: "col" }, "State"),
            element("th", { scope: "col", class: "wide-only" }, "Synced until"),
            element("th", { scope: "col", class: "number wide-only" }, "To list"),
            element("th", { scope: "col", class: "number wide-only" }, "Skipped"),
          ),
        ),
        element("tbody", {}, ...folders.map((folder) => row(folder, now))),
      ),
    folders.length > 0 && folders.length < total &&
      element("p", { class: "note" }, `${countText(folders.length)} folders are shown.`),
  );
}

function row(folder: FolderDocument, now: Date): HTMLElement {
  const { path, state, failure, synced_until: until, left = 0, skipped } = folder;
  const { text, tone } = folderStateOf(state);
  return element(
    "tr",
    {},
    element(
      "th",
      { scope: "row", class: "path" },
      folderNameOf(path),
      element(
        "span",
        { class: "narrow-only" },
        until === undefined ? "not yet synced" : "until ",
        until !== undefined && timeElement(until, now),
        left > 0 && ` · ≤ ${countText(left)} to list`,
        skipped.count > 0 && ` · ${countText(skipped.count)} skipped`,
      ),
    ),
    element(
      "td",
      { class: "urgency" },
      failure ? stateWord("Failing", "error") : stateWord(text, tone),
      failure && element("code", {}, failure.code),
      failure?.reason !== undefined && element("p", { class: "also" }, foreign(failure.reason)),
      failure?.hint !== undefined && remedy(failure.hint),
    ),
    element(
      "td",
      { class: "wide-only" },
      until === undefined ? "not yet" : timeElement(until, now),
    ),
    element("td", { class: "number wide-only" }, left === 0 ? "0" : `≤ ${countText(left)}`),
    element("td", { class: "number wide-only" }, countText(skipped.count)),
  );
}
