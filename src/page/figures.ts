import type { TotalsDocument } from "../status/status_document.ts";
import { type Child, element } from "./element.ts";
import { countedText, countText, sizeText } from "./format.ts";

/** One number that says much, with a word below it. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly note?: Child;
}

export function figures(list: readonly Figure[]): HTMLElement {
  return element(
    "dl",
    { class: "figures" },
    ...list.map(({ name, value, note }) =>
      element(
        "div",
        {},
        element("dt", {}, name),
        element("dd", {}, element("span", { class: "value" }, value)),
        note && element("dd", { class: "note" }, note),
      )
    ),
  );
}

/** The whole instance in figures. */
export function totalFigures(totals: TotalsDocument, lastHour: number): HTMLElement {
  const { by_state: states, mailboxes, folders_behind: behind, left, delivered, bytes } = totals;
  const upToDate = states.up_to_date ?? 0;
  return figures([
    {
      name: "Up to date",
      value: countText(upToDate),
      note: `of ${countedText(mailboxes, "mailbox", "mailboxes")}`,
    },
    {
      name: "Still to list",
      value: left === 0 ? "0" : `≤ ${countText(left)}`,
      note: behind === 0 ? "no folder is behind" : `in ${countedText(behind, "folder")}`,
    },
    {
      name: "Delivered",
      value: countText(lastHour),
      note: `last hour; ${countText(delivered)} (${sizeText(bytes)}) since the start`,
    },
    {
      name: "Skipped",
      value: countText(totals.skipped),
      note: totals.rebuilt === 0 ? "on record" : `on record; ${countText(totals.rebuilt)} rebuilt`,
    },
    {
      name: "Throttled",
      value: countText(totals.throttled),
      note: totals.throttled === 1 ? "mailbox waits" : "mailboxes wait",
    },
  ]);
}
