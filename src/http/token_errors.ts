import { SyncError } from "../core/errors.ts";
import { retryAfterMsOf } from "../core/retry_after.ts";
import type { Refusal } from "./credential_gate.ts";
import { foreignText } from "./foreign_text.ts";
import { numberInJson } from "./number_in_json.ts";
import {
  CLIENT_REFUSED,
  CLOCK_WRONG,
  KNOWN_REFUSALS,
  type KnownRefusal,
  REFUSALS_BY_ERROR,
} from "./token_refusals.ts";

/** An answer of an authority that is no success. */
export interface AuthorityAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Parsed JSON; absent where it is none. */
  readonly body: unknown;
}

/** Who asked whom, and when, for messages and for telling that a clock is off. */
export interface TokenRequestContext {
  /** `host:port` of the authority. */
  readonly address: string;
  readonly clientId: string;
  /** How the client proves who it is; what is signed here depends on the clock. */
  readonly credential: "secret" | "certificate" | "federated token";
  /** Our time when the answer came. */
  readonly now: Date;
  /** What must not be in any message, should the authority repeat it. */
  readonly secrets: readonly string[];
}

/** Either what passes by itself, or what stays until somebody mends it. */
export type TokenFailure =
  | { readonly error: SyncError }
  | { readonly refusal: Refusal };

const CLOCK_SKEW_MS_MAX = 5 * 60_000;

/** Refusals of an assertion of which the clock can be the cause. */
const OUTSIDE_ITS_TIME: ReadonlySet<number> = new Set([700024]);
const DEPENDS_ON_TIME: ReadonlySet<number | undefined> = new Set([
  undefined,
  50027,
  700027,
  7000274,
  1000502,
]);

/** What passes by itself although the status does not say so. */
const TRANSIENT: ReadonlySet<number> = new Set([90006, 90012, 90033, 50196]);
const TRANSIENT_ERRORS: readonly unknown[] = ["temporarily_unavailable", "server_error"];

/** What an answer that is no success means and what an operator can do about it. */
export function tokenFailureOf(
  answer: AuthorityAnswer,
  context: TokenRequestContext,
): TokenFailure {
  const report = reportOf(answer.body, context.secrets);
  const passing = passingErrorOf(answer, report, context);
  if (passing) return { error: passing };
  if (report.error === undefined) {
    return { error: answerInvalidOf(`HTTP ${answer.status} without an OAuth error`, context) };
  }
  const clock = clockRefusalOf(answer, report, context);
  if (clock) return { refusal: clock };
  const known = KNOWN_REFUSALS.get(report.number ?? 0) ?? REFUSALS_BY_ERROR.get(report.error);
  const { code, finding, hint } = known ?? unknownRefusalOf(report, context);
  const skew = skewOf(answer, context);
  return {
    refusal: {
      code,
      message: `${refusedBy(context)}: ${finding}${identifiers(report)}` +
        (skew === undefined ? "" : `; ${skew}`),
      hint,
    },
  };
}

/**
 * Says that the clocks differ by more than 5 minutes; nothing if they do not, or the authority does
 * not tell its own (`Date`, RFC 9110 section 6.6.1).
 */
export function skewOf(
  { headers }: Pick<AuthorityAnswer, "headers">,
  { now }: Pick<TokenRequestContext, "now">,
): string | undefined {
  const theirs = Date.parse(headers.get("date") ?? "");
  if (!(Math.abs(theirs - now.getTime()) > CLOCK_SKEW_MS_MAX)) return undefined;
  return `the clock here says ${now.toISOString()}, that of the authority ${
    new Date(theirs).toISOString()
  }`;
}

/** An answer that no OAuth authority gives, e.g. a page of something that stands in between. */
export function answerInvalidOf(
  finding: string,
  { address }: Pick<TokenRequestContext, "address">,
): SyncError {
  return new SyncError(
    "retryable",
    "AuthorityAnswerInvalid",
    `"${address}" does not answer as an OAuth authority does: ${finding}`,
    { hint: "Check `auth_oauth_authority`, and that no proxy or portal answers in its place" },
  );
}

/** The parts of an error answer that are of use, made harmless. */
interface Report {
  /** Its code (RFC 6749 section 5.2); absent where the answer has none. */
  readonly error: string | undefined;
  readonly number: number | undefined;
  readonly description: string;
  readonly correlationId: string | undefined;
  readonly traceId: string | undefined;
}

function reportOf(body: unknown, secrets: readonly string[]): Report {
  const fields: Readonly<Record<string, unknown>> = typeof body === "object" && body
    ? { ...body }
    : {};
  const description = harmless(fields.error_description, secrets);
  const [listed] = Array.isArray(fields.error_codes) ? fields.error_codes : [];
  const number = numberInJson(/\bAADSTS([0-9]{4,8})\b/.exec(description)?.[1] ?? listed);
  return {
    error: typeof fields.error === "string" ? harmless(fields.error, secrets) : undefined,
    number: Number.isSafeInteger(number) && number > 0 ? number : undefined,
    description,
    correlationId: identifierOf(fields.correlation_id),
    traceId: identifierOf(fields.trace_id),
  };
}

/** A signed token, whosever it is (RFC 7519 section 3). */
const JWT = /eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g;

/** One line of what the authority says, without any secret it may repeat. */
function harmless(text: unknown, secrets: readonly string[]): string {
  if (typeof text !== "string") return "";
  let line = text.split(/[\r\n]/, 1)[0] ?? "";
  for (const secret of secrets) {
    if (secret !== "") line = line.replaceAll(secret, "[secret]");
  }
  line = line.replace(JWT, "[token]");
  return foreignText(line);
}

function identifierOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[0-9A-Za-z-]{8,64}$/.test(value) ? value : undefined;
}

/** What Microsoft's support asks for. */
function identifiers({ number, correlationId, traceId }: Report): string {
  const parts = [
    number && `AADSTS${number}`,
    correlationId && `correlation id ${correlationId}`,
    traceId && `trace id ${traceId}`,
  ].filter(Boolean);
  return parts.length > 0 ? ` (${parts.join(", ")})` : "";
}

function refusedBy({ address, clientId }: TokenRequestContext): string {
  return `The authority "${address}" refused the client "${clientId}"`;
}

function passingErrorOf(
  { status, headers }: AuthorityAnswer,
  report: Report,
  { address, now }: TokenRequestContext,
): SyncError | undefined {
  const busy = status === 429 || report.number === 50196;
  const passes = busy || status === 408 || status >= 500 ||
    TRANSIENT.has(report.number ?? 0) || TRANSIENT_ERRORS.includes(report.error);
  if (!passes) return undefined;
  const retryAfterMs = retryAfterMsOf(headers.get("retry-after"), now);
  return new SyncError(
    "retryable",
    busy ? "AuthorityBusy" : "AuthorityUnavailable",
    `The authority "${address}" gives no token now: HTTP ${status}${identifiers(report)}`,
    {
      hint: "Nothing for now: it is tried again; see status.cloud.microsoft if this repeats",
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

/** An assertion is valid for ten minutes of our clock: one that is off makes it worthless. */
function clockRefusalOf(
  answer: AuthorityAnswer,
  report: Report,
  context: TokenRequestContext,
): Refusal | undefined {
  if (context.credential !== "certificate") return undefined;
  const outside = OUTSIDE_ITS_TIME.has(report.number ?? 0);
  const skew = skewOf(answer, context);
  if (!outside && (skew === undefined || !DEPENDS_ON_TIME.has(report.number))) return undefined;
  const times = skew ?? `the clock here says ${context.now.toISOString()}`;
  return {
    code: CLOCK_WRONG.code,
    message: `${refusedBy(context)}: ${CLOCK_WRONG.finding}; ${times}${identifiers(report)}`,
    hint: CLOCK_WRONG.hint,
  };
}

/** What no table knows, in the authority's own words. */
function unknownRefusalOf(
  { error, description }: Report,
  { credential }: TokenRequestContext,
): KnownRefusal {
  const said = [error, description].filter(Boolean).join(": ");
  const keys = credential === "secret"
    ? "`auth_oauth_client_secret`"
    : "`auth_oauth_client_credential_private_key`, `auth_oauth_client_credential_thumbprint`";
  return {
    code: CLIENT_REFUSED,
    finding: said,
    hint: `Check \`auth_oauth_authority\`, \`auth_oauth_client_id\`, ${keys} and ` +
      "`auth_oauth_scope`",
  };
}
