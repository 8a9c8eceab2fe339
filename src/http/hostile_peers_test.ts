import assert from "node:assert/strict";
import fc from "fast-check";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { channelBindingOf } from "./channel_binding.ts";
import { describeIssue, describeNames, peerCertificateOf } from "./peer_certificate.ts";
import { ServerHelloReader } from "./server_hello.ts";
import { certificateSignedBy } from "./testing/certificates.ts";
import { tokenFailureOf } from "./token_errors.ts";

/*
 * Goal: no server, proxy or authority can end the process by what it says before anybody is signed in.
 * Method: anything at all, and sound messages that are damaged.
 */

const ECDSA = await certificateSignedBy(
  { name: "ECDSA", namedCurve: "P-256" },
  { name: "ECDSA", hash: "SHA-384" },
);

/** Bytes with some of them replaced, or cut, or put in anew. */
function damaged(sound: Uint8Array): fc.Arbitrary<Uint8Array> {
  const damages = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 8 });
  return fc.tuple(damages, fc.nat(2 * sound.length)).map(([damages, length]) => {
    const copy = sound.slice(0, length);
    for (const [at, byte] of damages) if (at < copy.length) copy[at] = byte;
    return copy;
  });
}

const PRINTABLE = /^[\x20-\x7e]*$/;

Deno.test("whatever a server shows as its certificate is read or is not, on one short line", () => {
  const certificate = fc.oneof(fc.uint8Array({ maxLength: 60, size: "max" }), damaged(ECDSA));
  let [read, bound] = [0, 0];
  fc.assert(
    fc.property(certificate, (der) => {
      const peer = peerCertificateOf(der);
      if (peer) {
        read++;
        for (const text of [describeIssue(peer), describeNames(peer)]) {
          assert.match(text, PRINTABLE);
          assert.ok(text.length < 1_000);
        }
      }
      try {
        assert.equal(channelBindingOf(der).length, 16);
        bound++;
      } catch (error) {
        assert.ok(
          error instanceof SyncError && error.code === "TlsCertificateUnreadable",
          `${error}`,
        );
      }
    }),
    { numRuns: 1_000 },
  );
  assert.ok(read > 0 && bound > 0, "some of the damage is harmless");
});

/** Content behind its length, in two bytes or three. */
function counted(size: 2 | 3, content: readonly number[]): readonly number[] {
  const { length } = content;
  return [...[length >> 16, length >> 8, length].slice(3 - size).map((n) => n & 255), ...content];
}

const HELLO = [
  2,
  ...counted(3, [3, 3, ...Array<number>(32).fill(7), 0, 0xc0, 0x30, 0]),
  ...[11, ...counted(3, counted(3, [...counted(3, [1, 2]), ...counted(3, [3])]))],
  ...[12, ...counted(3, [3, 0, 25, 0])],
  ...[13, ...counted(3, [1, 1])],
  ...[14, 0, 0, 0],
];
const RECORD = Uint8Array.from([22, 3, 3, ...counted(2, HELLO)]);

Deno.test("whatever answers a hello, however it arrives, is understood in one way", () => {
  const answer = fc.oneof(
    damaged(RECORD),
    fc.array(fc.oneof(fc.constantFrom(22, 3, 0, 2, 11, 12, 14, 255), fc.nat(255)), {
      maxLength: 90,
      size: "max",
    }).map((bytes) => Uint8Array.from(bytes)),
    // One message in records of a byte each.
    fc.constant(Uint8Array.from(HELLO.flatMap((byte) => [22, 3, 3, 0, 1, byte]))),
  );
  let chosen = 0;
  fc.assert(
    fc.property(answer, fc.integer({ min: 1, max: 9 }), (bytes, sliceBytes) => {
      const [whole, sliced] = [new ServerHelloReader(), new ServerHelloReader()];
      whole.add(bytes);
      for (let at = 0; at < bytes.length && !sliced.ended; at += sliceBytes) {
        sliced.add(bytes.subarray(at, at + sliceBytes));
      }
      assert.deepEqual(sliced.hello, whole.hello);
      const sent = whole.hello?.chain.reduce((sum, { length }) => sum + length, 0) ?? 0;
      assert.ok(sent <= bytes.length, "nothing grows");
      if (whole.hello) chosen++;
    }),
    { numRuns: 1_000 },
  );
  assert.ok(chosen > 0, "some of them choose");
});

Deno.test("a server that never ends its hello is not listened to for ever", () => {
  for (const piece of [[22, 3, 3, 0, 0], [22, 3, 3, 0, 1, 0], [...RECORD.subarray(0, 60)]]) {
    const reader = new ServerHelloReader();
    const bytes = Uint8Array.from(piece);
    let heard = 0;
    for (; !reader.ended; heard += bytes.length) reader.add(bytes);
    assert.ok(heard <= LIMITS.tlsHelloBytesMax + bytes.length);
  }
});

Deno.test("any JSON that an authority answers is a failure or a refusal on one line without secrets", () => {
  const secret = "s3cr3t-v4lue";
  const said = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      "invalid_client",
      "server_error",
      "AADSTS7000215: no",
      `x ${secret} y`,
      "\r\n\x1b[2J",
    ),
    fc.constantFrom(`AADSTS${"9".repeat(400)}`, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln"),
    fc.jsonValue({ maxDepth: 2 }),
    // JSON can hold what has no text and no number.
    fc.constant({ toString: 1, valueOf: 1 }),
    fc.array(fc.constantFrom<unknown>({ valueOf: null, toString: 0 }, 50_196, "x", null)),
  );
  const body = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.record({
      error: said,
      error_description: said,
      error_codes: said,
      correlation_id: said,
      trace_id: said,
    }, { requiredKeys: [] }),
  );
  const headers = fc.dictionary(fc.constantFrom("date", "retry-after"), fc.string())
    .map((fields) => new Map(Object.entries(fields)));
  let refused = 0;
  fc.assert(
    fc.property(body, headers, fc.integer({ min: 300, max: 599 }), (body, headers, status) => {
      const failure = tokenFailureOf({ status, headers, body }, {
        address: "login.example:443",
        clientId: "app",
        credential: "certificate",
        now: new Date("2026-11-26T12:00:00Z"),
        secrets: [secret],
      });
      const { message, hint } = "refusal" in failure ? failure.refusal : failure.error;
      assert.match(message, PRINTABLE);
      assert.ok(message.length < 1_000 && !message.includes(secret) && hint);
      if ("refusal" in failure) refused++;
    }),
    { numRuns: 400 },
  );
  assert.ok(refused > 0, "some of them are refusals");
});
