import assert from "node:assert/strict";
import fc from "fast-check";
import { sampleEmail, sampleMailbox } from "../../tests/contract/sample_emails.ts";
import { SAMPLE_STATES } from "../../tests/contract/state_store_contract.ts";
import { decodeEmailJson, decodeStoredRecord, encodeEmailJson } from "./email_json.ts";
import { decodeFolderState, encodeFolderState } from "./folder_state_json.ts";
import { decodeMailboxCondition, encodeMailboxCondition } from "./mailbox_condition_json.ts";
import type { Decoded } from "./versioned_json.ts";

/*
 * Goal: whatever became of a file, it is whole, of a newer version, or garbage; nothing is thrown, and
 * what counts as whole is written as it was read. Method: JSON of which any value is replaced by
 * any other, bytes that are damaged, and anything at all.
 */

const WRITER = { mailbox: "ada@example.com", programVersion: "1.2.3" };
const MAILBOX = sampleMailbox("ada@example.com");
const EMAIL = sampleEmail("<a@x>", {
  attachments: [{ name: "a.pdf", sizeBytes: 7, contentType: "application/pdf", inline: false }],
});
const CONDITION = {
  phase: "suspended",
  since: new Date("2024-01-01T00:00:00Z"),
  error: { code: "ErrorAccessDenied", reason: "No.", hint: "Give it" },
};
const encoder = new TextEncoder();

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    -1,
    0.5,
    1e300,
    2,
    99,
    "",
    "x",
    [],
    {},
    true,
    "2024-13-01T00:00:00Z",
  ),
  fc.constantFrom<unknown>("-271821-04-20T00:00:00.000Z", "+275760-09-13T00:00:00.000Z", "\ud800"),
  fc.jsonValue({ maxDepth: 1 }),
);

/** Every value in a JSON document, by the way to it. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, value]) => placesIn(value, [...path, key]))];
}

function replacedAt(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = Array.isArray(value) ? [...value] : { ...value as object };
  Object.assign(copy, { [key]: replacedAt((value as Record<string, unknown>)[key], rest, by) });
  return copy;
}

/** What may have become of a file with this text. */
function spoilt(text: string): fc.Arbitrary<Uint8Array> {
  const json: unknown = JSON.parse(text);
  const bytes = encoder.encode(text);
  const replaced = fc.tuple(fc.constantFrom(...placesIn(json)), odd)
    .map(([place, value]) => encoder.encode(JSON.stringify(replacedAt(json, place, value)) ?? ""));
  const damaged = fc.tuple(fc.nat(bytes.length), fc.nat(bytes.length - 1), fc.nat(255))
    .map(([length, at, byte]) => bytes.with(at, byte).subarray(0, length));
  const nested = fc.constantFrom("[", '{"version":', '{"version":1,"skipped":[')
    .map((piece) => encoder.encode(piece.repeat(10_000)));
  const versioned = fc.oneof(fc.integer({ min: 2 }), odd)
    .map((version) => encoder.encode(JSON.stringify(replacedAt(json, ["version"], version))));
  return fc.oneof({ weight: 5, arbitrary: replaced }, damaged, versioned, nested, fc.uint8Array());
}

function assertDecoded<T>(
  text: string,
  decode: (bytes: Uint8Array) => Decoded<T>,
  encode: (value: T) => string,
): void {
  const met = new Set<string>();
  fc.assert(
    fc.property(spoilt(text), (bytes) => {
      const decoded = decode(bytes);
      met.add(decoded.kind);
      if (decoded.kind === "whole") {
        assert.deepEqual(decode(encoder.encode(encode(decoded.value))), decoded);
      }
      if (decoded.kind === "garbage") assert.match(decoded.reason, /^[ -~]{1,200}$/);
    }),
    { numRuns: 300 },
  );
  assert.deepEqual([...met].sort(), ["garbage", "newer", "whole"]);
}

Deno.test("whatever became of a folder's state, it is whole, newer or garbage", () => {
  for (const state of SAMPLE_STATES) {
    const encode = (value: typeof state) => encodeFolderState(value, WRITER);
    assertDecoded(encode(state), decodeFolderState, encode);
  }
});

Deno.test("whatever became of a mailbox's condition, it is whole, newer or garbage", () => {
  const encode = (value: Parameters<typeof encodeMailboxCondition>[0]) =>
    encodeMailboxCondition(value, WRITER);
  assertDecoded(encode(CONDITION), decodeMailboxCondition, encode);
});

Deno.test("whatever became of a record, it is read back as it is written, or is none", () => {
  const content = { sha256: "ab".repeat(32), sizeBytes: 5_120 };
  const of = { mailbox: MAILBOX, key: EMAIL.key };
  let [whole, vouching] = [0, 0];
  fc.assert(
    fc.property(spoilt(encodeEmailJson(EMAIL, content)), (bytes) => {
      const text = new TextDecoder().decode(bytes);
      const stored = decodeStoredRecord(text);
      if (stored) {
        assert.match(stored.content.sha256, /^[0-9a-f]{64}$/);
        vouching++;
      }
      const decoded = decodeEmailJson(text, of);
      if ("fault" in decoded) return assert.match(decoded.fault, /^[ -~]{1,200}$/);
      const again = decodeEmailJson(encodeEmailJson(decoded.record, decoded.content), of);
      assert.deepEqual(again, decoded);
      whole++;
    }),
    { numRuns: 300 },
  );
  assert.ok(whole > 0 && vouching > whole, "some are whole, and more vouch for their content");
});
