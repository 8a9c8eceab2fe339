import type { SyncError } from "../core/errors.ts";
import type { Detail } from "./detail.ts";
import { timeAs } from "./folder_document.ts";
import { errorDocument, mailboxName, throttleDocument } from "./mailbox_document.ts";
import type { MailboxSummary } from "./mailbox_summary.ts";
import type { NotReady } from "./readiness.ts";
import type { StatusBoard } from "./status_board.ts";
import { earliest } from "./state_report.ts";
import type { ProblemDocument } from "./status_document.ts";

/** Problems in one document; the rest would say nothing new. */
const PROBLEMS_MAX = 25;
const EXAMPLES_MAX = 3;

const SKIPPED_HINT =
  "Nothing for now: they are tried again by themselves, and with `run --retry-skipped` at once";
const FOLDERS_HINT = "Open the mailbox for the folders; they are tried again every round";

/** Mailboxes that have one and the same problem. */
interface Group {
  readonly kind: string;
  readonly severity: ProblemDocument["severity"];
  readonly error: Pick<SyncError, "code" | "message" | "hint">;
  readonly members: readonly MailboxSummary[];
  readonly count?: number;
  readonly since?: Date;
  readonly until?: Date;
}

/** What an operator should look at: what stops everything first, then groups of mailboxes. */
export function problemDocuments(
  board: StatusBoard,
  notReady: readonly NotReady[],
  summaries: readonly MailboxSummary[],
  detail: Detail,
): readonly ProblemDocument[] {
  const groups = [
    ...conditionGroups(summaries),
    ...failingFolders(summaries),
    ...skippedGroups(summaries),
    ...throttleGroups(summaries),
  ].toSorted((a, b) => rankOf(a) - rankOf(b) || b.members.length - a.members.length);
  const { throttle } = board;
  return [
    ...notReady.map((reason) => notReadyProblem(reason, detail)),
    ...(throttle
      ? [
        {
          kind: "throttled",
          severity: "warning",
          ...throttleDocument(throttle, detail),
        } as const,
      ]
      : []),
    ...groups.map((group) => groupDocument(group, detail)),
  ].slice(0, PROBLEMS_MAX);
}

function rankOf({ severity, kind }: Group): number {
  return severity === "error" ? 0 : kind === "throttled" ? 2 : 1;
}

function notReadyProblem(reason: NotReady, detail: Detail): ProblemDocument {
  const { what, code, reason: message, hint, since, until } = reason;
  return {
    kind: "not_ready",
    severity: "error",
    what,
    ...errorDocument({ code, message, hint }, detail),
    since: since.toISOString(),
    ...timeAs("until", until),
  };
}

/** By phase and code. What waits for the destination is said once, as a reason not to be ready. */
function conditionGroups(summaries: readonly MailboxSummary[]): readonly Group[] {
  const failed = summaries.filter(({ record, state }) =>
    record.condition.error && state !== "waiting_for_destination"
  );
  const groups = Map.groupBy(
    failed,
    ({ record, state }) => `${state} ${record.condition.error?.code}`,
  );
  return [...groups.values()].map((members) => {
    const [first] = members;
    const conditions = members.map(({ record }) => record.condition);
    return {
      kind: first!.state,
      severity: first!.state === "backing_off" ? "warning" : "error",
      error: first!.record.condition.error!,
      members,
      ...timesOf(
        conditions.map(({ since }) => since),
        conditions.flatMap(({ until }) => until ?? []),
      ),
    };
  });
}

function failingFolders(summaries: readonly MailboxSummary[]): readonly Group[] {
  // A mailbox that backs off because of a folder has said so already.
  const members = summaries.filter(({ record, folders }) =>
    folders.failing > 0 && !record.condition.error
  );
  if (members.length === 0) return [];
  const [failure] = members.flatMap(({ record }) =>
    [...record.folders.values()].flatMap(({ failure }) => failure ?? [])
  );
  const { code, message } = failure!.error;
  return [{
    kind: "folders_failing",
    severity: "warning",
    error: { code, message, hint: failure!.error.hint ?? FOLDERS_HINT },
    members,
    count: members.reduce((sum, { folders }) => sum + folders.failing, 0),
  }];
}

function skippedGroups(summaries: readonly MailboxSummary[]): readonly Group[] {
  const codes = new Set(summaries.flatMap(({ skippedByCode }) => [...skippedByCode.keys()]));
  return [...codes].map((code) => {
    const members = summaries.filter(({ skippedByCode }) => skippedByCode.has(code));
    return {
      kind: "skipped",
      severity: "warning",
      error: {
        code,
        message: "Exchange does not give the content of these emails",
        hint: SKIPPED_HINT,
      },
      members,
      count: members.reduce((sum, { skippedByCode }) => sum + (skippedByCode.get(code) ?? 0), 0),
    };
  });
}

function throttleGroups(summaries: readonly MailboxSummary[]): readonly Group[] {
  const throttled = summaries.filter(({ record }) => record.throttle);
  const groups = Map.groupBy(throttled, ({ record }) => record.throttle?.error.code);
  return [...groups.values()].map((members) => {
    const throttles = members.flatMap(({ record }) => record.throttle ?? []);
    return {
      kind: "throttled",
      severity: "warning",
      error: throttles[0]!.error,
      members,
      ...timesOf([], throttles.map(({ until }) => until)),
    };
  });
}

/** Since the first of them, and until something is tried again first. */
function timesOf(since: readonly Date[], until: readonly Date[]): Pick<Group, "since" | "until"> {
  const [first, next] = [earliest(since), earliest(until)];
  return { ...(first ? { since: first } : {}), ...(next ? { until: next } : {}) };
}

function groupDocument(group: Group, detail: Detail): ProblemDocument {
  const { kind, severity, error, members, count, since, until } = group;
  return {
    kind,
    severity,
    ...errorDocument(error, detail),
    mailboxes: members.length,
    examples: members.slice(0, EXAMPLES_MAX).map((member) => mailboxName(member, detail)),
    ...(count === undefined ? {} : { count }),
    ...timeAs("since", since),
    ...timeAs("until", until),
  };
}
