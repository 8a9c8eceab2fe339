import { SyncError } from "../core/errors.ts";
import { FailureTable, kindOfReaction, type Reach } from "../source/failure_table.ts";
import { serverWords } from "../source/server_words.ts";
import { accessPolicyErrorOf } from "./access_policy.ts";
import { type Meaning, RESPONSE_CODES, UNKNOWN_MEANING } from "./response_code_table.ts";

/** The code under which codes are counted that Microsoft may yet invent: labels stay bounded. */
export const UNKNOWN_CODE = "ErrorUnknown";

/** What follows from the failures of EWS requests. */
export const EWS_FAILURES = new FailureTable({
  ...RESPONSE_CODES,
  [UNKNOWN_CODE]: UNKNOWN_MEANING,
});

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
    kindOfReaction(error.isFault ? asFault : reaction, reach),
    known ?? UNKNOWN_CODE,
    `Exchange refused the request: "${serverWords(said)}"`,
    {
      ...(hint === undefined ? {} : { hint }),
      ...(error.backOffMs === undefined ? {} : { retryAfterMs: error.backOffMs }),
    },
  );
}

function knownCodeOf({ code, innerCode }: ResponseError): string | undefined {
  const inner = code === "ErrorInternalServerError" ? innerCode : undefined;
  return [inner, code].find((candidate) =>
    candidate !== undefined && Object.hasOwn(RESPONSE_CODES, candidate)
  );
}

function meaningOf(code: string): Meaning {
  return Object.hasOwn(RESPONSE_CODES, code) ? RESPONSE_CODES[code]! : UNKNOWN_MEANING;
}
