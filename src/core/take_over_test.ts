import assert from "node:assert/strict";
import fc from "fast-check";
import type { SkippedItem } from "./skipped_item.ts";
import {
  advanceBackfill,
  advanceDrain,
  advanceSweep,
  type FolderPhase,
  type FolderSyncState,
} from "./sync_state.ts";
import { foundAgain, inheritSkipped, takeOver } from "./take_over.ts";

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const nothing = { itemIds: [], skipped: [] };
const folder = { id: "2", path: ["Inbox"], role: "inbox", itemCount: 7 };
const graph = { api: "graph", folder } as const;

function skip(itemId: string, more: Partial<SkippedItem> = {}): SkippedItem {
  return { itemId, code: "c", reason: "r", skippedAt: at(0), retries: 0, ...more };
}

/** Synced until minute 500, last synced in minute 600. */
function state(phase: FolderPhase, more: Partial<FolderSyncState> = {}): FolderSyncState {
  return {
    api: "ews",
    folder: { id: "1", path: ["Posteingang"] },
    phase,
    syncedUntil: at(500),
    lastSyncedAt: at(600),
    fingerprint: {},
    skipped: [],
    ...more,
  };
}

Deno.test("a folder goes on by the dates of the one before, and by none of its ids", () => {
  const from = state({ name: "following", token: "t" }, { goneSince: at(700) });
  assert.deepEqual(takeOver(from, graph), {
    api: "graph",
    folder: { id: "2", path: ["Inbox"], role: "inbox" },
    phase: {
      name: "draining",
      recovery: { receivedSince: at(440), modifiedSince: at(540) },
    },
    syncedUntil: at(500),
    lastSyncedAt: at(600),
    fingerprint: {},
    skipped: [],
  });
});

Deno.test("a listing that is taken over goes on where it was, less an hour", () => {
  const position = { receivedAt: at(300), settledAtThatTime: 2, lastItemId: "i" };
  const { phase } = takeOver(state({ name: "backfilling", token: "t", position }), graph);
  const recovery = { receivedSince: at(240), modifiedSince: at(540) };
  assert.deepEqual(phase, { name: "draining", recovery });
});

Deno.test("taking over any phase again changes nothing, and no token is left", () => {
  const position = { receivedAt: at(300), settledAtThatTime: 2, lastItemId: "i" };
  const recovery = { receivedSince: at(1), modifiedSince: at(2) };
  const phases: FolderPhase[] = [
    { name: "draining", token: "t", recovery },
    { name: "draining", token: "t", range: { since: at(9) } },
    { name: "recovering", token: "t", ...recovery, position },
    { name: "backfilling", token: "t", range: { since: at(9) }, position },
    { name: "backfilling", token: "t" },
    { name: "sweeping", token: "t", sweepToken: "s" },
    { name: "following", token: "t" },
  ];
  const dated = skip("a", { receivedAt: at(1) });
  for (const phase of phases) {
    const once = takeOver(state(phase, { skipped: [dated] }), graph);
    assert.deepEqual(takeOver(once, graph), once);
    assert.equal("token" in once.phase, false);
  }
});

Deno.test("what the folder knew itself from before stays with it", () => {
  const before = state({ name: "following", token: "old" }, {
    api: "graph",
    syncedUntil: at(510),
    skipped: [skip("g", { receivedAt: at(2) })],
    goneSince: at(650),
  });
  const from = state({ name: "following", token: "t" }, {
    skipped: [skip("e", { receivedAt: at(3) })],
  });
  const after = takeOver(from, { ...graph, before });
  assert.deepEqual(after.syncedUntil, at(510), "synced until never goes backwards");
  assert.equal(after.goneSince, undefined);
  assert.deepEqual(after.skipped.map(({ itemId, sought }) => [itemId, sought]), [
    ["g", undefined],
    ["e", true],
  ]);
});

Deno.test("what was skipped is sought; without a time it has everything listed", () => {
  const dated = skip("a", { receivedAt: at(1), retries: 4, rebuilt: true });
  const from = state({ name: "following", token: "t" }, { skipped: [dated] });
  const one = takeOver(from, graph);
  assert.deepEqual(one.skipped, [{ ...dated, sought: true }]);
  assert.equal(one.phase.name === "draining" && one.phase.recovery !== undefined, true);
  const both = takeOver({ ...from, skipped: [dated, skip("b")] }, graph);
  assert.deepEqual(both.phase, { name: "draining" });
  assert.deepEqual(both.skipped.map(({ sought }) => sought), [true, true]);
});

Deno.test("skips are inherited once, however often that is interrupted", () => {
  const from = state({ name: "following", token: "t" }, {
    skipped: [skip("a", { receivedAt: at(1) }), skip("b")],
  });
  const taken = takeOver(from, graph);
  assert.equal(inheritSkipped(taken, from), taken);
  // The record of a platform keeps no skips.
  const restored = inheritSkipped({ ...taken, skipped: [] }, from);
  assert.deepEqual(restored, taken);
});

Deno.test("everything listed has met what had no time, everything swept all that is sought", () => {
  const skipped = [
    skip("dated", { receivedAt: at(1), sought: true }),
    skip("undated", { sought: true }),
    skip("known"),
  ];
  const ids = ({ skipped }: FolderSyncState) => skipped.map(({ itemId }) => itemId);
  const drained = advanceDrain(
    state({ name: "draining" }, { skipped }),
    { token: "t", complete: true },
    at(700),
  );
  const next = { receivedAt: at(5), settledAtThatTime: 1 };
  const half = advanceBackfill(drained, { next, coveredUntil: at(5) }, nothing, at(700));
  assert.deepEqual(ids(half), ["dated", "undated", "known"]);
  assert.deepEqual(ids(advanceBackfill(half, {}, nothing, at(700))), ["dated", "known"]);
  const sweeping = state({ name: "sweeping", token: "t" }, { skipped });
  const swept = advanceSweep(sweeping, { token: "s", complete: false }, nothing);
  assert.deepEqual(ids(swept), ["dated", "undated", "known"]);
  assert.deepEqual(ids(advanceSweep(swept, { token: "s", complete: true }, nothing)), ["known"]);
});

Deno.test("what is found takes the place of what was sought, with its history", () => {
  const lost = skip("old", { receivedAt: at(1), retries: 3, triedAt: at(9), sought: true });
  const met = skip("new", { skippedAt: at(20), rebuilt: true });
  const gone = skip("gone", { receivedAt: at(2), sought: true });
  const known = skip("known");
  const found = [{ skip: lost, itemIds: ["new", "copy"] }, { skip: gone, itemIds: [] }];
  const before = state({ name: "following", token: "t" }, { skipped: [lost, met, gone, known] });
  const { skipped } = foundAgain(before, found);
  const { sought: _, ...history } = lost;
  assert.deepEqual(
    new Map(skipped.map((one) => [one.itemId, one])),
    new Map<string, SkippedItem>([
      ["known", known],
      ["new", { ...history, itemId: "new", rebuilt: true }],
      ["copy", { ...history, itemId: "copy" }],
    ]),
  );
});

Deno.test("no search loses a skip that was found, or keeps one twice", () => {
  const ids = fc.uniqueArray(fc.nat(9), { maxLength: 5 });
  const searches = fc.array(fc.tuple(fc.nat(4), ids), { maxLength: 5 });
  fc.assert(fc.property(ids, searches, (known, searched) => {
    const found = [...new Map(searched)].map(([n, itemIds]) => ({
      skip: skip(`old ${n}`, { sought: true }),
      itemIds: itemIds.map(String),
    }));
    const record = [...known.map((id) => skip(`${id}`)), ...found.map(({ skip }) => skip)];
    const { skipped } = foundAgain(state({ name: "draining" }, { skipped: record }), found);
    const expected = new Set([...known.map(String), ...found.flatMap(({ itemIds }) => itemIds)]);
    assert.deepEqual(skipped.map(({ itemId }) => itemId).sort(), [...expected].sort());
    assert.ok(skipped.every(({ sought }) => !sought));
  }));
});
