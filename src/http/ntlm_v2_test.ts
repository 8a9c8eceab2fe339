import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import ntlmClient from "@ewsjs/ntlm-client";
import fc from "fast-check";
import { lmV2Response, ntlmV2Response, ntowfV2, utf16le } from "./ntlm_v2.ts";
import { challengeMessage } from "./testing/ntlm_verifier.ts";

const ACCOUNT = { user: "User", domain: "Domain" };
/** The inputs of the published example, [MS-NLMP] 4.2.1 and 4.2.4. */
const EXAMPLE = {
  serverChallenge: Uint8Array.fromHex("0123456789abcdef"),
  clientChallenge: Uint8Array.fromHex("aaaaaaaaaaaaaaaa"),
  timestamp: new Uint8Array(8),
  targetInfo: Uint8Array.fromHex(
    "02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000",
  ),
};

Deno.test("key and responses are those of the published NTLMv2 example", () => {
  const key = ntowfV2(ACCOUNT, "Password");
  assert.equal(key.toHex(), "0c868a403bfd7a93a3001ef22ef02e3f");

  const lm = lmV2Response(key, EXAMPLE);
  assert.equal(lm.toHex(), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");

  const { nt, sessionKey } = ntlmV2Response(key, EXAMPLE);
  assert.equal(nt.subarray(0, 16).toHex(), "68cd0ab851e51c96aabc927bebef6a1c");
  const temp = "0101000000000000" + "0000000000000000" + "aaaaaaaaaaaaaaaa" + "00000000" +
    EXAMPLE.targetInfo.toHex() + "00000000";
  assert.equal(nt.subarray(16).toHex(), temp);
  assert.equal(sessionKey.toHex(), "8de40ccadbc14a82f15cb0ad0de95ca3");
});

Deno.test("the user name counts in upper case as Windows has it, unit by unit", () => {
  const same = [["süß", "SÜß"], ["αΐώ", "ΑΐΏ"], ["żółć", "ŻÓŁĆ"], ["иёї", "ИЁЇ"], ["ǆ", "Ǆ"], [
    "ᾳᾀ",
    "ᾼᾈ",
  ]];
  for (const [small, capital] of same) assert.equal(keyOf(small!), keyOf(capital!), small);
  const different = [["ß", "SS"], ["ß", "ẞ"], ["ı", "I"], ["ſ", "S"], ["ς", "Σ"], ["µ", "Μ"], [
    "ǅ",
    "Ǆ",
  ]];
  different.push(["ა", "Ა"], ["\uab70", "Ꭰ"], ["\u{10428}", "\u{10400}"]);
  for (const [small, capital] of different) assert.notEqual(keyOf(small!), keyOf(capital!), small);
});

// 973 is what the upper-case table has that Windows 7 and later write into an NTFS volume.
Deno.test("as many letters have a capital as Windows knows", () => {
  const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
  const small = units.filter((unit) => {
    const code = unit.charCodeAt(0);
    const capital = unit.toUpperCase();
    if (capital === unit) return false;
    // Greek with iota: a single letter behind the small one.
    const candidates = [capital, String.fromCharCode(code + 8), String.fromCharCode(code + 9)];
    return candidates.some((candidate) => keyOf(unit) === keyOf(candidate));
  });
  assert.equal(small.length, 973);
});

function keyOf(user: string): string {
  return ntowfV2({ user, domain: "D" }, "p").toHex();
}

// Goal: an independent implementation agrees. Method: it answers a challenge with a time and a nonce
// of its own, which are read off its answer and given to ours.
Deno.test("NTLMv2 and LMv2 responses are those of an independent client", () => {
  const ascii = (minLength: number) =>
    fc.string({ unit: "grapheme-ascii", minLength, maxLength: 40 });
  const challenges = fc.uint8Array({ minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(ascii(1), ascii(1), ascii(0), challenges, (user, domain, password, nonce) => {
      const challenge = challengeMessage({ time: false });
      challenge.set(nonce, 24);
      const theirs = answerOfOracle(challenge, user, domain, password);
      const inputs = {
        serverChallenge: nonce,
        clientChallenge: theirs.nt.subarray(32, 40),
        timestamp: theirs.nt.subarray(24, 32),
        targetInfo: theirs.nt.subarray(44, -4),
      };
      const key = ntowfV2({ user, domain }, password);
      assert.equal(ntlmV2Response(key, inputs).nt.toHex(), theirs.nt.toHex());
      assert.equal(lmV2Response(key, inputs).toHex(), theirs.lm.toHex());
    }),
  );
});

function answerOfOracle(challenge: Uint8Array, user: string, domain: string, password: string) {
  const decoded = ntlmClient.decodeType2Message(`NTLM ${challenge.toBase64()}`);
  const answer = ntlmClient.createType3Message(decoded, user, password, "W", domain);
  const message = Buffer.from(answer.slice("NTLM ".length), "base64");
  const field = (at: number) => {
    const offset = message.readUInt32LE(at + 4);
    return message.subarray(offset, offset + message.readUInt16LE(at));
  };
  return { lm: field(12), nt: field(20) };
}

Deno.test("strings are UTF-16 little endian, lone surrogates included", () => {
  assert.equal(utf16le("aü€").toHex(), "6100fc00ac20");
  assert.equal(utf16le("\ud800").toHex(), "00d8");
});
