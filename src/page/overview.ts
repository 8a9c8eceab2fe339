import type { StatusDocument } from "../status/status_document.ts";
import { element } from "./element.ts";
import { totalFigures } from "./figures.ts";
import { hourChart } from "./hour_chart.ts";
import { mailboxTable } from "./mailbox_table.ts";
import { problemList } from "./problem_list.ts";
import type { OverviewRoute } from "./route.ts";

/** The whole instance: what needs an operator first, then figures, then every mailbox. */
export function overview(
  status: StatusDocument,
  route: OverviewRoute,
  now: Date,
): readonly HTMLElement[] {
  const lastHour = status.throughput.emails.reduce((sum, count) => sum + count, 0);
  return [
    element("h1", { class: "visually-hidden" }, "Status of reinfer-ews"),
    problemList(status, now),
    element(
      "section",
      { class: "numbers", "aria-labelledby": "numbers" },
      element("h2", { id: "numbers", class: "visually-hidden" }, "Figures"),
      totalFigures(status.totals, lastHour),
      hourChart(status.throughput),
    ),
    mailboxTable(status, route, now),
  ];
}
