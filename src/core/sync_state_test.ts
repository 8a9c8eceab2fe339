import assert from "node:assert/strict";
import fc from "fast-check";
import type { SkippedItem } from "./skipped_item.ts";
import {
  advanceBackfill,
  advanceChanges,
  advanceDrain,
  advanceRecovery,
  advanceSkipped,
  advanceSweep,
  applySettings,
  beginSweep,
  firstSight,
  type FolderSyncState,
  isBehind,
  recoverToken,
} from "./sync_state.ts";

const folder = { id: "1", path: ["Inbox"] };
const sight = { api: "ews", fingerprint: {} } as const;
const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const nothing = { itemIds: [], skipped: [] };
const complete = (token: string) => ({ token, complete: true });

function skip(itemId: string, more: Partial<SkippedItem> = {}): SkippedItem {
  return {
    itemId,
    code: "ErrorItemCorrupt",
    reason: "r",
    skippedAt: at(0),
    retries: 0,
    ...more,
  };
}

function backfilling(): FolderSyncState {
  return advanceDrain(firstSight(folder, sight), complete("t1"), at(10));
}

/** Synced until minute 55, last synced in minute 60. */
function following(): FolderSyncState {
  const listed = advanceBackfill(backfilling(), {}, nothing, at(10));
  return advanceChanges(listed, complete("t2"), nothing, at(60));
}

Deno.test("a folder is drained to the end before it is listed, and nothing is settled by it", () => {
  const more = advanceDrain(firstSight(folder, sight), { token: "t0", complete: false }, at(10));
  assert.deepEqual(more.phase, { name: "draining", token: "t0" });
  const done = advanceDrain(more, complete("t1"), at(11));
  assert.deepEqual(done.phase, { name: "backfilling", token: "t1" });
  assert.equal(done.syncedUntil, undefined);
  assert.deepEqual(done.lastSyncedAt, at(11));
  assert.ok(isBehind(done));
});

Deno.test("a first sight from a date on lists from there", () => {
  const done = advanceDrain(firstSight(folder, { ...sight, since: at(3) }), complete("t1"), at(10));
  assert.deepEqual(done.phase, { name: "backfilling", token: "t1", range: { since: at(3) } });
});

Deno.test("backfill moves the time forward page by page and ends by following the token", () => {
  const next = { receivedAt: at(3), settledAtThatTime: 2, lastItemId: "i" };
  const half = advanceBackfill(backfilling(), { next, coveredUntil: at(3) }, nothing, at(60));
  assert.deepEqual(half.phase, { name: "backfilling", token: "t1", position: next });
  assert.deepEqual(half.syncedUntil, at(3));
  const done = advanceBackfill(half, { coveredUntil: at(9) }, nothing, at(60));
  assert.deepEqual(done.phase, { name: "following", token: "t1" });
  assert.deepEqual(done.syncedUntil, at(9));
  assert.equal(isBehind(done), false);
});

Deno.test("changes keep the backfill's position and do not vouch for what is not listed yet", () => {
  const state = advanceChanges(backfilling(), complete("t2"), nothing, at(60));
  assert.deepEqual(state.phase, { name: "backfilling", token: "t2" });
  assert.equal(state.syncedUntil, undefined);
});

Deno.test("a complete pass vouches for everything up to five minutes before it began", () => {
  const listed = advanceBackfill(backfilling(), {}, nothing, at(10));
  const part = advanceChanges(listed, { token: "t2", complete: false }, nothing, at(60));
  assert.equal(part.syncedUntil, undefined, "changes still wait");
  assert.deepEqual(part.lastSyncedAt, at(10));
  const all = advanceChanges(part, complete("t3"), nothing, at(60));
  assert.deepEqual(all.syncedUntil, at(55));
  assert.deepEqual(all.lastSyncedAt, at(60));
});

Deno.test("synced until never goes backwards and never passes the start of the pass", () => {
  const minutes = fc.integer({ min: 0, max: 1_000 });
  const step = fc.record({ covered: fc.option(minutes), started: minutes, complete: fc.boolean() });
  fc.assert(fc.property(fc.array(step), fc.boolean(), (steps, filled) => {
    let state = filled ? advanceBackfill(backfilling(), {}, nothing, at(0)) : backfilling();
    let latestStart = 0;
    for (const { covered, started, complete } of steps) {
      const before = state.syncedUntil?.getTime() ?? -Infinity;
      latestStart = Math.max(latestStart, started);
      const page = {
        next: { settledAtThatTime: 1 },
        ...(covered === null ? {} : { coveredUntil: at(covered) }),
      };
      state = state.phase.name === "backfilling"
        ? advanceBackfill(state, page, nothing, at(started))
        : advanceChanges(state, { token: "t", complete }, nothing, at(started));
      const after = state.syncedUntil?.getTime() ?? -Infinity;
      assert.ok(after >= before);
      assert.ok(after <= at(latestStart).getTime());
    }
  }));
});

Deno.test("a lost token is followed by what changed since, then by what was received since", () => {
  const lost = recoverToken(following());
  const recovery = { receivedSince: at(55 - 60), modifiedSince: at(0) };
  assert.deepEqual(lost.phase, { name: "draining", recovery });
  const drained = advanceDrain(lost, complete("t9"), at(90));
  assert.deepEqual(drained.phase, { name: "recovering", token: "t9", ...recovery });
  const next = { receivedAt: at(2), settledAtThatTime: 1 };
  const half = advanceRecovery(drained, { next }, nothing);
  assert.deepEqual(half.phase, { name: "recovering", token: "t9", ...recovery, position: next });
  const rest = advanceRecovery(half, {}, nothing);
  const range = { since: recovery.receivedSince };
  assert.deepEqual(rest.phase, { name: "backfilling", token: "t9", range });
  assert.deepEqual(rest.syncedUntil, at(55), "nothing known is unlearned");
});

Deno.test("a token lost before anything is known has everything listed", () => {
  assert.deepEqual(recoverToken(backfilling()).phase, { name: "draining" });
  const draining = advanceDrain(
    firstSight(folder, { ...sight, since: at(1) }),
    { token: "t", complete: false },
    at(2),
  );
  assert.deepEqual(recoverToken(draining).phase, { name: "draining", range: { since: at(1) } });
});

Deno.test("a token lost in a recovery repeats that recovery", () => {
  const recovering = advanceDrain(recoverToken(following()), complete("t9"), at(90));
  assert.deepEqual(recoverToken(recovering).phase, recoverToken(following()).phase);
});

Deno.test("a token lost in a listing has the rest of it listed", () => {
  const next = { receivedAt: at(100), settledAtThatTime: 1 };
  const half = advanceBackfill(backfilling(), { next, coveredUntil: at(100) }, nothing, at(600));
  const { phase } = recoverToken(advanceChanges(half, complete("t"), nothing, at(600)));
  assert.deepEqual(phase, {
    name: "draining",
    recovery: { receivedSince: at(40), modifiedSince: at(540) },
  });
});

Deno.test("tokens lost again and again do not go back any further", () => {
  let state = recoverToken(following());
  const { phase: { name, ...lost } } = state;
  assert.equal(name, "draining");
  for (let n = 0; n < 3; n++) {
    const drained = advanceDrain(state, complete("t"), at(61));
    state = recoverToken(advanceRecovery(drained, {}, nothing));
    const expected = { receivedSince: at(55 - 60), modifiedSince: at(1) };
    assert.deepEqual(state.phase, { name: "draining", recovery: expected });
  }
  assert.deepEqual(lost, { recovery: { receivedSince: at(-5), modifiedSince: at(0) } });
});

Deno.test("a sweep takes the place of a listing and ends by following the listing's token", () => {
  const sweeping = beginSweep(backfilling());
  const half = advanceSweep(sweeping, { token: "s1", complete: false }, nothing);
  assert.deepEqual(half.phase, { name: "sweeping", token: "t1", sweepToken: "s1" });
  const followed = advanceChanges(half, complete("t2"), nothing, at(60));
  assert.deepEqual(followed.phase, { name: "sweeping", token: "t2", sweepToken: "s1" });
  const done = advanceSweep(followed, complete("s2"), nothing);
  assert.deepEqual(done.phase, { name: "following", token: "t2" });
});

Deno.test("an item is on the record once, with its first time, latest reason and number of tries", () => {
  const first = { itemIds: ["a", "b"], skipped: [skip("a"), skip("b", { rebuilt: true })] };
  const once = advanceBackfill(backfilling(), {}, first, at(10));
  const second = {
    itemIds: ["a", "b"],
    skipped: [
      skip("a", { code: "Other", skippedAt: at(5) }),
      skip("b", { skippedAt: at(5) }),
    ],
  };
  const [a, b] = advanceSkipped(once, second).skipped;
  assert.deepEqual(a, skip("a", { code: "Other", triedAt: at(5), retries: 1 }));
  assert.deepEqual(b, skip("b", { triedAt: at(5), retries: 1, rebuilt: true }));
});

Deno.test("an item settled otherwise than by a skip leaves the record", () => {
  const skipped = [skip("a"), skip("b")];
  const state = advanceSkipped(following(), { itemIds: ["a", "b"], skipped });
  const after = advanceChanges(state, complete("t"), { itemIds: ["b", "c"], skipped: [] }, at(70));
  assert.deepEqual(after.skipped.map(({ itemId }) => itemId), ["a"]);
});

Deno.test("settings that add nothing change no phase", () => {
  const from = (minutes: number) => ({ startTimestamp: at(minutes) });
  const state = { ...following(), fingerprint: from(5) };
  const narrowed = applySettings(state, from(9));
  assert.equal(narrowed.widened, false);
  assert.deepEqual(narrowed.state, { ...state, fingerprint: from(9) });
  assert.equal(applySettings(state, from(5)).widened, false);
});

Deno.test("an earlier start lists what lies before the old one, and keeps the token", () => {
  const state = { ...following(), fingerprint: { startTimestamp: at(9) } };
  const { state: changed, widened } = applySettings(state, {});
  assert.ok(widened);
  const range = { until: at(9) };
  assert.deepEqual(changed.phase, { name: "backfilling", token: "t2", range });
  const page = { next: { settledAtThatTime: 1 }, coveredUntil: at(3) };
  assert.deepEqual(advanceBackfill(changed, page, nothing, at(90)).syncedUntil, at(55));
});

Deno.test("an earlier start amid a listing, and other participants, have everything listed", () => {
  const next = { receivedAt: at(20), settledAtThatTime: 1 };
  const half = advanceBackfill(
    { ...backfilling(), fingerprint: { startTimestamp: at(9) } },
    { next },
    nothing,
    at(60),
  );
  const everything = { name: "backfilling", token: "t1" };
  assert.deepEqual(applySettings(half, { startTimestamp: at(3) }).state.phase, everything);
  const lists = applySettings(following(), { participants: "p" });
  assert.deepEqual(lists.state.phase, { ...everything, token: "t2" });
  const draining = applySettings(firstSight(folder, { ...sight, since: at(3) }), {
    participants: "p",
  });
  assert.deepEqual(draining.state.phase, { name: "draining" });
});

Deno.test("progress under unknown settings is gone over again", () => {
  const { fingerprint: _, ...state } = following();
  assert.ok(applySettings(state, {}).widened);
});
