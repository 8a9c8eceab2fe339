import assert from "node:assert/strict";
import fc from "fast-check";
import { SyncError } from "../core/errors.ts";
import { decodeChallenge, encodeAuthenticate, encodeNegotiate } from "./ntlm_messages.ts";
import { challengeMessage, type Expectation, refusalOf } from "./testing/ntlm_verifier.ts";

const EXPECTED: Expectation = {
  domain: "CORP",
  user: "svc",
  password: "pässword€",
  targetName: "HTTP/mail.example.com",
  endPointHash: new Uint8Array(32).fill(7),
};
// MD5 of 20 bytes of header and "tls-server-end-point:" with 32 times 0x07, by another program.
const BINDING = Uint8Array.fromHex("b1a3c6580100729194d4b9487c9edceb");

/** The CHALLENGE of the published NTLMv2 example, [MS-NLMP] 4.2.4.3. */
const PUBLISHED_CHALLENGE = Uint8Array.fromHex(
  "4e544c4d53535000" + "02000000" + "0c000c0038000000" + "33828ae2" + "0123456789abcdef" +
    "0000000000000000" + "2400240044000000" + "060070170000000f" + "530065007200760065007200" +
    "02000c0044006f006d00610069006e00" + "01000c00530065007200760065007200" + "00000000",
);

interface Changes {
  readonly challenge?: Uint8Array;
  readonly channelBinding?: Uint8Array;
  readonly password?: string;
}

function authenticate(changes: Changes = {}) {
  const negotiate = encodeNegotiate();
  const challenge = changes.challenge ?? challengeMessage({ time: true });
  const message = encodeAuthenticate({
    account: { domain: "CORP", user: "svc" },
    password: changes.password ?? EXPECTED.password,
    negotiate,
    challenge: decodeChallenge(challenge),
    targetName: EXPECTED.targetName,
    ...(changes.channelBinding ? { channelBinding: changes.channelBinding } : {}),
    clientChallenge: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    now: new Date("2024-01-01T00:00:00Z"),
  });
  return { negotiate, challenge, authenticate: message };
}

Deno.test("NEGOTIATE is 40 bytes that name no one", () => {
  const expected = "4e544c4d53535000" + "01000000" + "078288a2" + "00".repeat(16) +
    "0a00614a0000000f";
  assert.equal(encodeNegotiate().toHex(), expected);
});

// What differs from the published AUTHENTICATE: no workstation, no session key, and more AV pairs.
Deno.test("AUTHENTICATE is that of the published NTLMv2 example as far as it is meant to be", () => {
  const challenge = decodeChallenge(PUBLISHED_CHALLENGE);
  assert.deepEqual(challenge.targetInfo.map(({ id }) => id), [2, 1]);
  const message = encodeAuthenticate({
    account: { domain: "Domain", user: "User" },
    password: "Password",
    negotiate: encodeNegotiate(),
    challenge,
    targetName: "HTTP/Server",
    clientChallenge: Uint8Array.fromHex("aaaaaaaaaaaaaaaa"),
    // A FILETIME of zero.
    now: new Date("1601-01-01T00:00:00Z"),
  });
  assert.equal(message.subarray(0, 12).toHex(), "4e544c4d5353500003000000");
  assert.equal(fieldOf(message, LM), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
  assert.equal(fieldOf(message, 28), "44006f006d00610069006e00");
  assert.equal(fieldOf(message, 36), "5500730065007200");
  assert.equal(fieldOf(message, 44) + fieldOf(message, 52), "");
  const temp = "0101000000000000" + "0000000000000000" + "aaaaaaaaaaaaaaaa" + "00000000" +
    "02000c0044006f006d00610069006e00" + "01000c00530065007200760065007200";
  assert.ok(fieldOf(message, NT).slice(32).startsWith(temp));
});

Deno.test("whatever flags a challenge has, the answer is NTLMv2 or none", () => {
  let answered = 0;
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.boolean(), (flags, time) => {
      const challenge = challengeMessage({ time });
      new DataView(challenge.buffer).setUint32(20, flags, true);
      if ((flags & 1) === 0) {
        assert.throws(() => authenticate({ challenge }), { code: "NtlmChallengeInvalid" });
        return;
      }
      answered++;
      const { authenticate: message } = authenticate({ challenge });
      const lm = fieldOf(message, LM);
      // LM and NTLM responses have 24 bytes; of these, LMv2 ends with the client's challenge.
      assert.ok(fieldOf(message, NT).length > 2 * 44);
      assert.ok(lm === "00".repeat(24) || lm.endsWith("0102030405060708"));
      // NTLMSSP_NEGOTIATE_LM_KEY
      assert.equal((message[60] ?? 0) & 0x80, 0);
    }),
  );
  assert.ok(answered > 0);
});

/** Where the header describes the responses. */
const LM = 12;
const NT = 20;

/** A field of an AUTHENTICATE message in hex. */
function fieldOf(message: Uint8Array, at: number): string {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const offset = view.getUint32(at + 4, true);
  return message.subarray(offset, offset + view.getUint16(at, true)).toHex();
}

Deno.test("AUTHENTICATE with MIC and channel binding satisfies an independent verifier", () => {
  assert.equal(refusalOf(authenticate({ channelBinding: BINDING }), EXPECTED), undefined);
  assert.equal(
    refusalOf(authenticate({ channelBinding: BINDING, password: "other" }), EXPECTED),
    "wrong password",
  );
  assert.equal(refusalOf(authenticate(), EXPECTED), "wrong channel binding");
});

Deno.test("without a time of the server there is no MIC, and an LMv2 response", () => {
  const { endPointHash: _, ...plain } = EXPECTED;
  const messages = authenticate({ challenge: challengeMessage({ time: false }) });
  assert.equal(refusalOf(messages, plain), undefined);
  assert.equal(messages.authenticate.subarray(72, 88).toHex(), "00".repeat(16));
  const lm = messages.authenticate.subarray(88, 88 + 24);
  assert.equal(lm.subarray(16).toHex(), "0102030405060708");
});

Deno.test("a changed bit of any message of the handshake spoils the MIC", () => {
  const messages = authenticate({ channelBinding: BINDING });
  messages.negotiate.set([messages.negotiate[15]! ^ 1], 15);
  assert.equal(refusalOf(messages, EXPECTED), "wrong MIC");
});

Deno.test("what the server says of flags, bindings and target names is replaced, not repeated", () => {
  const challenge = challengeMessage({ time: true });
  const info = "06000400" + "04000000" + "0a000200" + "ffff" + "09000200" + "4100" + "07000800" +
    "0011223344556677" + "00000000";
  const hostile = Uint8Array.from([...challenge.subarray(0, 56), ...Uint8Array.fromHex(info)]);
  const view = new DataView(hostile.buffer);
  view.setUint16(12, 0, true);
  view.setUint16(40, info.length / 2, true);
  view.setUint32(44, 56, true);
  const { authenticate: message } = authenticate({ challenge: hostile, channelBinding: BINDING });
  const answered = message.toHex();
  assert.ok(answered.includes("0600040006000000"), "the server's flags and the MIC flag");
  assert.ok(!answered.includes("0a000200ffff") && !answered.includes("090002004100"));
});

Deno.test("a challenge longer than the bound is refused unread", () => {
  assert.throws(() => decodeChallenge(new Uint8Array(100_000)), { code: "NtlmChallengeInvalid" });
});

Deno.test("a challenge that does not speak Unicode is refused", () => {
  const challenge = challengeMessage({ time: true });
  challenge.set([challenge[20]! & ~1], 20);
  assert.throws(() => decodeChallenge(challenge), { code: "NtlmChallengeInvalid" });
});

Deno.test("whatever a server sends as a challenge is answered or refused with the typed error", () => {
  const valid = challengeMessage({ time: true });
  // Damage to a valid message reaches deeper than noise does.
  const damaged = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 8 })
    .chain((changes) =>
      fc.nat(valid.length).map((length) => {
        const bytes = valid.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return length % 3 === 0 ? bytes.subarray(0, length) : bytes;
      })
    );
  let answered = 0;
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (challenge) => {
      try {
        const { authenticate: message } = authenticate({ challenge });
        answered++;
        assert.ok(message.length >= 88 && message.length < challenge.length + 400);
      } catch (error) {
        assert.ok(error instanceof SyncError && error.code === "NtlmChallengeInvalid", `${error}`);
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(answered > 0, "some of the damage is harmless");
});
