import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { SyncError } from "../core/errors.ts";
import type { Folder, Mailbox } from "../core/mailbox.ts";
import type { BellObserver, MailboxPhase, Observer, SourceObserver } from "../core/observer.ts";
import type { Detail } from "./detail.ts";
import { mailboxName } from "./mailbox_document.ts";
import type { MailboxSummary } from "./mailbox_summary.ts";
import { MAILBOX_METRICS, type MailboxMetric } from "./mailbox_metrics.ts";
import type { SinkObserver } from "./observed_sink.ts";
import type { StatusBoard } from "./status_board.ts";
import type { StatusView } from "./status_view.ts";

/** What the operating system says of this process. */
export interface ProcessFigures {
  residentBytes(): number;
  /** CPU time of all threads since the start, seconds. */
  cpuSeconds(): number;
}

export interface MetricsOptions {
  readonly board: StatusBoard;
  readonly view: StatusView;
  readonly figures: ProcessFigures;
  readonly version: string;
}

/** Media type of the text exposition format. */
export const EXPOSITION_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** From a request on loopback to one that a server gives up after its own 100 s. */
const DURATION_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

interface Resettable {
  reset(): void;
}

const STATE_METRIC = "reinfer_ews_mailbox_state";

/** Where a failure is met. */
type Stage = "receiving" | "processing" | "sending";

/**
 * The metrics of docs/metrics.md. Counters and gauges of a mailbox are read off the board when they
 * are asked for; what only passes by is counted here. Labels come from bounded sets: operations and
 * codes are the program's own, and Exchange's codes those Microsoft documents.
 */
export class Metrics
  implements
    Pick<Observer, "phaseChanged" | "passFailed">,
    Pick<SourceObserver, "requestEnded" | "throttled">,
    Pick<BellObserver, "reconnected">,
    SinkObserver {
  readonly #registries: Readonly<Record<Detail, Registry>> = {
    full: new Registry(),
    summary: new Registry(),
  };
  readonly #ofMailboxes: Readonly<Record<Detail, ReadonlyMap<string, Resettable>>>;
  readonly #requests: Histogram<"operation" | "outcome">;
  readonly #sinkCalls: Histogram<"operation" | "outcome">;
  readonly #errors: Counter<"stage" | "kind" | "code">;
  readonly #throttleAnswers: Counter;
  readonly #reconnects: Counter;

  constructor(options: MetricsOptions) {
    const registers = Object.values(this.#registries);
    this.#requests = durations(
      "reinfer_ews_request_duration_seconds",
      "Requests to Exchange, waiting at the throttle not included.",
      registers,
    );
    this.#sinkCalls = durations(
      "reinfer_ews_sink_call_duration_seconds",
      "Calls of the destination.",
      registers,
    );
    this.#errors = new Counter({
      name: "reinfer_ews_errors_total",
      help: "Failures by where they were met and how far they reach.",
      labelNames: ["stage", "kind", "code"],
      registers,
    });
    this.#throttleAnswers = new Counter({
      name: "reinfer_ews_throttle_answers_total",
      help: "Answers by which Exchange asked to wait.",
      registers,
    });
    this.#reconnects = new Counter({
      name: "reinfer_ews_listening_reconnects_total",
      help: "Connections for notifications that were lost and opened again.",
      registers,
    });
    addServiceMetrics(options, registers);
    this.#ofMailboxes = {
      full: mailboxMetrics(options.view, "full", this.#registries.full),
      summary: mailboxMetrics(options.view, "summary", this.#registries.summary),
    };
  }

  /**
   * Everything in the text exposition format, metric by metric; with `summary`, mailboxes have their
   * numbers. Of a thousand mailboxes it is a megabyte, which is never held as a whole.
   */
  async *exposition(detail: Detail): AsyncGenerator<string> {
    const registry = this.#registries[detail];
    const ofMailboxes = this.#ofMailboxes[detail];
    for (const { name } of registry.getMetricsAsArray()) {
      yield `${await registry.getSingleMetricAsString(name)}\n`;
      ofMailboxes.get(name)?.reset();
    }
  }

  requestEnded(operation: string, tookMs: number, error?: SyncError): void {
    this.#requests.observe({ operation, outcome: outcomeOf(error) }, tookMs / 1_000);
    if (error) this.#count("receiving", error);
  }

  throttled(): void {
    this.#throttleAnswers.inc();
  }

  reconnected(): void {
    this.#reconnects.inc();
  }

  sinkCallEnded(operation: string, tookMs: number, error?: SyncError): void {
    this.#sinkCalls.observe({ operation, outcome: outcomeOf(error) }, tookMs / 1_000);
    if (error) this.#count("sending", error);
  }

  emailRefused(error: SyncError): void {
    this.#count("sending", error);
  }

  phaseChanged(_mailbox: Mailbox, phase: MailboxPhase): void {
    if ("error" in phase && phase.error) this.#count("processing", phase.error);
  }

  passFailed(_mailbox: Mailbox, _folder: Folder, error: SyncError): void {
    this.#count("processing", error);
  }

  #count(stage: Stage, { kind, code }: SyncError): void {
    this.#errors.inc({ stage, kind, code });
  }
}

function durations(name: string, help: string, registers: Registry[]) {
  return new Histogram({
    name,
    help,
    labelNames: ["operation", "outcome"] as const,
    buckets: DURATION_BUCKETS_S,
    registers,
  });
}

function outcomeOf(error: SyncError | undefined): "ok" | "error" {
  return error ? "error" : "ok";
}

/** Gauges of the service and its process, which are the same for everybody. */
function addServiceMetrics(
  { board, view, figures, version }: MetricsOptions,
  registers: Registry[],
): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  new Gauge({
    name: "reinfer_ews_build_info",
    help: "1, with the version as its label.",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  gauge("reinfer_ews_ready", "1 if /readyz says so, else 0.", () => view.notReady.length ? 0 : 1);
  gauge(
    "reinfer_ews_destination_up",
    "0 while the destination as a whole fails and is probed, else 1.",
    () => board.destinationTrouble ? 0 : 1,
  );
  gauge("reinfer_ews_mailboxes", "Mailboxes of this shard.", () => view.summaries.length);
  gauge(
    "reinfer_ews_throttled_mailboxes",
    "Mailboxes that Exchange lets wait now.",
    () =>
      board.throttle
        ? view.summaries.length
        : view.summaries.filter(({ record }) => record.throttle).length,
  );
  new Gauge({
    name: "reinfer_ews_skipped_emails_by_code",
    help: "Emails on the record of skips by why their content cannot be had.",
    labelNames: ["code"],
    registers,
    collect() {
      this.reset();
      for (const { skippedByCode } of view.summaries) {
        for (const [code, count] of skippedByCode) this.inc({ code }, count);
      }
    },
  });
  gauge(
    "process_start_time_seconds",
    "Start of the process.",
    () => board.startedAt.getTime() / 1_000,
  );
  gauge("process_resident_memory_bytes", "Resident memory.", () => figures.residentBytes());
  new Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of the process.",
    registers,
    collect() {
      this.reset();
      this.inc(figures.cpuSeconds());
    },
  });
}

/** One series for each mailbox and metric, made anew each time: mailboxes come and go. */
function mailboxMetrics(
  view: StatusView,
  detail: Detail,
  registry: Registry,
): ReadonlyMap<string, Resettable> {
  const labelOf = (summary: MailboxSummary) => {
    const { number, mailbox } = mailboxName(summary, detail);
    return mailbox ?? String(number);
  };
  const state = new Gauge({
    name: STATE_METRIC,
    help: "1 for the state a mailbox is in; other states have no series.",
    labelNames: ["mailbox", "state"],
    registers: [registry],
    collect() {
      this.reset();
      for (const summary of view.summaries) {
        this.set({ mailbox: labelOf(summary), state: summary.state }, 1);
      }
    },
  });
  const valuesOf = (valueOf: MailboxMetric["valueOf"]) =>
    view.summaries.flatMap((summary) => {
      const value = valueOf(summary);
      return value === undefined ? [] : [[{ mailbox: labelOf(summary) }, value] as const];
    });
  const metrics = MAILBOX_METRICS.map(({ name, help, type, valueOf }) => {
    const options = { name, help, labelNames: ["mailbox"] as const, registers: [registry] };
    const metric = type === "counter"
      ? new Counter({
        ...options,
        collect() {
          this.reset();
          for (const [labels, value] of valuesOf(valueOf)) this.inc(labels, value);
        },
      })
      : new Gauge({
        ...options,
        collect() {
          this.reset();
          for (const [labels, value] of valuesOf(valueOf)) this.set(labels, value);
        },
      });
    return [name, metric] as const;
  });
  return new Map<string, Resettable>([[STATE_METRIC, state], ...metrics]);
}
