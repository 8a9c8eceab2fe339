import { Buffer } from "node:buffer";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Clock, Entropy } from "../../src/core/env.ts";
import type { Account } from "./access_rights.ts";
import {
  type AuthenticateMessage,
  AV_FLAG_MIC,
  AV_IDS,
  type AvPairs,
  type Challenge,
  decodeAuthenticate,
  decodeNegotiate,
  decodeNtlmv2Response,
  encodeChallenge,
  messageTypeOf,
  NTLM_FLAGS,
  NtlmMalformed,
  type Ntlmv2Response,
  withoutMic,
} from "./ntlm_messages.ts";
import { randomBytes } from "./seeded_entropy.ts";

/**
 * Extended Protection for Authentication, as Exchange's virtual directories have it:
 * - `never`: bindings are not looked at.
 * - `when sent`: a binding that is sent must be right ("Allow").
 * - `required`: a right binding must be sent ("Require", the default since Exchange 2019 CU14).
 */
export type ChannelBindingPolicy = "never" | "when sent" | "required";

export type LogonOutcome =
  | "accepted"
  | "unknown user"
  | "wrong password"
  | "channel binding missing"
  | "channel binding wrong"
  | "MIC wrong"
  | "clock skew"
  | "NTLMv1"
  | "malformed"
  | "no challenge";

export interface LogonAttempt {
  /** As the client wrote it: `DOMAIN\user`, or `user@domain`. */
  readonly user: string;
  readonly outcome: LogonOutcome;
}

export interface NtlmServer {
  readonly accounts: readonly Account[];
  readonly channelBinding: ChannelBindingPolicy;
  /** The `tls-server-end-point` binding of this connection (RFC 5929); absent without TLS. */
  readonly endpointHash: Buffer | undefined;
  /** NetBIOS and DNS names of the server and its domain. */
  readonly names: ServerNames;
  readonly clock: Pick<Clock, "now">;
  readonly entropy: Entropy;
}

export interface ServerNames {
  readonly netbiosDomain: string;
  readonly netbiosComputer: string;
  readonly dnsDomain: string;
  readonly dnsComputer: string;
}

export type NtlmStep =
  | { readonly step: "challenge"; readonly message: Buffer }
  | { readonly step: "accepted"; readonly account: Account; readonly attempt: LogonAttempt }
  | { readonly step: "refused"; readonly attempt: LogonAttempt };

interface PendingChallenge {
  readonly negotiate: Buffer;
  readonly challenge: Buffer;
  readonly serverChallenge: Buffer;
}

const FLAGS_ALWAYS = NTLM_FLAGS.unicode | NTLM_FLAGS.ntlm | NTLM_FLAGS.requestTarget |
  NTLM_FLAGS.targetTypeDomain | NTLM_FLAGS.targetInfo | NTLM_FLAGS.extendedSessionSecurity;
const FLAGS_IF_ASKED = NTLM_FLAGS.sign | NTLM_FLAGS.seal | NTLM_FLAGS.alwaysSign |
  NTLM_FLAGS.version | NTLM_FLAGS.key128 | NTLM_FLAGS.keyExchange | NTLM_FLAGS.key56;
/** FILETIME of the Unix epoch; FILETIME counts 100 ns since 1601. */
const FILETIME_UNIX_EPOCH = 116_444_736_000_000_000n;
/** MS-NLMP 3.1.1.1, MaxLifetime: a response older than that is refused. */
const MAX_LIFETIME = 36n * 3600n * 10_000_000n;

/**
 * The server's side of NTLM on one connection (MS-NLMP 3.2.5): it challenges, then checks the
 * NTLMv2 proof, the MIC if the client says there is one, and the channel binding.
 */
export class NtlmAcceptor {
  readonly #server: NtlmServer;
  #pending: PendingChallenge | undefined;

  constructor(server: NtlmServer) {
    this.#server = server;
  }

  /** Takes one message of the client. Each challenge is good for one answer. */
  take(message: Buffer): NtlmStep {
    const type = messageTypeOf(message);
    try {
      if (type === 1) return { step: "challenge", message: this.#challenge(message) };
      if (type === 3) return this.#verdict(message);
    } catch (error) {
      if (!(error instanceof NtlmMalformed)) throw error;
    }
    this.#pending = undefined;
    return { step: "refused", attempt: { user: "", outcome: "malformed" } };
  }

  #challenge(negotiate: Buffer): Buffer {
    const { names, clock, entropy } = this.#server;
    const asked = decodeNegotiate(negotiate).flags;
    const serverChallenge = Buffer.from(randomBytes(entropy, 8));
    const challenge = encodeChallenge({
      flags: FLAGS_ALWAYS | (asked & FLAGS_IF_ASKED),
      serverChallenge,
      targetName: names.netbiosDomain,
      targetInfo: targetInfo(names, clock.now()),
    });
    this.#pending = { negotiate, challenge, serverChallenge };
    return challenge;
  }

  #verdict(message: Buffer): NtlmStep {
    const pending = this.#pending;
    this.#pending = undefined;
    const authenticate = decodeAuthenticate(message);
    const user = authenticate.domain
      ? `${authenticate.domain}\\${authenticate.user}`
      : authenticate.user;
    const refused = (outcome: LogonOutcome): NtlmStep => {
      return { step: "refused", attempt: { user, outcome } };
    };
    if (!pending) return refused("no challenge");
    const account = this.#accountOf(authenticate);
    if (!account) return refused("unknown user");
    const response = decodeNtlmv2Response(authenticate.ntResponse);
    if (!response) return refused("NTLMv1");
    const key = responseKey(account.password, authenticate);
    const proof = hmacMd5(key, pending.serverChallenge, response.temp);
    if (!isSame(proof, response.proof)) return refused("wrong password");
    const outcome = this.#checkIntegrity({ message, authenticate, response, pending, key });
    if (outcome !== "accepted") return refused(outcome);
    return { step: "accepted", account, attempt: { user, outcome } };
  }

  /** Domain and user as in `DOMAIN\user`, or everything in the user name as in `user@domain`. */
  #accountOf({ user, domain }: AuthenticateMessage): Account | undefined {
    const { netbiosDomain, dnsDomain } = this.#server.names;
    const isOurs = ["", netbiosDomain, dnsDomain].some((name) => equalNames(name, domain));
    return this.#server.accounts.find((account) =>
      equalNames(account.principalName, user) ||
      equalNames(account.user, user) && (equalNames(account.domain, domain) || isOurs)
    );
  }

  #checkIntegrity(exchange: SignedExchange): LogonOutcome {
    const { pairs, timestamp } = exchange.response;
    const skew = filetimeOf(this.#server.clock.now()) - timestamp;
    if (skew > MAX_LIFETIME || skew < -MAX_LIFETIME) return "clock skew";
    const flags = pairs.get(AV_IDS.flags);
    const hasMic = flags !== undefined && flags.length === 4 &&
      (flags.readUInt32LE(0) & AV_FLAG_MIC) !== 0;
    if (hasMic && !isSame(micOf(exchange), exchange.authenticate.mic)) return "MIC wrong";
    return this.#checkChannelBinding(pairs);
  }

  #checkChannelBinding(pairs: AvPairs): LogonOutcome {
    const { channelBinding, endpointHash } = this.#server;
    // Without TLS there is no channel to be bound to, whatever the policy.
    if (channelBinding === "never" || !endpointHash) return "accepted";
    const sent = pairs.get(AV_IDS.channelBindings);
    if (!sent || sent.every((byte) => byte === 0)) {
      return channelBinding === "required" ? "channel binding missing" : "accepted";
    }
    return isSame(channelBindingHash(endpointHash), sent) ? "accepted" : "channel binding wrong";
  }
}

interface SignedExchange {
  readonly message: Buffer;
  readonly authenticate: AuthenticateMessage;
  readonly response: Ntlmv2Response;
  readonly pending: PendingChallenge;
  /** NTOWFv2. */
  readonly key: Buffer;
}

/** MIC over all three messages, with the exported session key (MS-NLMP 3.1.5.1.2). */
function micOf({ message, authenticate, response, pending, key }: SignedExchange): Buffer {
  const sessionBaseKey = hmacMd5(key, response.proof);
  const { encryptedSessionKey, flags } = authenticate;
  const exported = flags & NTLM_FLAGS.keyExchange && encryptedSessionKey.length === 16
    ? rc4(sessionBaseKey, encryptedSessionKey)
    : sessionBaseKey;
  return hmacMd5(exported, pending.negotiate, pending.challenge, withoutMic(message));
}

function targetInfo(names: ServerNames, now: Date): Challenge["targetInfo"] {
  const text = (value: string) => Buffer.from(value, "utf16le");
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64LE(filetimeOf(now));
  return [
    [AV_IDS.netbiosDomain, text(names.netbiosDomain)],
    [AV_IDS.netbiosComputer, text(names.netbiosComputer)],
    [AV_IDS.dnsDomain, text(names.dnsDomain)],
    [AV_IDS.dnsComputer, text(names.dnsComputer)],
    [AV_IDS.dnsTree, text(names.dnsDomain)],
    [AV_IDS.timestamp, timestamp],
  ];
}

function filetimeOf(date: Date): bigint {
  return BigInt(date.getTime()) * 10_000n + FILETIME_UNIX_EPOCH;
}

/** NTOWFv2 (MS-NLMP 3.3.2). Windows uppercases by character, so that one never becomes two. */
function responseKey(password: string, { user, domain }: AuthenticateMessage): Buffer {
  const upper = user.split("").map((unit) => {
    const mapped = unit.toUpperCase();
    return mapped.length === 1 ? mapped : unit;
  }).join("");
  const ntHash = createHash("md4").update(Buffer.from(password, "utf16le")).digest();
  return hmacMd5(ntHash, Buffer.from(upper + domain, "utf16le"));
}

/** MD5 over gss_channel_bindings_struct with nothing but application data (RFC 2744, RFC 5929). */
function channelBindingHash(endpointHash: Buffer): Buffer {
  const application = Buffer.concat([Buffer.from("tls-server-end-point:", "latin1"), endpointHash]);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(application.length, 16);
  return createHash("md5").update(head).update(application).digest();
}

function hmacMd5(key: Buffer, ...data: readonly Buffer[]): Buffer {
  const hmac = createHmac("md5", key);
  for (const part of data) hmac.update(part);
  return hmac.digest();
}

/** RC4; the runtime's OpenSSL layer does not have it any more. */
function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const swap = (a: number, b: number) => [state[a], state[b]] = [state[b]!, state[a]!];
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + state[i]! + key[i % key.length]!) & 255;
    swap(i, j);
  }
  let i = 0;
  let j = 0;
  return Buffer.from(data.map((byte) => {
    i = (i + 1) & 255;
    j = (j + state[i]!) & 255;
    swap(i, j);
    return byte ^ state[(state[i]! + state[j]!) & 255]!;
  }));
}

function isSame(expected: Buffer, actual: Buffer): boolean {
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function equalNames(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
