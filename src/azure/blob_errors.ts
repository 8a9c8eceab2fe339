import { SyncError } from "../core/errors.ts";
import { boundedDelayMs, retryAfterMsOf } from "../core/retry_after.ts";
import {
  ANSWERING_CODES,
  type BlobPlace,
  KNOWN_REFUSALS,
  type KnownRefusal,
} from "./blob_refusals.ts";

/** The head of an answer. */
export interface BlobAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What a refusal is judged by beside the answer. */
export interface BlobErrorContext {
  readonly place: BlobPlace;
  /** `host:port` of the endpoint. */
  readonly address: string;
  /** When the SAS token in use expires, as it says; absent: it does not say, or there is none. */
  readonly sasExpiry?: string;
  /** Our time when the answer came. */
  readonly now: Date;
}

/** Shared key and SAS requests are refused outside of 15 minutes; a third of it is worth a word. */
const CLOCK_SKEW_MS_MAX = 5 * 60_000;

/**
 * What an answer that is no success of the Blob service means. The code is Microsoft's where one is
 * known here, else `Http` with the status: a metric label stays bounded. Kind `retryable` for what
 * passes by itself, else `destination`. Nothing of the answer's own text gets into a message: it can
 * quote what was signed.
 */
export function blobErrorOf(answer: BlobAnswer, context: BlobErrorContext): SyncError {
  const said = answer.headers.get("x-ms-error-code") ?? "";
  const retryAfterMs = delayMsOf(answer, context.now);
  const { code, known } = refusalOf(answer, said, context);
  const { account, container } = context.place;
  return new SyncError(
    known.passing ? "retryable" : "destination",
    code,
    `Azure Blob Storage "${account}/${container}": ${known.finding}${identifiers(answer, said)}`,
    {
      hint: known.hint(context.place),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

/** A failure of the network on the way to the service, once it is no longer tried again. */
export function unreachableOf(error: SyncError, { place, address }: BlobErrorContext): SyncError {
  // An authority may be unknown, too; its name is its own error's.
  const isOurs = error.code === "HostNotFound" && error.message.includes(`"${address}"`);
  if (!isOurs) return error.as("destination");
  const message =
    `There seems to be no storage account "${place.account}": "${address}" is unknown`;
  return new SyncError("destination", "StorageAccountUnknown", message, {
    cause: error,
    hint: "Check the account in `--private-file-prefix`, `REINFER_EWS_AZURE_BLOB_ENDPOINT` for " +
      "a national cloud, and the DNS of this machine for private endpoints",
  });
}

/** Whether a call ended with this error code of the service. */
export function hasCode(thrown: unknown, ...codes: readonly string[]): thrown is SyncError {
  return thrown instanceof SyncError && codes.includes(thrown.code);
}

interface JudgedRefusal {
  readonly code: string;
  readonly known: KnownRefusal;
}

function refusalOf(
  answer: BlobAnswer,
  said: string,
  context: BlobErrorContext,
): JudgedRefusal {
  if (said === "AuthenticationFailed") return unauthenticated(answer, context);
  const expired = said === "AuthorizationFailure" ? expiredSas(context) : undefined;
  if (expired) return expired;
  const usual = KNOWN_REFUSALS.get(said);
  const known = context.place.credential === "sas" ? usual?.withSas ?? usual : usual;
  if (known) return { code: said, known };
  if (ANSWERING_CODES.has(said)) return { code: said, known: UNEXPECTED };
  if (!isOfBlobService(answer)) return { code: "NotBlobStorage", known: notBlobStorage(context) };
  const { status } = answer;
  const passing = status === 408 || status === 429 || status >= 500;
  const fallback = passing ? KNOWN_REFUSALS.get("InternalError") : undefined;
  return { code: `Http${status}`, known: fallback ?? UNEXPECTED };
}

const UNEXPECTED: KnownRefusal = {
  finding: "the service refuses the request",
  hint: () => "Look its error code up in Microsoft's documentation of the Blob service",
};

/** What answers in its place, a gateway or a portal, names no request of the service. */
export function isOfBlobService({ headers }: BlobAnswer): boolean {
  return headers.has("x-ms-request-id") || headers.has("x-ms-version") ||
    headers.has("x-ms-error-code");
}

/** What stands in front of the service may be out of order for a moment. */
function notBlobStorage({ address }: BlobErrorContext): KnownRefusal {
  return {
    passing: true,
    finding: `"${address}" does not answer as the Blob service does`,
    hint: () =>
      "Check `REINFER_EWS_AZURE_BLOB_ENDPOINT`, and that no proxy or portal answers in its place",
  };
}

function unauthenticated(answer: BlobAnswer, context: BlobErrorContext): JudgedRefusal {
  const { place: { credential }, now } = context;
  const skew = skewOf(answer, now);
  if (skew !== undefined) {
    const hint = () => "Set the clock of this machine right (chrony or systemd-timesyncd)";
    const finding = `the clock of this machine is off: ${skew}`;
    return { code: "ClockWrong", known: { finding, hint } };
  }
  if (credential === "key") return { code: "StorageKeyRefused", known: KEY_REFUSED };
  if (credential === "token") return { code: "AuthenticationFailed", known: TOKEN_REFUSED };
  return expiredSas(context) ?? { code: "SasRefused", known: SAS_REFUSED };
}

function expiredSas({ sasExpiry, now }: BlobErrorContext): JudgedRefusal | undefined {
  const isExpired = sasExpiry !== undefined && Date.parse(sasExpiry) <= now.getTime();
  if (!isExpired) return undefined;
  const finding = `the SAS token expired at ${new Date(sasExpiry).toISOString()}`;
  return { code: "SasExpired", known: { finding, hint: SAS_REFUSED.hint } };
}

const KEY_REFUSED: KnownRefusal = {
  finding: "the account key is wrong, or was replaced",
  hint: ({ account }) =>
    `Put what az storage account show-connection-string --name ${account} prints into ` +
    "`AZURE_STORAGE_CONNECTION_STRING`",
};
const SAS_REFUSED: KnownRefusal = {
  finding: "the SAS token is wrong, not valid yet, or was revoked",
  hint: ({ container }) =>
    `Make a new SAS token for the container ${container} with the permissions rwdlac and put ` +
    "it into `AZURE_STORAGE_CONNECTION_STRING`",
};
const TOKEN_REFUSED: KnownRefusal = {
  finding: "the access token is refused",
  hint: ({ account }) =>
    `Check that AZURE_TENANT_ID is the tenant of the storage account ${account}, and the clock`,
};

/** Says that the clocks differ; nothing if they do not, or the service does not tell its own. */
function skewOf({ headers }: BlobAnswer, now: Date): string | undefined {
  const theirs = Date.parse(headers.get("date") ?? "");
  if (!(Math.abs(theirs - now.getTime()) > CLOCK_SKEW_MS_MAX)) return undefined;
  return `it says ${now.toISOString()}, that of the service ${new Date(theirs).toISOString()}`;
}

/** What Microsoft's support asks for, and what is not in our own vocabulary. */
function identifiers({ status, headers }: BlobAnswer, said: string): string {
  const parts = [`HTTP ${status}`];
  if (/^[A-Za-z0-9]{1,64}$/.test(said)) parts.push(said);
  const id = headers.get("x-ms-request-id") ?? "";
  if (/^[0-9A-Za-z-]{8,64}$/.test(id)) parts.push(`request id ${id}`);
  return ` (${parts.join(", ")})`;
}

/** The service names a delay to the millisecond, too. */
function delayMsOf({ headers }: BlobAnswer, now: Date): number | undefined {
  const exact = headers.get("x-ms-retry-after-ms")?.trim() ?? "";
  return /^[0-9]{1,9}$/.test(exact)
    ? boundedDelayMs(Number(exact))
    : retryAfterMsOf(headers.get("retry-after"), now);
}
