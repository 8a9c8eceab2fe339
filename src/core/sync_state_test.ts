import assert from "node:assert/strict";
import fc from "fast-check";
import {
  advanceBackfill,
  advanceChanges,
  advanceDrain,
  firstSight,
  type FolderSyncState,
  isBehind,
  restartBackfill,
  type SkippedItem,
} from "./sync_state.ts";

const folder = { id: "1", path: ["Inbox"] };
const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const nothing = (minutes: number) => ({ skipped: [], now: at(minutes) });

function skip(itemId: string, code = "ErrorItemCorrupt"): SkippedItem {
  return { itemId, code, reason: "r", skippedAt: at(0) };
}

function backfilling(): FolderSyncState {
  return advanceDrain(firstSight(folder, "f"), { token: "t1", complete: true });
}

Deno.test("a folder is drained to the end before it is listed, and nothing is settled by it", () => {
  const first = firstSight(folder, "f");
  const more = advanceDrain(first, { token: "t0", complete: false });
  assert.deepEqual(more.phase, { name: "draining", token: "t0" });
  const done = advanceDrain(more, { token: "t1", complete: true });
  assert.deepEqual(done.phase, { name: "backfilling", token: "t1" });
  assert.equal(done.syncedUntil, undefined);
  assert.ok(isBehind(done));
});

Deno.test("backfill moves the time forward page by page and ends by following the token", () => {
  const next = { receivedAt: at(3), settledAtThatTime: 2, lastItemId: "i" };
  const page = { next, coveredUntil: at(3) };
  const half = advanceBackfill(backfilling(), page, nothing(90), at(60));
  assert.deepEqual(half.phase, { name: "backfilling", token: "t1", position: next });
  assert.deepEqual(half.syncedUntil, at(3));
  assert.deepEqual(half.lastSyncedAt, at(90));
  const done = advanceBackfill(half, { coveredUntil: at(9) }, nothing(91), at(60));
  assert.deepEqual(done.phase, { name: "following", token: "t1" });
  assert.equal(isBehind(done), false);
});

Deno.test("changes keep the backfill's position and do not vouch for what is not listed yet", () => {
  const page = { token: "t2", complete: true };
  const state = advanceChanges(backfilling(), page, nothing(90), at(60));
  assert.deepEqual(state.phase, { name: "backfilling", token: "t2" });
  assert.equal(state.syncedUntil, undefined);
});

Deno.test("a complete pass vouches for everything up to five minutes before it began", () => {
  const following = advanceBackfill(backfilling(), {}, nothing(1), at(60));
  const part = advanceChanges(following, { token: "t2", complete: false }, nothing(2), at(60));
  assert.equal(part.syncedUntil, undefined, "changes still wait");
  const all = advanceChanges(part, { token: "t3", complete: true }, nothing(2), at(60));
  assert.deepEqual(all.syncedUntil, at(55));
});

Deno.test("synced until never goes backwards and never passes the start of the pass", () => {
  const minutes = fc.integer({ min: 0, max: 1_000 });
  const step = fc.record({ covered: fc.option(minutes), started: minutes, complete: fc.boolean() });
  fc.assert(fc.property(fc.array(step), fc.boolean(), (steps, filled) => {
    let state = filled ? advanceBackfill(backfilling(), {}, nothing(0), at(0)) : backfilling();
    let latestStart = 0;
    for (const { covered, started, complete } of steps) {
      const before = state.syncedUntil?.getTime() ?? -Infinity;
      latestStart = Math.max(latestStart, started);
      const page = {
        next: { settledAtThatTime: 1 },
        ...(covered === null ? {} : { coveredUntil: at(covered) }),
      };
      state = state.phase.name === "backfilling"
        ? advanceBackfill(state, page, nothing(0), at(started))
        : advanceChanges(state, { token: "t", complete }, nothing(0), at(started));
      const after = state.syncedUntil?.getTime() ?? -Infinity;
      assert.ok(after >= before);
      assert.ok(after <= at(latestStart).getTime());
    }
  }));
});

Deno.test("a skipped item is recorded once, with its latest reason", () => {
  const once = advanceBackfill(
    backfilling(),
    { next: { settledAtThatTime: 1 } },
    { skipped: [skip("a"), skip("b")], now: at(1) },
    at(0),
  );
  const again = advanceBackfill(once, {}, { skipped: [skip("a", "Other")], now: at(2) }, at(0));
  assert.deepEqual(again.skipped.map(({ itemId, code }) => [itemId, code]), [
    ["b", "ErrorItemCorrupt"],
    ["a", "Other"],
  ]);
});

Deno.test("restarting the backfill keeps the token: mail arriving meanwhile is not missed", () => {
  const following = advanceBackfill(backfilling(), {}, nothing(1), at(60));
  const restarted = restartBackfill(following, "g");
  assert.deepEqual(restarted.phase, { name: "backfilling", token: "t1" });
  assert.equal(restarted.fingerprint, "g");
  assert.deepEqual(restartBackfill(firstSight(folder, "f"), "g").phase, { name: "draining" });
});
