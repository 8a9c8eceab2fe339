import type { StatusDocument } from "../status/status_document.ts";
import { type Child, element } from "./element.ts";
import { clockText, durationText, relativeText } from "./format.ts";
import type { FeedState } from "./status_feed.ts";
import { foreign, mark } from "./words.ts";

/** Which instance this is, and whether the page still hears of it. */
export function masthead({ document, lost, asOf }: FeedState, now: Date): readonly HTMLElement[] {
  const parts: HTMLElement[] = [element("p", { class: "name" }, "reinfer-ews")];
  if (document) parts.push(element("p", { class: "instance" }, ...instanceWords(document, now)));
  if (lost !== undefined) {
    parts.push(element("p", { class: "live" }, mark("error"), "Connection lost"));
  } else if (asOf) {
    parts.push(element("p", { class: "live" }, mark("ok"), `Live ${clockText(asOf)}`));
  }
  return parts;
}

function instanceWords({ instance, detail }: StatusDocument, now: Date): readonly Child[] {
  const { version, started_at: started, endpoint, destination } = instance;
  const upMs = now.getTime() - Date.parse(started);
  const words: Child[] = [version];
  if (endpoint !== undefined && destination !== undefined) {
    words.push(" · ", foreign(endpoint), " → ", foreign(destination));
  }
  words.push(` · up ${durationText(Math.max(0, upMs))}`);
  if (detail === "summary") words.push(" · summary");
  return words;
}

/** Says plainly that what is shown is old; nothing while it is not. */
export function connectionNote({ lost, asOf }: FeedState, now: Date): readonly HTMLElement[] {
  if (lost === undefined) return [];
  const data = asOf
    ? `This is the data of ${clockText(asOf)} (${relativeText(asOf, now)}).`
    : "Nothing is known of the instance yet.";
  return [
    element(
      "p",
      {},
      element("strong", {}, "Connection lost. "),
      `${data} Trying again… `,
      element("span", { class: "cause" }, foreign(lost)),
    ),
  ];
}
