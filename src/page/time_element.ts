import { absoluteText, relativeText } from "./format.ts";
import { type Child, element } from "./element.ts";

/** A time as `12:03 3 min ago`; the whole of it, in UTC, on demand. */
export function timeElement(iso: string, now: Date): HTMLElement {
  const time = new Date(iso);
  const ago = element("span", { class: "ago" }, relativeText(time, now));
  return timeOf(iso, absoluteText(time, now), " ", ago);
}

/** A time where its age is told beside it. */
export function clockElement(iso: string, now: Date): HTMLElement {
  return timeOf(iso, absoluteText(new Date(iso), now));
}

function timeOf(iso: string, ...shown: readonly Child[]): HTMLElement {
  const title = `${iso.slice(0, 19).replace("T", " ")} UTC`;
  return element("time", { datetime: iso, title }, ...shown);
}
