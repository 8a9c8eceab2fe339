import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import type { NtlmAccount } from "./ntlm_account.ts";

/** UTF-16 little endian without terminator: every string of an NTLM message and of its hashes. */
export function utf16le(text: string): Uint8Array {
  return Buffer.from(text, "utf16le");
}

/** NTOWFv2 of [MS-NLMP] 3.3.2: the key of all responses of one account. 16 bytes, secret. */
export function ntowfV2(account: NtlmAccount, password: string): Uint8Array {
  const passwordHash = createHash("md4").update(utf16le(password)).digest();
  return hmacMd5(passwordHash, utf16le(upperCase(account.user) + account.domain));
}

/** What an NTLMv2 response is computed from, beside the key. */
export interface NtlmV2Inputs {
  /** 8 bytes from the CHALLENGE. */
  readonly serverChallenge: Uint8Array;
  /** 8 random bytes of ours, never used twice. */
  readonly clientChallenge: Uint8Array;
  /** A FILETIME, 8 bytes. */
  readonly timestamp: Uint8Array;
  /** Encoded AV pairs, terminator included. */
  readonly targetInfo: Uint8Array;
}

export interface NtlmV2Response {
  /** `NtChallengeResponse`: NTProofStr and the structure it proves. */
  readonly nt: Uint8Array;
  /** SessionBaseKey, which is also the exported key as key exchange is never negotiated. */
  readonly sessionKey: Uint8Array;
}

/** The NTLMv2 response of [MS-NLMP] 3.3.2. */
export function ntlmV2Response(key: Uint8Array, inputs: NtlmV2Inputs): NtlmV2Response {
  const proven = Buffer.concat([
    Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0), // RespType, HiRespType, Reserved1, Reserved2
    inputs.timestamp,
    inputs.clientChallenge,
    new Uint8Array(4), // Reserved3
    inputs.targetInfo,
    new Uint8Array(4),
  ]);
  const proof = hmacMd5(key, inputs.serverChallenge, proven);
  return { nt: Buffer.concat([proof, proven]), sessionKey: hmacMd5(key, proof) };
}

/** The LMv2 response of [MS-NLMP] 3.3.2, for servers that send no timestamp. */
export function lmV2Response(
  key: Uint8Array,
  { serverChallenge, clientChallenge }: NtlmV2Inputs,
): Uint8Array {
  return Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge]);
}

export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac("md5", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Upper case as Windows has it: unit by unit, hence "ß" stays and nothing changes its length. */
function upperCase(text: string): string {
  return text.split("").map(upperCaseUnit).join("");
}

/**
 * Windows's table ([MS-UCODEREF] 3.1.5.3) has the letters that are also the small ones of their
 * capitals: not "µ", "ı" and "ſ", and since Windows 7 not the final "ς".
 */
function upperCaseUnit(unit: string): string {
  if (GREEK_WITH_IOTA.test(unit)) {
    return String.fromCharCode(unit.charCodeAt(0) + (unit < "\u1fb3" ? 8 : 9));
  }
  const upper = unit.toUpperCase();
  const isPair = upper.length === 1 && upper.toLowerCase() === unit;
  return isPair && !YOUNGER.some((letters) => letters.test(unit)) ? upper : unit;
}

/** Unicode writes their capitals with two letters, Windows with one. */
const GREEK_WITH_IOTA = /[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7\u1fb3\u1fc3\u1ff3]/;

/** Got their capitals after Unicode 5.1, where the table stopped. */
const YOUNGER: readonly RegExp[] = [
  /[\u10d0-\u10ff]/, // Georgian
  /[\u13f8-\u13fd\uab70-\uabbf]/, // Cherokee
  /[\u019b\u023f\u0240\u0252\u025c\u0261\u0264-\u0266\u026a\u026c\u0282\u0287\u029d\u029e]/, // Latin
  /[\u1d8e\u2c5f\ua791-\ua7f6\uab53]/,
  /[\u03f3\u0525-\u052f\u1c8a\ua661\ua699\ua69b]/, // Greek, Cyrillic
  /[\u2cec-\u2cf3\u2d27\u2d2d]/, // Coptic, old Georgian
];
