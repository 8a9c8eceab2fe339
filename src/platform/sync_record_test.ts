import assert from "node:assert/strict";
import {
  applySettings,
  type FolderPhase,
  type FolderSyncState,
  recoverToken,
} from "../core/sync_state.ts";
import { decodeSyncRecord, stateOfRecord, syncRecordOf, syncRecordWireOf } from "./sync_record.ts";

const HOUR_MS = 3_600_000;
const at = (hour: number) => new Date(Date.UTC(2024, 0, 1) + hour * HOUR_MS);
const WRITER = { mailbox: "ada@example.com", writer: "0a" };

function stateIn(phase: FolderPhase, more: Partial<FolderSyncState> = {}): FolderSyncState {
  const folder = { id: "AAMk=", path: ["Inbox", "Späm"] };
  return { api: "ews", folder, phase, fingerprint: {}, skipped: [], ...more };
}

/** What the next process makes of a state, over the wire and back. */
function afterRestart(state: FolderSyncState): FolderSyncState {
  const wire = JSON.parse(JSON.stringify(syncRecordWireOf(syncRecordOf(state, WRITER))));
  const record = decodeSyncRecord(wire);
  assert.ok(record?.folderId !== undefined);
  return stateOfRecord({ ...record, folderId: record.folderId });
}

function recoveryAfter(state: FolderSyncState) {
  const { phase } = afterRestart(state);
  return phase.name === "draining" ? phase.recovery : assert.fail(phase.name);
}

Deno.test("a followed folder goes on an hour before the times that it had come to", () => {
  const state = stateIn(
    { name: "following", token: "t" },
    {
      syncedUntil: at(10),
      lastSyncedAt: at(11),
      fingerprint: { participants: "p", startTimestamp: at(1) },
    },
  );
  const record = syncRecordOf(state, WRITER);
  assert.equal(record.status, "UP_TO_DATE");
  assert.deepEqual([record.syncedUntil, record.lastSyncedAt], [at(10), at(11)]);
  const after = afterRestart(state);
  assert.deepEqual(after.phase, {
    name: "draining",
    recovery: { receivedSince: at(9), modifiedSince: at(10) },
  });
  assert.deepEqual(after.folder, state.folder);
  assert.deepEqual(after.fingerprint, state.fingerprint);
});

Deno.test("a backfill goes on at its position, unless its record was changed", () => {
  const position = { receivedAt: at(5), settledAtThatTime: 2 };
  const state = stateIn({ name: "backfilling", token: "t", position }, { lastSyncedAt: at(20) });
  const record = syncRecordOf(state, WRITER);
  assert.deepEqual([record.status, record.syncedUntil], ["IN_PROGRESS", at(5)]);
  assert.deepEqual(recoveryAfter(state), { receivedSince: at(5), modifiedSince: at(19) });
  const setBack = stateOfRecord({ ...record, folderId: "AAMk=", syncedUntil: at(2) });
  assert.deepEqual(setBack.phase, {
    name: "draining",
    recovery: { receivedSince: at(1), modifiedSince: at(19) },
  });
});

Deno.test("a folder of which nothing is settled begins anew", () => {
  const nothing: readonly FolderSyncState[] = [
    stateIn({ name: "draining" }),
    stateIn({ name: "draining", token: "t" }),
    stateIn({ name: "backfilling", token: "t" }, { lastSyncedAt: at(1) }),
    stateIn({ name: "sweeping", token: "t" }, { lastSyncedAt: at(1), syncedUntil: at(1) }),
  ];
  for (const state of nothing) assert.equal(recoveryAfter(state), undefined, state.phase.name);
});

Deno.test("what widened settings add is listed after a restart, too, although it is older", () => {
  const followed = stateIn(
    { name: "following", token: "t" },
    { syncedUntil: at(10), lastSyncedAt: at(11), fingerprint: { startTimestamp: at(8) } },
  );
  const { state, widened } = applySettings(followed, { startTimestamp: at(2) });
  assert.ok(widened);
  assert.deepEqual(recoveryAfter(state), undefined);
  const { phase } = state;
  assert.equal(phase.name, "backfilling");
  const position = { receivedAt: at(5), settledAtThatTime: 0 };
  const later = { ...state, phase: { ...phase, position } } as FolderSyncState;
  assert.deepEqual(recoveryAfter(later)?.receivedSince, at(5));
  assert.deepEqual(syncRecordOf(later, WRITER).syncedUntil, at(5));
});

Deno.test("restarts in the middle of a recovery, however many, do not go back any further", () => {
  const followed = stateIn(
    { name: "following", token: "t" },
    { syncedUntil: at(10), lastSyncedAt: at(11) },
  );
  let state = recoverToken(followed);
  const { phase: first } = state;
  for (let restart = 0; restart < 5; restart++) state = afterRestart(state);
  assert.deepEqual(state.phase, first);
  // The drain is done, so `lastSyncedAt` has moved; what it covers has not been looked at yet.
  const recovering = stateIn(
    { name: "recovering", token: "t2", receivedSince: at(9), modifiedSince: at(10) },
    { syncedUntil: at(10), lastSyncedAt: at(30) },
  );
  assert.deepEqual(recoveryAfter(recovering), { receivedSince: at(9), modifiedSince: at(10) });
  const position = { receivedAt: at(20), settledAtThatTime: 1 };
  const further = { ...recovering, phase: { ...recovering.phase, position } } as FolderSyncState;
  assert.deepEqual(recoveryAfter(further), { receivedSince: at(9), modifiedSince: at(20) });
  for (const one of [recovering, further]) {
    assert.deepEqual(syncRecordOf(one, WRITER).syncedUntil, at(10));
  }
});

Deno.test("a folder finishes, although each life ends before it has gone through one hour", () => {
  const minute = (n: number) => new Date(at(5).getTime() + n * 60_000);
  const backfilling = (receivedAt: Date) => {
    const position = { receivedAt, settledAtThatTime: 1 };
    return stateIn({ name: "backfilling", token: "t", position }, { lastSyncedAt: at(20) });
  };
  for (const n of [1, 2, 3]) {
    assert.deepEqual(recoveryAfter(backfilling(minute(n)))?.receivedSince, minute(n));
  }
});

Deno.test("a start that was asked for is kept, and claims nothing that is not settled", () => {
  const state = stateIn({ name: "draining", range: { since: at(3) } });
  assert.deepEqual(syncRecordOf(state, WRITER).syncedUntil, at(3));
  assert.deepEqual(recoveryAfter(state), { receivedSince: at(3), modifiedSince: at(3) });
});

Deno.test("a record that is none is left out, and times that are none are absent", () => {
  const wire = {
    mailbox_name: "ada@example.com",
    folder_id: "f",
    folder_path: ["Inbox"],
    status: "UP_TO_DATE",
    synced_until: "2024-01-01T02:00:00+01:00",
    last_synced_at: "yesterday",
    fingerprint: null,
    of_the_future: 1,
  };
  const record = decodeSyncRecord(wire);
  assert.deepEqual(record?.syncedUntil, at(1));
  assert.equal(record?.lastSyncedAt, undefined);
  for (const broken of [undefined, "x", {}, { ...wire, folder_path: "Inbox" }]) {
    assert.equal(decodeSyncRecord(broken), undefined);
  }
});

Deno.test("a record tells whose ids it holds, the role of its folder and since when that is gone", () => {
  const folder = { id: "AAMk=", path: ["Inbox"], role: "inbox" };
  for (const api of ["ews", "graph", "unknown"] as const) {
    const state = stateIn({ name: "draining" }, { api, folder, goneSince: at(3) });
    const after = afterRestart(state);
    assert.deepEqual([after.api, after.folder, after.goneSince], [api, folder, at(3)]);
  }
});

Deno.test("a record from when there was one api alone is of that; another program's is of none", () => {
  const { fingerprint = "", ...record } = syncRecordOf(stateIn({ name: "draining" }), WRITER);
  assert.ok(!fingerprint.includes("api="));
  const foreign = stateOfRecord({ ...record, folderId: "AAMk=", fingerprint: "sha1:77" });
  assert.equal(foreign.api, "unknown");
  const later = `${fingerprint};api=imap`;
  assert.equal(stateOfRecord({ ...record, folderId: "AAMk=", fingerprint: later }).api, "unknown");
});

Deno.test("a role that is none changes no other field of a record", () => {
  const folder = {
    id: "AAMk=",
    path: ["Inbox"],
    role: "inbox;gone=2024-01-01T00:00:00Z;api=graph",
  };
  const after = afterRestart(stateIn({ name: "draining" }, { folder }));
  assert.deepEqual([after.api, after.folder.role, after.goneSince], ["ews", undefined, undefined]);
});
