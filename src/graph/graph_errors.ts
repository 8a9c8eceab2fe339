import { SyncError } from "../core/errors.ts";
import { retryAfterMsOf } from "../core/retry_after.ts";
import { FailureTable, kindOfReaction, type Meaning, type Reach } from "../source/failure_table.ts";
import type { FolderCodes } from "../source/in_folder.ts";
import { serverWords } from "../source/server_words.ts";
import { GRAPH_CODES, OTHER_FAILURE, OTHER_REFUSAL } from "./graph_code_table.ts";

/** What follows from the failures of Graph requests. */
export const GRAPH_FAILURES = new FailureTable(GRAPH_CODES);

/** Graph's codes for what `MailSource` names itself. */
export const GRAPH_FOLDER_CODES: FolderCodes = {
  gone: new Set([
    "ErrorItemNotFound",
    "ItemNotFound",
    "ErrorFolderNotFound",
    "ErrorSyncFolderNotFound",
  ]),
  tokenLost: new Set([
    "SyncStateNotFound",
    "SyncStateInvalid",
    "ErrorInvalidSyncStateData",
    "ResyncRequired",
    "Http410",
  ]),
};

/** Statuses that say that it passes, whatever code comes with them. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504, 509]);
/** Statuses that say that too much was asked for. */
const BUSY: ReadonlySet<number> = new Set([429, 503, 509]);

/** By lower case: Graph's own services do not agree on the case of these codes. */
const KNOWN: ReadonlyMap<string, string> = new Map(
  Object.keys(GRAPH_CODES).map((code) => [code.toLowerCase(), code]),
);

/** An answer of Graph that is a failure. */
export interface FailedAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Its JSON, `{"error": {"code", "message"}}` as a rule; absent: none that can be read. */
  readonly body: unknown;
}

/** Whether this status says that we ask for too much. */
export function isBusyStatus(status: number): boolean {
  return BUSY.has(status);
}

/** The error of an answer where `reach` was asked for. `now` is for a `Retry-After` that is a date. */
export function graphErrorOf(answer: FailedAnswer, reach: Reach, now: Date): SyncError {
  const { status } = answer;
  const said = saidIn(answer.body);
  const known = PASSING.has(status) ? undefined : KNOWN.get(said.code.toLowerCase());
  const code = known ?? `Http${status}`;
  const { reaction, hint } = known === undefined
    ? meaningOfStatus(status)
    : GRAPH_FAILURES.meaningOf(code);
  const words = [said.code, said.message].filter((part) => part !== "").join(": ");
  const retryAfterMs = retryAfterMsOf(answer.retryAfter, now);
  return new SyncError(
    kindOfReaction(reaction, reach),
    code,
    `Graph refused the request (HTTP ${status})${words && `: "${serverWords(words)}"`}`,
    {
      ...(hint === undefined ? {} : { hint }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

function meaningOfStatus(status: number): Meaning {
  const code = `Http${status}`;
  if (GRAPH_FAILURES.has(code)) return GRAPH_FAILURES.meaningOf(code);
  return status >= 500 ? OTHER_FAILURE : OTHER_REFUSAL;
}

/** Code and message of an error; empty where the body has none. */
function saidIn(body: unknown): { readonly code: string; readonly message: string } {
  const error = fieldOf(body, "error");
  return { code: textOf(fieldOf(error, "code")), message: textOf(fieldOf(error, "message")) };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 2_000) : "";
}
