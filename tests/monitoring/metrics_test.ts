import assert from "node:assert/strict";
import { SyncError } from "../../src/core/errors.ts";
import type { Detail } from "../../src/status/detail.ts";
import { Metrics } from "../../src/status/metrics.ts";
import { StatusView } from "../../src/status/status_view.ts";
import { sampleBoard } from "../browser/sample_board.ts";
import { documentedMetrics, metricsIn } from "./metric_table.ts";
import { promtoolCase } from "./promtool.ts";

const BUSY = new SyncError("retryable", "ErrorServerBusy", "Exchange is busy");

/** The exposition of a service in trouble, so that every metric has series. */
async function exposition(detail: Detail): Promise<string> {
  const { board, time } = sampleBoard({ mailboxes: 80, troubled: true });
  const view = new StatusView(board, time, "1.0.0");
  const figures = { residentBytes: () => 90e6, cpuSeconds: () => 12.5 };
  const metrics = new Metrics({ board, view, figures, version: "1.0.0" });
  metrics.requestEnded("GetItem", 120);
  metrics.requestEnded("SyncFolderItems", 80, BUSY);
  metrics.throttled();
  metrics.sinkCallEnded("put", 15);
  metrics.emailRefused(new SyncError("item", "Refused", "Refused"));
  metrics.phaseChanged(board.records[0]!.mailbox, { name: "suspended", error: BUSY, delayMs: 1 });
  return (await Array.fromAsync(metrics.exposition(detail))).join("");
}

interface Exposed {
  readonly type: string;
  readonly labels: Set<string>;
}

/** Names, types and labels of an exposition; those of a histogram's parts are the histogram's. */
function exposedIn(text: string): Map<string, Exposed> {
  const exposed = new Map<string, Exposed>();
  for (const line of text.split("\n")) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) exposed.set(name, { type, labels: new Set() });
    const [, sample = "", labels = ""] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    const owner = exposed.get(sample) ?? exposed.get(sample.replace(/_(?:bucket|sum|count)$/, ""));
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) {
      if (label !== "le") owner?.labels.add(label);
    }
  }
  return exposed;
}

Deno.test("every metric is documented with its type and labels, and every documented one exists", async () => {
  const documented = await documentedMetrics();
  for (const detail of ["full", "summary"] as const) {
    const exposed = exposedIn(await exposition(detail));
    const found = [...exposed].map(([name, { type, labels }]) => ({
      name,
      type,
      labels: [...labels].sort(),
    }));
    const expected = documented.map((metric) => ({ ...metric, labels: metric.labels.toSorted() }));
    const byName = (a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1;
    assert.deepEqual(found.sort(byName), expected.sort(byName));
  }
});

Deno.test("a summary has numbers in place of addresses, and only counters and gauges a mailbox", async () => {
  const summary = await exposition("summary");
  assert.doesNotMatch(summary, /contoso/);
  assert.match(summary, /reinfer_ews_emails_delivered_total\{mailbox="1"\} [1-9]/);
  const full = await exposition("full");
  assert.match(full, /reinfer_ews_skipped_emails\{mailbox="billing@contoso\.com"\} 2/);
  assert.match(
    full,
    /reinfer_ews_mailbox_state\{mailbox="claims@contoso\.com",state="suspended"\} 1/,
  );
  assert.doesNotMatch(full, /_(?:bucket|sum|count)\{[^}]*mailbox=/);
});

Deno.test("what is counted is what happened", async () => {
  const text = await exposition("full");
  const errors =
    /^reinfer_ews_errors_total\{stage="receiving",kind="retryable",code="ErrorServerBusy"\} 1$/m;
  assert.match(text, errors);
  assert.match(text, /^reinfer_ews_errors_total\{stage="sending",kind="item",code="Refused"\} 1$/m);
  assert.match(text, /^reinfer_ews_throttle_answers_total 1$/m);
  assert.match(
    text,
    /^reinfer_ews_sink_call_duration_seconds_count\{operation="put",outcome="ok"\} 1$/m,
  );
  assert.match(text, /^reinfer_ews_ready 1$/m);
  assert.match(text, /^process_resident_memory_bytes 90000000$/m);
});

promtoolCase("Prometheus finds nothing wrong with the exposition", async (promtool) => {
  const checked = await promtool(["check", "metrics"], await exposition("full"));
  assert.deepEqual([checked.code, checked.stdout + checked.stderr], [0, ""]);
});

promtoolCase("Prometheus takes the rules, and each alerts when it should", async (promtool) => {
  const folder = new URL("../../deploy/prometheus/", import.meta.url).pathname;
  for (
    const args of [
      ["check", "rules", `${folder}reinfer-ews.rules.yml`],
      ["test", "rules", `${folder}reinfer-ews.rules_test.yml`],
    ]
  ) {
    const { code, stdout, stderr } = await promtool(args);
    assert.equal(code, 0, stdout + stderr);
  }
});

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

promtoolCase(
  "every panel of the dashboard asks Prometheus what it understands",
  async (promtool) => {
    const { panels } = await dashboard();
    const rules = panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }, index) => ({
        record: "checked",
        labels: { panel: title, target: String(index) },
        expr: expr.replaceAll("$__rate_interval", "5m"),
      }))
    );
    // JSON is YAML.
    const file = await Deno.makeTempFile({ suffix: ".yml" });
    try {
      await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
      const { code, stdout, stderr } = await promtool(["check", "rules", file]);
      assert.equal(code, 0, stdout + stderr);
    } finally {
      await Deno.remove(file);
    }
  },
);

Deno.test("rules and dashboard ask for nothing but what is documented", async () => {
  const documented = new Set((await documentedMetrics()).map(({ name }) => name));
  const rules = await Deno.readTextFile(
    new URL("../../deploy/prometheus/reinfer-ews.rules.yml", import.meta.url),
  );
  const expressions = (await dashboard()).panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => expr)
  );
  const asked = [rules, ...expressions].flatMap(metricsIn);
  assert.ok(asked.length > 30);
  assert.deepEqual(asked.filter((name) => !documented.has(name)), []);
});

async function dashboard(): Promise<Dashboard> {
  const file = new URL("../../deploy/grafana/reinfer-ews.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(file));
}
