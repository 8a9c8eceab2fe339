import { createHash, createHmac } from "node:crypto";

/** What a server knows and demands; computed from [MS-NLMP] alone, sharing no code with the client. */
export interface Expectation {
  readonly domain: string;
  readonly user: string;
  readonly password: string;
  readonly targetName: string;
  /** Of the server's certificate, hashed as RFC 5929 says; absent: no channel, 16 zero bytes. */
  readonly endPointHash?: Uint8Array;
}

/** What came over one connection: NEGOTIATE, the CHALLENGE it was answered with, AUTHENTICATE. */
export interface Messages {
  readonly negotiate: Uint8Array;
  readonly challenge: Uint8Array;
  readonly authenticate: Uint8Array;
}

const SERVER_CHALLENGE = Uint8Array.from([1, 35, 69, 103, 137, 171, 205, 239]);

/** A CHALLENGE as Exchange sends it; without `time`, as old servers do. */
export function challengeMessage({ time }: { readonly time: boolean }): Uint8Array {
  const computer = pair(1, utf16("EXCH01"));
  const stamp = time ? pair(7, Uint8Array.from([0, 64, 84, 152, 60, 60, 218, 1])) : [];
  const targetInfo = [...pair(2, utf16("CORP")), ...computer, ...stamp, 0, 0, 0, 0];
  const target = [...utf16("CORP")];
  const header = new DataView(new ArrayBuffer(56));
  "NTLMSSP\0".split("").forEach((letter, at) => header.setUint8(at, letter.charCodeAt(0)));
  header.setUint32(8, 2, true);
  header.setUint16(12, target.length, true);
  header.setUint16(14, target.length, true);
  header.setUint32(16, 56, true);
  header.setUint32(20, 0xa289_8205, true);
  SERVER_CHALLENGE.forEach((byte, at) => header.setUint8(24 + at, byte));
  header.setUint16(40, targetInfo.length, true);
  header.setUint16(42, targetInfo.length, true);
  header.setUint32(44, 56 + target.length, true);
  return Uint8Array.from([...new Uint8Array(header.buffer), ...target, ...targetInfo]);
}

/** Why a sign-in is refused, or nothing if it is right. */
export function refusalOf(messages: Messages, expected: Expectation): string | undefined {
  const { authenticate } = messages;
  const view = new DataView(authenticate.buffer, authenticate.byteOffset, authenticate.byteLength);
  const field = (at: number) => {
    const offset = view.getUint32(at + 4, true);
    return authenticate.subarray(offset, offset + view.getUint16(at, true));
  };
  if (messages.negotiate.length !== 40) return "NEGOTIATE without VERSION";
  if (view.getUint32(8, true) !== 3) return "not an AUTHENTICATE";
  const text = (at: number) => new TextDecoder("utf-16le").decode(field(at));
  if (text(28) !== expected.domain || text(36) !== expected.user) return "another account";

  const nt = field(20);
  const passwordHash = createHash("md4").update(utf16(expected.password)).digest();
  const key = hmac(passwordHash, utf16(expected.user.toUpperCase() + expected.domain));
  const proof = hmac(key, SERVER_CHALLENGE, nt.subarray(16));
  if (proof.toHex() !== nt.subarray(0, 16).toHex()) return "wrong password";

  const pairs = pairsOf(nt.subarray(44));
  if (pairs.has(7) && field(12).some((byte) => byte !== 0)) return "LM response beside a time";
  if (pairs.has(7) !== pairs.has(6)) return "MIC exactly with a time";
  if (pairs.has(6) && pairs.get(6)?.[0] !== 2) return "no MIC flag";
  if (pairs.has(6) && !micIsRight(messages, hmac(key, proof))) return "wrong MIC";
  const target = new TextDecoder("utf-16le").decode(pairs.get(9));
  if (target !== expected.targetName) return `target name "${target}"`;
  const binding = pairs.get(10)?.toHex();
  return binding === bindingOf(expected.endPointHash) ? undefined : "wrong channel binding";
}

function micIsRight({ negotiate, challenge, authenticate }: Messages, sessionKey: Uint8Array) {
  const withoutMic = Uint8Array.from(authenticate).fill(0, 72, 88);
  const mic = hmac(sessionKey, negotiate, challenge, withoutMic);
  return mic.toHex() === authenticate.subarray(72, 88).toHex();
}

function bindingOf(endPointHash: Uint8Array | undefined): string {
  if (!endPointHash) return "0".repeat(32);
  const data = [...new TextEncoder().encode("tls-server-end-point:"), ...endPointHash];
  const structure = Uint8Array.from([...new Array(16).fill(0), data.length, 0, 0, 0, ...data]);
  return createHash("md5").update(structure).digest("hex");
}

function pairsOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pairs = new Map<number, Uint8Array>();
  for (let at = 0; view.getUint16(at, true) !== 0;) {
    const length = view.getUint16(at + 2, true);
    pairs.set(view.getUint16(at, true), bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return pairs;
}

function pair(id: number, value: Uint8Array): readonly number[] {
  return [id, 0, value.length & 0xff, value.length >> 8, ...value];
}

function utf16(text: string): Uint8Array {
  return Uint8Array.from(
    text.split("").flatMap((unit) => {
      const code = unit.charCodeAt(0);
      return [code & 0xff, code >> 8];
    }),
  );
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const sum = createHmac("md5", key);
  parts.forEach((part) => sum.update(part));
  return sum.digest();
}
