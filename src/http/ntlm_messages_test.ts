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
