import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { NtlmAcceptor, type NtlmServer, type NtlmStep } from "./ntlm_acceptor.ts";
import { authenticateMessage, negotiateMessage, type SpecClient } from "./ntlm_spec_client.ts";
import { seededEntropy } from "./seeded_entropy.ts";

const ACCOUNT = {
  user: "svc-ews",
  domain: "CORP",
  principalName: "svc-ews@corp.example",
  password: "Pässwörd 1!",
};
const ENDPOINT_HASH = Buffer.alloc(32, 7);
const SERVER: NtlmServer = {
  accounts: [ACCOUNT],
  channelBinding: "required",
  endpointHash: ENDPOINT_HASH,
  names: {
    netbiosDomain: "CORP",
    netbiosComputer: "EX01",
    dnsDomain: "corp.example",
    dnsComputer: "ex01.corp.example",
  },
  clock: { now: () => new Date(Date.UTC(2024, 0, 1)) },
  entropy: seededEntropy(1),
};
const CLIENT: SpecClient = {
  user: "svc-ews",
  domain: "CORP",
  password: ACCOUNT.password,
  endpointHash: ENDPOINT_HASH,
  withMic: true,
  withKeyExchange: true,
};

function challengeOf(acceptor: NtlmAcceptor): Buffer {
  const step = acceptor.take(negotiateMessage());
  assert(step.step === "challenge");
  return step.message;
}

function logon(client: Partial<SpecClient>, server: Partial<NtlmServer> = {}): string {
  const acceptor = new NtlmAcceptor({ ...SERVER, ...server });
  const challenge = challengeOf(acceptor);
  return outcomeOf(acceptor.take(authenticateMessage(challenge, { ...CLIENT, ...client })));
}

function outcomeOf(step: NtlmStep): string {
  return step.step === "challenge" ? "challenge" : step.attempt.outcome;
}

Deno.test("the right password is accepted, with and without MIC and key exchange", () => {
  assert.equal(logon({}), "accepted");
  assert.equal(logon({ withKeyExchange: false }), "accepted");
  assert.equal(logon({ withMic: false }), "accepted");
});

Deno.test("a user may name himself in each way Windows knows", () => {
  assert.equal(logon({ user: "SVC-ews", domain: "corp" }), "accepted");
  assert.equal(logon({ user: "svc-ews@corp.example", domain: "" }), "accepted");
  assert.equal(logon({ domain: "" }), "accepted");
  assert.equal(logon({ domain: "corp.example" }), "accepted");
  assert.equal(logon({ user: "someone" }), "unknown user");
  assert.equal(logon({ domain: "OTHER" }), "unknown user");
});

Deno.test("a wrong password is told from a missing or wrong channel binding", () => {
  assert.equal(logon({ password: "wrong" }), "wrong password");
  const { endpointHash: _, ...unbound } = CLIENT;
  const acceptor = new NtlmAcceptor(SERVER);
  const message = authenticateMessage(challengeOf(acceptor), unbound);
  assert.equal(outcomeOf(acceptor.take(message)), "channel binding missing");
  assert.equal(logon({ endpointHash: Buffer.alloc(32, 8) }), "channel binding wrong");
});

Deno.test("channel binding policies: never looks away, when sent checks, no TLS has no channel", () => {
  const wrong = { endpointHash: Buffer.alloc(32, 8) };
  assert.equal(logon(wrong, { channelBinding: "never" }), "accepted");
  assert.equal(logon(wrong, { channelBinding: "when sent" }), "channel binding wrong");
  assert.equal(logon({}, { endpointHash: undefined }), "accepted");
  const { endpointHash: _, ...unbound } = CLIENT;
  const acceptor = new NtlmAcceptor({ ...SERVER, channelBinding: "when sent" });
  assert.equal(
    outcomeOf(acceptor.take(authenticateMessage(challengeOf(acceptor), unbound))),
    "accepted",
  );
});

Deno.test("one altered bit of the version or of the MIC itself breaks the MIC", () => {
  for (const at of [64 * 8, 72 * 8, 87 * 8 + 7]) {
    const acceptor = new NtlmAcceptor(SERVER);
    const message = authenticateMessage(challengeOf(acceptor), CLIENT);
    message[at >> 3]! ^= 1 << (at & 7);
    assert.equal(outcomeOf(acceptor.take(message)), "MIC wrong", `bit ${at}`);
  }
});

Deno.test("a challenge is good for one answer, and none is answered without", () => {
  const acceptor = new NtlmAcceptor(SERVER);
  const message = authenticateMessage(challengeOf(acceptor), CLIENT);
  assert.equal(outcomeOf(acceptor.take(message)), "accepted");
  assert.equal(outcomeOf(acceptor.take(message)), "no challenge");
  challengeOf(acceptor);
  assert.equal(outcomeOf(acceptor.take(message)), "wrong password");
});

Deno.test("a response older than 36 hours is refused", () => {
  let now = Date.UTC(2024, 0, 1);
  const acceptor = new NtlmAcceptor({ ...SERVER, clock: { now: () => new Date(now) } });
  const message = authenticateMessage(challengeOf(acceptor), CLIENT);
  now += 37 * 3600 * 1000;
  assert.equal(outcomeOf(acceptor.take(message)), "clock skew");
});

Deno.test("garbage is malformed, whatever it is cut from", () => {
  const acceptor = new NtlmAcceptor(SERVER);
  const message = authenticateMessage(challengeOf(acceptor), CLIENT);
  const bad = [
    Buffer.alloc(0),
    Buffer.from("NTLMSSP\0\x09\0\0\0"),
    negotiateMessage().subarray(0, 14),
  ];
  for (const garbage of bad) assert.equal(outcomeOf(acceptor.take(garbage)), "malformed");
  for (let length = 12; length < message.length; length += 7) {
    challengeOf(acceptor);
    const cut = outcomeOf(acceptor.take(message.subarray(0, length)));
    assert(["malformed", "MIC wrong"].includes(cut), `${length}: ${cut}`);
  }
});

Deno.test("the values of MS-NLMP 4.2.4 are accepted", () => {
  // Goal: the acceptor agrees with Microsoft's own numbers, not only with a client written here.
  // Method: the published challenge, response and (zero) time are played against it.
  const serverChallenge = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
  let drawn = 0;
  const acceptor = new NtlmAcceptor({
    ...SERVER,
    accounts: [{ user: "User", domain: "Domain", principalName: "u@d", password: "Password" }],
    channelBinding: "never",
    clock: { now: () => new Date(-11_644_473_600_000) },
    entropy: { next: () => serverChallenge[drawn++ % 8]! / 256 },
  });
  challengeOf(acceptor);
  const response = Buffer.from(
    "68cd0ab851e51c96aabc927bebef6a1c" + // NTProofStr
      "01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000" +
      "02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000" + "00000000",
    "hex",
  );
  const user = Buffer.from("User", "utf16le");
  const domain = Buffer.from("Domain", "utf16le");
  const head = Buffer.alloc(88);
  head.write("NTLMSSP\x00\x03", "latin1");
  const place = (at: number, length: number, offset: number) => {
    head.writeUInt16LE(length, at);
    head.writeUInt32LE(offset, at + 4);
  };
  place(20, response.length, 88);
  place(28, domain.length, 88 + response.length);
  place(36, user.length, 88 + response.length + domain.length);
  head.writeUInt32LE(1, 60);
  const message = Buffer.concat([head, response, domain, user]);
  assert.equal(outcomeOf(acceptor.take(message)), "accepted");
});
