import type { Clock } from "../core/env.ts";
import type { Detail } from "./detail.ts";
import { timeAs } from "./folder_document.ts";
import { errorDocument, mailboxDocument, throttleDocument } from "./mailbox_document.ts";
import { type MailboxQuery, matching } from "./mailbox_query.ts";
import { isProblem, type MailboxSummary, mailboxSummary } from "./mailbox_summary.ts";
import { problemDocuments } from "./problems.ts";
import { type NotReady, notReadyBecause } from "./readiness.ts";
import type { StatusBoard } from "./status_board.ts";
import type {
  InstanceDocument,
  ServiceDocument,
  StatusDocument,
  ThroughputDocument,
  TotalsDocument,
} from "./status_document.ts";
import { BUCKET_MS, type HourOfThroughput, NO_THROUGHPUT } from "./throughput.ts";

/** Summaries are this old at most, ms: however many look, mailboxes are added up once a second. */
const SUMMARIES_MS_MAX = 1_000;

/** What the board says, as documents. */
export class StatusView {
  readonly #board: StatusBoard;
  readonly #clock: Clock;
  readonly #version: string;
  #summaries: { readonly all: readonly MailboxSummary[]; readonly atMs: number } | undefined;

  constructor(board: StatusBoard, clock: Clock, version: string) {
    this.#board = board;
    this.#clock = clock;
    this.#version = version;
  }

  get summaries(): readonly MailboxSummary[] {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#summaries || nowMs - this.#summaries.atMs >= SUMMARIES_MS_MAX) {
      const all = this.#board.records.map((record, index) =>
        mailboxSummary(record, index + 1, nowMs)
      );
      this.#summaries = { all, atMs: nowMs };
    }
    return this.#summaries.all;
  }

  get notReady(): readonly NotReady[] {
    return notReadyBecause(this.#board, this.#clock.now());
  }

  document(query: MailboxQuery, detail: Detail): StatusDocument {
    const { summaries, notReady } = this;
    const found = matching(summaries, query, detail);
    const { offset, limit, number } = query;
    const shown = found.slice(offset, offset + limit);
    return {
      detail,
      instance: this.#instance(detail),
      service: this.#service(notReady, detail),
      totals: totalsOf(summaries),
      throughput: this.#throughput(number === undefined ? undefined : shown),
      problems: problemDocuments(this.#board, notReady, summaries, detail),
      page: { offset, limit, matching: found.length },
      mailboxes: shown.map((summary) =>
        mailboxDocument(summary, { detail, withFolders: query.withFolders })
      ),
    };
  }

  #instance(detail: Detail): InstanceDocument {
    const { startedAt, life } = this.#board;
    const instance = { version: this.#version, started_at: startedAt.toISOString() };
    if (detail === "summary" || !life) return instance;
    return { ...instance, endpoint: life.endpoint, destination: life.destination };
  }

  #service(notReady: readonly NotReady[], detail: Detail): ServiceDocument {
    const { service: { name, since }, throttle } = this.#board;
    return {
      phase: name,
      since: since.toISOString(),
      ready: notReady.length === 0,
      not_ready: notReady.map(({ what, code, reason, hint, since, until }) => ({
        what,
        ...errorDocument({ code, message: reason, hint }, detail),
        since: since.toISOString(),
        ...timeAs("until", until),
      })),
      ...(throttle ? { throttled: throttleDocument(throttle, detail) } : {}),
    };
  }

  #throughput(only: readonly MailboxSummary[] | undefined): ThroughputDocument {
    const nowMs = this.#clock.monotonicMs();
    const throughput = only ? only[0]?.record.throughput : this.#board.throughput;
    const { emails, bytes }: HourOfThroughput = throughput?.read(nowMs) ?? NO_THROUGHPUT;
    return { bucket_seconds: BUCKET_MS / 1_000, emails, bytes };
  }
}

function totalsOf(summaries: readonly MailboxSummary[]): TotalsDocument {
  const sum = (value: (summary: MailboxSummary) => number) =>
    summaries.reduce((total, summary) => total + value(summary), 0);
  const states = Map.groupBy(summaries, ({ state }) => state);
  return {
    mailboxes: summaries.length,
    by_state: Object.fromEntries([...states].map(([state, { length }]) => [state, length])),
    with_problem: summaries.filter(isProblem).length,
    throttled: summaries.filter(({ record }) => record.throttle).length,
    folders: sum(({ folders }) => folders.total),
    folders_behind: sum(({ folders }) => folders.behind),
    left: sum(({ left }) => left),
    delivered: sum(({ record }) => record.counts.delivered),
    bytes: sum(({ record }) => record.counts.bytes),
    skipped: sum(({ skipped }) => skipped),
    rebuilt: sum(({ rebuilt }) => rebuilt),
  };
}
