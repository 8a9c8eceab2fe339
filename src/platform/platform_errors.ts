import { type ErrorKind, SyncError } from "../core/errors.ts";
import { foreignText } from "../http/foreign_text.ts";

/** What was asked of the platform, for the words of its failures. */
export type PlatformOperation =
  | "GetBucket"
  | "StampBucket"
  | "PutEmails"
  | "GetEmail"
  | "PutAttachment"
  | "GetBucketSyncState"
  | "ListSyncStates"
  | "GetSyncState"
  | "PutSyncState"
  | "DeleteSyncState"
  | "GetConfig"
  | "PutConfig";

/** An answer that is not the success it should be. */
export interface PlatformFailure {
  readonly operation: PlatformOperation;
  /** What it is about, e.g. the bucket `owner/name`; configured by the operator. */
  readonly about: string;
  readonly status: number;
  /** `message` of the error envelope without token and ids; absent where the body is none. */
  readonly message?: string;
  /** The delay the server named, in ms. */
  readonly retryAfterMs?: number;
}

interface Meaning {
  readonly kind: ErrorKind;
  readonly code: string;
  /** Goes on from "The platform". */
  readonly what: string;
  readonly hint: string;
}

/** The permission of the vendor's model that an operation needs. */
const PERMISSIONS: Readonly<Record<PlatformOperation, string>> = {
  GetBucket: "buckets-read",
  StampBucket: "buckets-write",
  PutEmails: "buckets-append",
  GetEmail: "buckets-items-read",
  PutAttachment: "buckets-append",
  GetBucketSyncState: "buckets-read",
  ListSyncStates: "buckets-read",
  GetSyncState: "buckets-read",
  PutSyncState: "buckets-write",
  DeleteSyncState: "buckets-write",
  GetConfig: "appliance-config-read",
  PutConfig: "appliance-config-write",
};

const TOKEN_HINT =
  "Check `REINFER_API_TOKEN` and that the token is of this tenant, and not revoked";
const ENDPOINT_HINT =
  "Check `--reinfer-api-endpoint` and `--reinfer-api-prefix`, and what answers at that address";
const QUOTA_HINT = "Raise the quota of the tenant, or free some of it; emails wait until then";
const WAIT_HINT = "Wait; if this lasts, look at the status page of the platform";
const TRUST_HINT =
  "Check what answers at `--reinfer-api-endpoint`; if it is the platform, put the " +
  "certificate of the authority behind it into the roots of this machine, or into the file named " +
  "by SSL_CERT_FILE";
const EMAIL_HINT = "Look at the email: the platform takes the others";

/** Words by which a refusal speaks of something else than the email (spec section 7). */
const NOT_THE_EMAIL: readonly (readonly [pattern: RegExp, meaning: Omit<Meaning, "hint">])[] = [
  [/quota|billing|licen[cs]e|consumption|units? (?:exceeded|exhausted)/i, {
    kind: "mailbox",
    code: "PlatformQuotaExceeded",
    what: "takes no more for now",
  }],
  [/permission|forbidden|unauthori[sz]ed|not allowed|access denied/i, {
    kind: "mailbox",
    code: "PlatformForbidden",
    what: "forbids it",
  }],
  [/\bbuckets?\b/i, {
    kind: "mailbox",
    code: "PlatformBucketUnusable",
    what: "refuses the bucket",
  }],
];

/** The failure of an answer, by status and message (contract: facts, A.2). */
export function platformErrorOf(failure: PlatformFailure): SyncError {
  const { operation, status, message, retryAfterMs } = failure;
  const { kind, code, what, hint } = meaningOf(failure);
  const said = message === undefined ? "" : `: ${foreignText(message)}`;
  return new SyncError(kind, code, `The platform ${what} (HTTP ${status})${said}`, {
    hint,
    context: { operation },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function meaningOf(failure: PlatformFailure): Meaning {
  const { status } = failure;
  if (status === 401) {
    const code = "PlatformTokenRefused";
    return { kind: "destination", code, what: "refuses the token", hint: TOKEN_HINT };
  }
  if (status === 402 || status === 507) return quotaOf();
  if (status === 403) return forbiddenOf(failure);
  if (status === 404) return missingOf(failure);
  if (status === 405 || status === 501) {
    const what = "does not know this request at this address";
    return { kind: "destination", code: "PlatformPathUnknown", what, hint: ENDPOINT_HINT };
  }
  if (isPassing(status)) {
    return {
      kind: "retryable",
      code: `PlatformHttp${status}`,
      what: "cannot answer now",
      hint: WAIT_HINT,
    };
  }
  if (status >= 300 && status < 400) {
    const what = "sends the request elsewhere, which is not followed";
    return { kind: "destination", code: "PlatformRedirected", what, hint: ENDPOINT_HINT };
  }
  return refusalOf(failure);
}

/** Statuses that pass by themselves. */
function isPassing(status: number): boolean {
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
}

function quotaOf(): Meaning {
  const code = "PlatformQuotaExceeded";
  return { kind: "mailbox", code, what: "takes no more for now", hint: QUOTA_HINT };
}

function forbiddenOf({ operation, about, message }: PlatformFailure): Meaning {
  if (message !== undefined && NOT_THE_EMAIL[0]![0].test(message)) return quotaOf();
  const permission = PERMISSIONS[operation];
  const hint = `Give the user of the token the permission ${permission} for "${about}"`;
  // A configuration is of no mailbox.
  const kind = isOfConfig(operation) ? "destination" : "mailbox";
  return { kind, code: "PlatformForbidden", what: `forbids it for "${about}"`, hint };
}

function isOfConfig(operation: PlatformOperation): boolean {
  return operation === "GetConfig" || operation === "PutConfig";
}

function missingOf({ operation, about }: PlatformFailure): Meaning {
  if (isOfConfig(operation)) {
    const hint = "Check `--remote-config-owner` and `--remote-config-key`, or push a configuration";
    const what = `has no configuration "${about}"`;
    return { kind: "destination", code: "PlatformConfigMissing", what, hint };
  }
  return {
    kind: "mailbox",
    code: "PlatformBucketMissing",
    what: `has no bucket "${about}", or does not show it`,
    hint: `Create it with the platform's command line: re create bucket ${about} --type emails; ` +
      "or correct `bucket` of the mailbox",
  };
}

/** A client error that is about what was sent: 400, 413, 422 and their kin. */
function refusalOf({ operation, about, status, message }: PlatformFailure): Meaning {
  const isOfEmail = operation === "PutEmails" || operation === "PutAttachment";
  if (!isOfEmail) {
    const what = "refuses the request";
    return { kind: "destination", code: "PlatformRefused", what, hint: ENDPOINT_HINT };
  }
  const other = NOT_THE_EMAIL.find(([pattern]) => message !== undefined && pattern.test(message));
  if (other) return { ...other[1], hint: hintOf(other[1].code, operation, about) };
  if (status === 413) {
    return {
      kind: "item",
      code: "PlatformTooLarge",
      what: "takes nothing so large",
      hint: EMAIL_HINT,
    };
  }
  return {
    kind: "item",
    code: "PlatformEmailRefused",
    what: "refuses the email",
    hint: EMAIL_HINT,
  };
}

function hintOf(code: string, operation: PlatformOperation, about: string): string {
  if (code === "PlatformQuotaExceeded") return QUOTA_HINT;
  if (code === "PlatformForbidden") {
    return `Give the user of the token the permission ${PERMISSIONS[operation]} for "${about}"`;
  }
  return `Check bucket "${about}" on the platform, and that it is of type emails`;
}

/** An answer that contradicts the contract: a page of a proxy, or a status and a body that differ. */
export function answerInvalidOf(
  operation: PlatformOperation,
  status: number,
  finding: string,
): SyncError {
  return unfitAnswer("PlatformAnswerInvalid", operation, status, finding);
}

/** An answer of which no more is read than it may have. */
export function answerTooLargeOf(operation: PlatformOperation, status: number): SyncError {
  return unfitAnswer("PlatformAnswerTooLarge", operation, status, "it is too large");
}

function unfitAnswer(
  code: string,
  operation: PlatformOperation,
  status: number,
  finding: string,
): SyncError {
  const message = `The answer of the platform cannot be understood (HTTP ${status}): ${finding}`;
  return new SyncError("retryable", code, message, {
    hint: `${ENDPOINT_HINT}, such as the page of a proxy`,
    context: { operation },
  });
}

/** The platform showed no life for too long. */
export function platformTimeoutOf(operation: PlatformOperation, silenceMs: number): SyncError {
  const message = `The platform shows no life for ${silenceMs / 1000} s`;
  return new SyncError("retryable", "PlatformTimeout", message, {
    hint: WAIT_HINT,
    context: { operation },
  });
}

/**
 * What a connection that fails means here: it is the destination that cannot be reached, and the
 * settings for Exchange have no say.
 */
export function platformNetworkErrorOf(error: SyncError): SyncError {
  if (error.kind === "retryable" || error.kind === "fatal") return error;
  // Remedies that name settings of the Exchange connection help nobody here.
  const hint = error.hint?.includes("ews_") ? TRUST_HINT : error.hint;
  return new SyncError("destination", error.code, error.message, {
    cause: error,
    context: error.context,
    ...(hint === undefined ? {} : { hint }),
  });
}
