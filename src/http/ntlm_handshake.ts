import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { channelBindingOf } from "./channel_binding.ts";
import { type Connection, type Exchange, isUnsent } from "./connection.ts";
import type { Refusal, SignInResult } from "./credential_gate.ts";
import { hostOf } from "./dial.ts";
import { addressOf } from "./network_error.ts";
import type { NtlmAccount } from "./ntlm_account.ts";
import {
  computerNameOf,
  decodeChallenge,
  encodeAuthenticate,
  encodeNegotiate,
  type NtlmChallenge,
} from "./ntlm_messages.ts";
import { provesSignIn } from "./proves_sign_in.ts";
import type { HttpRequest } from "./transport.ts";

/** Raw NTLM messages go under either name; Exchange offers both by default. */
const SCHEMES = ["NTLM", "Negotiate"] as const;
type Scheme = typeof SCHEMES[number];

export interface HandshakeInputs {
  readonly account: NtlmAccount;
  readonly password: string;
  /** 8 random bytes, never used twice. */
  readonly clientChallenge: Uint8Array;
  /** Our time, for servers that do not state theirs. */
  readonly now: Date;
}

/**
 * The three steps of NTLM over HTTP on one fresh connection ([MS-NTHT] 2): NEGOTIATE with an empty
 * body, the CHALLENGE in a 401, then the request itself with AUTHENTICATE.
 *
 * An answer to NEGOTIATE that is no 401 is the answer of the server as it is, verdict `undecided`.
 * A refusal says `NtlmConnectionNotKept` where it is seen to be the fault of something in between.
 * Rejects with `NtlmNotOffered`, `NtlmChallengeInvalid`, `NtlmConnectionLost` where the connection
 * does not outlive the handshake, and as `Connection.exchange` does.
 */
export async function ntlmHandshake(
  connection: Connection,
  request: HttpRequest,
  inputs: HandshakeInputs,
  options: CallOptions,
): Promise<SignInResult<Exchange>> {
  const negotiate = encodeNegotiate();
  const opening = await openHandshake(connection, request, negotiate, options);
  if ("answer" in opening) return { verdict: "undecided", value: opening.answer };

  const { certificate } = connection;
  const challenge = decodeChallenge(opening.challenge);
  const authenticate = encodeAuthenticate({
    ...inputs,
    negotiate,
    challenge,
    targetName: `HTTP/${hostOf(request.url)}`,
    ...(certificate ? { channelBinding: channelBindingOf(certificate) } : {}),
  });
  const signedIn = withMessage(request, opening.scheme, authenticate);
  const exchange = await keepingConnection(
    request.url,
    () => connection.exchange(signedIn, options),
  );
  if (exchange.status === 401) {
    const signIn = { connection, request, negotiate, scheme: opening.scheme, challenge };
    const kept = await isKept(signIn, exchange, options);
    connection.destroy();
    if (kept === true) return { verdict: "refused" };
    return { verdict: "refused", ...(kept === false ? notKept(request.url) : perhapsNotKept()) };
  }
  return { verdict: provesSignIn(exchange.status) ? "accepted" : "undecided", value: exchange };
}

type Opening =
  | { readonly answer: Exchange }
  | { readonly scheme: Scheme; readonly challenge: Uint8Array };

/** Sends NEGOTIATE under the scheme the server likes, until there is a CHALLENGE. */
async function openHandshake(
  connection: Connection,
  request: HttpRequest,
  negotiate: Uint8Array,
  options: CallOptions,
): Promise<Opening> {
  const { body: _, ...empty } = request;
  let offer = "NTLM";
  for (const scheme of SCHEMES) {
    if (!isOffered(offer, scheme)) continue;
    const answer = await connection.exchange(withMessage(empty, scheme, negotiate), options);
    if (answer.status !== 401) {
      return await answerWithoutSignIn(connection, request, answer, options);
    }
    await drain(answer, request.url);
    offer = answer.headers.get("www-authenticate") ?? "";
    const challenge = challengeIn(offer, scheme);
    if (challenge) return { scheme, challenge };
  }
  throw SCHEMES.some((scheme) => isOffered(offer, scheme))
    ? noChallenge(request.url)
    : notOffered(request.url);
}

/**
 * A server that is content with NEGOTIATE asks for no sign-in. Its answer is to an empty request, so
 * a success means nothing yet, and the request itself follows as it is.
 */
async function answerWithoutSignIn(
  connection: Connection,
  request: HttpRequest,
  answer: Exchange,
  options: CallOptions,
): Promise<Opening> {
  if (answer.status >= 300) return { answer };
  await drain(answer, request.url);
  return { answer: await connection.exchange(request, options) };
}

interface RefusedSignIn {
  readonly connection: Connection;
  readonly request: HttpRequest;
  readonly negotiate: Uint8Array;
  readonly scheme: Scheme;
  readonly challenge: NtlmChallenge;
}

/**
 * False if AUTHENTICATE did not come to the server over the connection that NEGOTIATE came over: a
 * proxy or load balancer in between does not keep them together. A server refuses that, and most in
 * the very words of a wrong password; so NEGOTIATE, which names no one, is sent twice more. On a
 * connection that is kept, a strict server does not challenge the second of them; where both are
 * challenged, other computers or the words of a proxy tell, or else nothing is known.
 */
async function isKept(
  signIn: RefusedSignIn,
  refused: Exchange,
  options: CallOptions,
): Promise<boolean | undefined> {
  const { scheme, challenge } = signIn;
  const offer = refused.headers.get("www-authenticate") ?? "";
  if (challengeIn(offer, scheme)) return false;
  try {
    await drain(refused, signIn.request.url);
    const first = await challengeAgain(signIn, options);
    const second = first && await challengeAgain(signIn, options);
    if (!second) return true;
    const computers = [challenge, first, second].map(computerNameOf);
    return new Set(computers).size > 1 || isFromProxy(refused) ? false : undefined;
  } catch {
    // Whatever it was, nothing more will be known than the refusal, which must be counted.
    return undefined;
  }
}

async function challengeAgain(
  { connection, request, negotiate, scheme }: RefusedSignIn,
  options: CallOptions,
): Promise<NtlmChallenge | undefined> {
  const { body: _, ...empty } = request;
  const answer = await connection.exchange(withMessage(empty, scheme, negotiate), options);
  await drain(answer, request.url);
  const challenge = challengeIn(answer.headers.get("www-authenticate") ?? "", scheme);
  return challenge && decodeChallenge(challenge);
}

/** Exchange is always behind IIS, which says so unless it is told not to. */
function isFromProxy({ headers }: Exchange): boolean {
  return headers.has("via") || !(headers.get("server") ?? "Microsoft").startsWith("Microsoft");
}

function withMessage(request: HttpRequest, scheme: Scheme, message: Uint8Array): HttpRequest {
  const authorization = `${scheme} ${message.toBase64()}`;
  return { ...request, headers: { ...request.headers, authorization } };
}

/** The fields of several challenges are joined by commas, which no token holds. */
function challengesOf(offer: string): readonly string[] {
  return offer.split(",").map((challenge) => challenge.trim());
}

function isOffered(offer: string, scheme: Scheme): boolean {
  const names = challengesOf(offer).map((challenge) => challenge.split(" ", 1)[0]?.toLowerCase());
  return names.includes(scheme.toLowerCase());
}

function challengeIn(offer: string, scheme: Scheme): Uint8Array | undefined {
  const pattern = new RegExp(`^${scheme} +([A-Za-z0-9+/]+=*)$`, "i");
  for (const challenge of challengesOf(offer)) {
    const token = pattern.exec(challenge)?.[1];
    if (token) return bytesOf(token);
  }
  return undefined;
}

/** Whatever is no base64 is no challenge either, which decoding no bytes says. */
function bytesOf(token: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(token);
  } catch {
    return new Uint8Array(0);
  }
}

/** Reads the page that comes with a challenge: only then can the connection go on. */
async function drain(exchange: Exchange, url: URL): Promise<void> {
  let bytes = 0;
  for await (const chunk of exchange.body) {
    bytes += chunk.byteLength;
    if (bytes > LIMITS.ntlmChallengePageBytesMax) throw connectionLost(url, undefined);
  }
}

const LOSSES: readonly string[] = ["ConnectionReset", "ConnectionClosed"];

/** Explains the loss of a connection on which NTLM was under way. */
async function keepingConnection<T>(url: URL, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const lost = error instanceof SyncError && LOSSES.includes(error.code);
    throw lost || isUnsent(error) ? connectionLost(url, error) : error;
  }
}

function connectionLost(url: URL, cause: unknown): SyncError {
  return new SyncError(
    "retryable",
    "NtlmConnectionLost",
    `Connection to "${addressOf(url)}" was closed in the middle of the NTLM handshake`,
    {
      hint: "Let proxies and load balancers in between keep connections open: NTLM needs that",
      cause,
    },
  );
}

function notKept(url: URL): { readonly refusal: Refusal } {
  const message = `Sign-in at "${addressOf(url)}" failed because something in between sends the ` +
    "requests of one connection over several";
  const hint =
    "Let proxies and load balancers keep one connection to Exchange for each from here (nginx: " +
    "`stream` instead of `http`); if they do, check `auth_user` and `auth_password`";
  return { refusal: { code: "NtlmConnectionNotKept", message, hint } };
}

function perhapsNotKept(): { readonly hint: string } {
  const hint =
    "Check `auth_user` and `auth_password`, whether the account is locked or expired, that nothing " +
    "between here and Exchange ends TLS (channel binding), and that proxies and load balancers " +
    "keep one connection to Exchange for each from here";
  return { hint };
}

function noChallenge(url: URL): SyncError {
  return new SyncError(
    "mailbox",
    "NtlmChallengeInvalid",
    `Server "${addressOf(url)}" offers NTLM but sends no challenge`,
    { hint: "Check that no proxy in between rewrites Authorization or WWW-Authenticate" },
  );
}

function notOffered(url: URL): SyncError {
  return new SyncError(
    "fatal",
    "NtlmNotOffered",
    `Server "${addressOf(url)}" does not offer NTLM sign-in`,
    { hint: "Enable Windows authentication on the EWS virtual directory, or check `ews_endpoint`" },
  );
}
