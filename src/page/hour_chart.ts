import type { ThroughputDocument } from "../status/status_document.ts";
import { element, svg } from "./element.ts";
import { countedText, countText, sizeText } from "./format.ts";

/** Of the drawing, which is stretched to its place. */
const BAR_WIDTH = 10;
const HEIGHT = 100;
/** The gap between two bars. */
const GAP = 2;

/** Deliveries by the minute over the last hour, as bars and in words. */
export function hourChart({ emails, bytes }: ThroughputDocument): HTMLElement {
  const total = sum(emails);
  const peak = Math.max(0, ...emails);
  const words = total === 0
    ? "Nothing was delivered in the last hour."
    : `${countedText(total, "email")} in the last hour, ${sizeText(sum(bytes))}; ` +
      `at most ${countText(peak)} in a minute, ${
        countText(emails.at(-2) ?? 0)
      } in the last full one.`;
  return element(
    "figure",
    { class: "chart" },
    element(
      "div",
      { class: "plot" },
      element(
        "span",
        { class: "peak", "aria-hidden": "true" },
        peak > 0 && `${countText(peak)} / min`,
      ),
      bars(emails, peak),
    ),
    element(
      "div",
      { class: "axis", "aria-hidden": "true" },
      element("span", {}, "1 h ago"),
      element("span", {}, "30 min ago"),
      element("span", {}, "now"),
    ),
    element("figcaption", {}, words),
  );
}

function bars(emails: readonly number[], peak: number): SVGElement {
  const width = emails.length * BAR_WIDTH;
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...emails.map((count, index) => {
      const height = count === 0 ? 0 : Math.max(2, count / peak * HEIGHT);
      const isRunning = index === emails.length - 1;
      return svg(
        "rect",
        {
          x: index * BAR_WIDTH + GAP / 2,
          y: HEIGHT - height,
          width: BAR_WIDTH - GAP,
          height,
          ...(isRunning ? { class: "running" } : {}),
        },
        svg(
          "title",
          {},
          `${minutesAgo(emails.length - 1 - index)}: ${countedText(count, "email")}`,
        ),
      );
    }),
  );
}

function minutesAgo(minutes: number): string {
  return minutes === 0 ? "This minute" : `${minutes} min ago`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
