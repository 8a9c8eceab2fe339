import assert from "node:assert/strict";
import fc from "fast-check";
import type { FolderSyncState } from "../core/sync_state.ts";
import { SAMPLE_STATES } from "../../tests/contract/state_store_contract.ts";
import { decodeFolderState as decodeBytes, encodeFolderState } from "./folder_state_json.ts";

const WRITER = { mailbox: "ada@example.com", programVersion: "1.2.3" };
const BACKFILLING = SAMPLE_STATES[2]!;

const decodeFolderState = (text: string) => decodeBytes(new TextEncoder().encode(text));

Deno.test("folder state JSON is readable and says who wrote it", () => {
  const text = encodeFolderState({ ...BACKFILLING, skipped: [] }, WRITER);
  assert.equal(
    text,
    `{
  "version": 1,
  "written_by": "reinfer-ews 1.2.3",
  "mailbox": "ada@example.com",
  "folder_path": [
    "Sent Items"
  ],
  "folder_role": "sentitems",
  "folder_id": "AAMk/backfilling=",
  "api": "ews",
  "phase": "backfilling",
  "token": "t",
  "range": {
    "since": "2019-01-01T00:00:00.000Z",
    "until": "2021-01-01T00:00:00.000Z"
  },
  "position": {
    "received_at": "2020-01-01T00:00:00.123Z",
    "settled_at_that_time": 3,
    "last_item_id": "AAMkLast="
  },
  "synced_until": "2020-01-01T00:00:00.000Z",
  "last_synced_at": "2024-01-01T00:00:00.000Z",
  "fingerprint": {
    "start_timestamp": "2019-01-01T00:00:00.000Z",
    "participants": "f2"
  },
  "skipped": []
}
`,
  );
});

Deno.test("folder state JSON gives back every state", () => {
  const text = fc.string({ unit: "binary" });
  const date = fc.date({ noInvalidDate: true });
  const position = fc.record({
    receivedAt: date,
    settledAtThatTime: fc.nat(),
    lastItemId: text,
  }, { requiredKeys: ["settledAtThatTime"] });
  const recovery = fc.record({ receivedSince: date, modifiedSince: date });
  const range = fc.record({ since: date, until: date }, { requiredKeys: [] });
  const named = (name: string) => ({ name: fc.constant(name), token: text });
  const always = { requiredKeys: ["name", "token"] as ["name", "token"] };
  const phase = fc.oneof(
    fc.record({ ...named("draining"), recovery, range }, { requiredKeys: ["name"] }),
    fc.tuple(fc.record({ ...named("recovering"), position }, always), recovery)
      .map(([phase, times]) => ({ ...phase, ...times })),
    fc.record({ ...named("backfilling"), range, position }, always),
    fc.record({ ...named("sweeping"), sweepToken: text }, always),
    fc.record(named("following")),
  );
  const skip = fc.record({
    itemId: text,
    id: text,
    receivedAt: date,
    sizeBytes: fc.nat(),
    code: text,
    reason: text,
    skippedAt: date,
    triedAt: date,
    retries: fc.nat(),
    rebuilt: fc.boolean(),
    sought: fc.constant(true),
  }, { requiredKeys: ["itemId", "code", "reason", "skippedAt", "retries"] });
  const states = fc.record({
    api: fc.constantFrom("ews", "graph", "unknown"),
    folder: fc.record({ id: text, path: fc.array(text), role: text }, {
      requiredKeys: ["id", "path"],
    }),
    phase,
    syncedUntil: date,
    lastSyncedAt: date,
    goneSince: date,
    fingerprint: fc.record({ startTimestamp: date, participants: text }, { requiredKeys: [] }),
    skipped: fc.array(skip, { maxLength: 3 }),
  }, { requiredKeys: ["api", "folder", "phase", "skipped"], noNullPrototype: true });
  fc.assert(fc.property(states, (generated) => {
    const state = structuredClone(generated) as FolderSyncState;
    const decoded = decodeFolderState(encodeFolderState(state, WRITER));
    assert.deepEqual(decoded, { kind: "whole", value: state });
  }));
});

Deno.test("a state from when there was one api alone is of that, and of no role", () => {
  const { api: _, folder_role: __, ...json } = JSON.parse(encodeFolderState(BACKFILLING, WRITER));
  const { id, path } = BACKFILLING.folder;
  const value = { ...BACKFILLING, api: "ews", folder: { id, path } };
  assert.deepEqual(decodeFolderState(JSON.stringify(json)), { kind: "whole", value });
});

Deno.test("a digest of all settings, as states held it once, reads as unknown settings", () => {
  const json = JSON.parse(encodeFolderState(BACKFILLING, WRITER));
  const decoded = decodeFolderState(JSON.stringify({ ...json, fingerprint: "0123abcd" }));
  assert.ok(decoded.kind === "whole");
  assert.equal(decoded.value.fingerprint, undefined);
});

Deno.test("folder state JSON of a newer version is told from garbage, whatever else it holds", () => {
  assert.deepEqual(
    decodeFolderState('{"version": 2, "written_by": "reinfer-ews 9.0.0", "phase": 7}'),
    { kind: "newer", version: 2, writtenBy: "reinfer-ews 9.0.0" },
  );
  assert.equal(decodeFolderState('{"version": 3}').kind, "newer");
});

Deno.test("folder state JSON tolerates fields it does not know", () => {
  const json = JSON.parse(encodeFolderState(BACKFILLING, WRITER));
  const text = JSON.stringify({ ...json, note: "by hand", written_by: undefined });
  assert.deepEqual(decodeFolderState(text), { kind: "whole", value: BACKFILLING });
});

Deno.test("folder state JSON that is cut, or of another shape, is garbage", () => {
  const whole = encodeFolderState(BACKFILLING, WRITER);
  for (let length = 0; length < whole.length - 2; length++) {
    assert.equal(decodeFolderState(whole.slice(0, length)).kind, "garbage");
  }
  const json = JSON.parse(whole);
  const wrong = [
    null,
    [],
    { ...json, version: 0 },
    { ...json, version: "1" },
    { ...json, version: undefined },
    { ...json, phase: "resting" },
    { ...json, token: undefined },
    { ...json, api: "imap" },
    { ...json, folder_role: 7 },
    { ...json, folder_path: "Inbox" },
    { ...json, synced_until: "yesterday" },
    { ...json, synced_until: "2024" },
    { ...json, skipped: [{ item_id: "a" }] },
    { ...json, position: { settled_at_that_time: -1 } },
  ];
  for (const value of wrong) {
    assert.equal(decodeFolderState(JSON.stringify(value)).kind, "garbage", JSON.stringify(value));
  }
});

Deno.test("folder state JSON with a damaged byte is garbage", () => {
  const bytes = new TextEncoder().encode(encodeFolderState(BACKFILLING, WRITER));
  bytes[bytes.indexOf("=".charCodeAt(0)) - 1] = 0xff;
  assert.equal(decodeBytes(bytes).kind, "garbage");
});

Deno.test("folder state JSON says what is wrong without quoting what it found", () => {
  const json = {
    ...JSON.parse(encodeFolderState(BACKFILLING, WRITER)),
    token: { secret: "xyzzy" },
  };
  const decoded = decodeFolderState(JSON.stringify(json));
  assert.deepEqual(decoded, { kind: "garbage", reason: 'invalid_type at "token"' });
});
