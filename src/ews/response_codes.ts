import type { ErrorKind } from "../core/errors.ts";
import { SyncError } from "../core/errors.ts";
import { accessPolicyErrorOf } from "./access_policy.ts";
import {
  FOREIGN_MEANING,
  type Meaning,
  type Reaction,
  RESPONSE_CODES,
  UNKNOWN_MEANING,
} from "./response_code_table.ts";
import { serverWords } from "./server_words.ts";

/** What a request asked for, hence how far a refusal of it reaches. */
export type Reach = "item" | "folder" | "mailbox";

/** How often a failure that may never pass is tried. */
export const ATTEMPTS_FEW = 5;

/** Reactions to what is tried `ATTEMPTS_FEW` times. */
const FEW: ReadonlySet<Reaction> = new Set(["retryFew", "retryThenMailbox"]);

/** The code under which codes are counted that Microsoft may yet invent: labels stay bounded. */
export const UNKNOWN_CODE = "ErrorUnknown";

/** Codes that say the caller uses up a budget; its gate closes even if no delay is named. */
const BUSY_CODES: ReadonlySet<string> = new Set([
  "ErrorServerBusy",
  "ErrorExceededConnectionCount",
  "ErrorExceededFindCountLimit",
  "ErrorTooManyObjectsOpened",
  "ErrorInsufficientResources",
]);

export function isBusyCode(code: string): boolean {
  return BUSY_CODES.has(code);
}

/** How often a request that fails with this code is sent at most. */
export function attemptsMaxOf(code: string): number {
  return FEW.has(meaningOf(code).reaction) ? ATTEMPTS_FEW : Infinity;
}

/** Failures of an answer that its content may have caused, hence one item every time. */
const ANSWER_FAILURES: ReadonlySet<string> = new Set([
  "ResponseCorrupt",
  "ResponseIncomplete",
  "ResponseCutShort",
]);

/**
 * Whether one poisonous item may be behind this failure of a request for items. It is isolated, and
 * given up after `ATTEMPTS_FEW`: it must not block its folder for ever.
 */
export function mayBeItemsFault({ kind, code }: SyncError): boolean {
  return kind === "retryable" &&
    (ANSWER_FAILURES.has(code) || meaningOf(code).reaction === "retryFew");
}

/** What a server says beside the code itself. */
export interface ResponseError {
  readonly code: string;
  /** Whether the whole request was refused, by a SOAP fault; absent: no. */
  readonly isFault?: boolean;
  /** Its own words; hostile, cut to a harmless length here. */
  readonly text: string;
  /** `BackOffMilliseconds`. */
  readonly backOffMs?: number | undefined;
  /** `InnerErrorResponseCode`: what is behind an `ErrorInternalServerError`. */
  readonly innerCode?: string | undefined;
}

/** Codes whose text may be about a policy that keeps EWS closed. */
const POLICY_CODES: ReadonlySet<string> = new Set([
  "ErrorAccessDenied",
  "ErrorOrganizationAccessBlocked",
]);

/** The error of a response code where `reach` was asked for. */
export function syncErrorOfCode(error: ResponseError, reach: Reach): SyncError {
  const byPolicy = POLICY_CODES.has(error.code) ? accessPolicyErrorOf(error.text) : undefined;
  if (byPolicy) return byPolicy;
  const known = knownCodeOf(error);
  const { reaction, asFault = reaction, hint } = meaningOf(known ?? UNKNOWN_CODE);
  const said = known === error.code ? error.text : `${error.code}: ${error.text}`;
  return new SyncError(
    kindOf(error.isFault ? asFault : reaction, reach),
    known ?? UNKNOWN_CODE,
    `Exchange refused the request: "${serverWords(said)}"`,
    {
      ...(hint === undefined ? {} : { hint }),
      ...(error.backOffMs === undefined ? {} : { retryAfterMs: error.backOffMs }),
    },
  );
}

/** The radius of an error that is not to be tried again: one that was tried a few times has its own. */
export function kindWhenGivenUp({ kind, code }: SyncError, reach: Reach): ErrorKind {
  const { reaction } = meaningOf(code);
  if (kind !== "retryable" || !FEW.has(reaction)) return kind;
  return reaction === "retryFew" ? reach : "mailbox";
}

function knownCodeOf({ code, innerCode }: ResponseError): string | undefined {
  const inner = code === "ErrorInternalServerError" ? innerCode : undefined;
  return [inner, code].find((candidate) =>
    candidate !== undefined && Object.hasOwn(RESPONSE_CODES, candidate)
  );
}

function meaningOf(code: string): Meaning {
  if (Object.hasOwn(RESPONSE_CODES, code)) return RESPONSE_CODES[code]!;
  return code === UNKNOWN_CODE ? UNKNOWN_MEANING : FOREIGN_MEANING;
}

function kindOf(reaction: Reaction, reach: Reach): ErrorKind {
  switch (reaction) {
    case "retry":
    case "retryFew":
    case "retryThenMailbox":
      return "retryable";
    case "asked":
      return reach;
    case "mailbox":
      return "mailbox";
  }
}
