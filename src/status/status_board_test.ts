import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { NO_COUNTS } from "../core/observer.ts";
import type { FolderSyncState } from "../core/sync_state.ts";
import { ManualClock } from "../http/testing/manual_clock.ts";
import { notReadyBecause } from "./readiness.ts";
import { StatusBoard } from "./status_board.ts";
import { mailboxSummary } from "./mailbox_summary.ts";

const A = mailbox("a@x");
const B = mailbox("b@x");
const INBOX = { id: "1", path: ["Inbox"], itemCount: 100 };
const FAILURE = new SyncError("retryable", "Http503", "Unavailable", { hint: "Wait" });

function mailbox(address: string): Mailbox {
  return { address, bucket: { owner: "o", name: "n" }, startFrom: "bucket" };
}

function stateOf(phase: FolderSyncState["phase"]["name"], syncedUntil?: Date): FolderSyncState {
  return {
    api: "ews",
    folder: { id: INBOX.id, path: INBOX.path },
    phase: { name: phase, token: "t" } as FolderSyncState["phase"],
    ...(syncedUntil ? { syncedUntil } : {}),
    skipped: [],
  };
}

function boardOf(
  mailboxes: readonly Mailbox[] = [A],
  signInRefusal: () => SyncError | undefined = () => undefined,
) {
  const clock = new ManualClock();
  const board = new StatusBoard(clock);
  const life = { mailboxes, endpoint: "https://mail", destination: "mail", signInRefusal };
  const summary = (index = 0) =>
    mailboxSummary(board.records[index]!, index + 1, clock.monotonicMs());
  const notReady = () => notReadyBecause(board, clock.now()).map(({ what, code }) => [what, code]);
  return { board, clock, life, summary, notReady };
}

Deno.test("a mailbox that syncs and waits in turn is in one state, since it began", () => {
  const { board, clock, life } = boardOf();
  board.lifeBegan(life);
  board.phaseChanged(A, { name: "syncing" });
  const [record] = board.records;
  const { since } = record!.condition;
  for (const name of ["idle", "syncing", "idle"] as const) {
    clock.advance(15_000);
    board.phaseChanged(A, { name });
  }
  assert.deepEqual(record!.condition.since, since);
  assert.deepEqual(record!.lastSuccessAt, clock.now());
  clock.advance(1_000);
  board.phaseChanged(A, { name: "backing-off", error: FAILURE, delayMs: 30_000 });
  assert.deepEqual(record!.condition.since, clock.now());
  assert.equal(record!.condition.until!.getTime() - clock.now().getTime(), 30_000);
  const began = clock.now();
  clock.advance(30_000);
  board.phaseChanged(A, { name: "syncing" });
  board.phaseChanged(A, { name: "backing-off", error: FAILURE, delayMs: 30_000 });
  assert.ok(record!.condition.since >= began);
});

Deno.test("what is left to list is what the server counted, less what was settled, while behind", () => {
  const { board, life, summary } = boardOf();
  board.lifeBegan(life);
  let state = stateOf("backfilling");
  board.statesOpened(A, { all: () => [state] });
  board.phaseChanged(A, { name: "syncing" });
  board.roundStarted(A, [INBOX]);
  board.settled(A, INBOX, { ...NO_COUNTS, delivered: 30, ignored: 10, bytes: 3_000 });
  assert.deepEqual([summary().left, summary().state], [60, "catching_up"]);
  board.passEnded(A, INBOX, true);
  board.roundStarted(A, [{ ...INBOX, itemCount: 500 }]);
  assert.equal(summary().left, 60, "a later count does not undo what was settled");
  board.settled(A, INBOX, { ...NO_COUNTS, delivered: 70 });
  assert.equal(summary().left, 0, "never below nothing");
  state = stateOf("following", new Date(0));
  board.passEnded(A, INBOX, false);
  assert.deepEqual([summary().left, summary().state], [0, "up_to_date"]);
  assert.deepEqual(summary().syncedUntil, new Date(0));
});

Deno.test("a folder's failure stays until a pass over it ends", () => {
  const { board, life, summary } = boardOf();
  board.lifeBegan(life);
  board.roundStarted(A, [INBOX]);
  board.passFailed(A, INBOX, FAILURE);
  board.roundStarted(A, [INBOX]);
  assert.equal(summary().folders.failing, 1);
  board.passEnded(A, INBOX, false);
  assert.equal(summary().folders.failing, 0);
  board.passFailed(A, INBOX, FAILURE);
  board.roundStarted(A, []);
  assert.equal(summary().folders.failing, 0, "a folder that is gone fails no more");
});

Deno.test("a throttle ends by itself, and never earlier than was said before", () => {
  const { board, clock, life } = boardOf([A, B]);
  board.lifeBegan(life);
  board.throttled(FAILURE, 60_000, A);
  board.throttled(FAILURE, 10_000, A);
  board.throttled(FAILURE, 5_000);
  const [a, b] = board.records;
  assert.equal(a!.throttle!.until.getTime() - clock.now().getTime(), 60_000);
  assert.equal(b!.throttle, undefined);
  assert.ok(board.throttle);
  clock.advance(5_000);
  assert.equal(board.throttle, undefined);
  assert.ok(a!.throttle);
  clock.advance(55_000);
  assert.equal(a!.throttle, undefined);
});

Deno.test("another life keeps what was counted of its mailboxes and forgets the others", () => {
  const { board, clock, life } = boardOf([A, B]);
  board.lifeBegan(life);
  board.roundStarted(B, [INBOX]);
  board.settled(B, INBOX, { ...NO_COUNTS, delivered: 5, bytes: 50 });
  board.phaseChanged(B, { name: "suspended", error: FAILURE, delayMs: 1 });
  board.destinationChanged({ error: FAILURE, delayMs: 1_000 });
  clock.advance(1_000);
  board.lifeBegan({ ...life, mailboxes: [B, mailbox("c@x")] });
  assert.deepEqual(board.records.map((record) => record.mailbox.address), ["b@x", "c@x"]);
  assert.equal(board.records[0]!.counts.delivered, 5);
  assert.equal(board.records[0]!.condition.phase, "starting");
  assert.equal(board.destinationTrouble, undefined);
  board.phaseChanged(A, { name: "idle" });
  assert.equal(board.records.length, 2, "a worker of the life before says nothing more");
});

Deno.test("ready is what is configured, has a destination and is signed in", () => {
  let refusal: SyncError | undefined;
  const { board, life, notReady } = boardOf([A], () => refusal);
  assert.deepEqual(notReady(), [["configuration", "ConfigurationAwaited"]]);
  board.lifeBegan(life);
  board.servicePhaseChanged({ name: "checking-destination" });
  assert.deepEqual(notReady(), [["destination", "DestinationChecked"]]);
  board.servicePhaseChanged({ name: "signing-in" });
  assert.deepEqual(notReady(), [["sign-in", "SigningIn"]]);
  board.servicePhaseChanged({ name: "signing-in", error: FAILURE, delayMs: 5_000 });
  assert.deepEqual(notReady(), [["sign-in", "Http503"]]);
  board.servicePhaseChanged({ name: "running" });
  assert.deepEqual(notReady(), []);
  board.phaseChanged(A, { name: "suspended", error: FAILURE, delayMs: 1 });
  assert.deepEqual(notReady(), [], "a mailbox's own failure is no reason");
  refusal = new SyncError("mailbox", "CredentialsRefused", "Refused", { retryAfterMs: 900_000 });
  board.destinationChanged({ error: FAILURE.as("destination"), delayMs: 1_000 });
  assert.deepEqual(notReady(), [["destination", "Http503"], ["sign-in", "CredentialsRefused"]]);
  refusal = undefined;
  board.destinationChanged();
  assert.deepEqual(notReady(), []);
});

Deno.test("a life that failed says which part of it did", () => {
  const { board, life, notReady } = boardOf();
  board.lifeBegan(life);
  board.servicePhaseChanged({ name: "signing-in" });
  const refused = new SyncError("fatal", "CredentialsRefused", "Refused");
  board.servicePhaseChanged({ name: "ending", error: refused, delayMs: 900_000 });
  assert.deepEqual(notReady(), [["sign-in", "CredentialsRefused"]]);
  board.servicePhaseChanged({ name: "checking-destination" });
  const full = new SyncError("destination", "NoSpace", "Full");
  board.servicePhaseChanged({ name: "restarting", error: full, delayMs: 1_000 });
  assert.deepEqual(notReady(), [["destination", "NoSpace"]]);
  board.servicePhaseChanged({ name: "running" });
  board.servicePhaseChanged({ name: "restarting", error: refused, delayMs: 1_000 });
  assert.deepEqual(notReady(), [["service", "CredentialsRefused"]]);
  board.servicePhaseChanged({ name: "stopping" });
  assert.deepEqual(notReady(), [["service", "Stopping"]]);
});

Deno.test("folders that are gone or no longer selected leave nothing behind and nothing skipped", () => {
  const { board, clock, life, summary } = boardOf();
  board.lifeBegan(life);
  const skip = {
    itemId: "i",
    code: "ErrorItemCorrupt",
    reason: "Corrupt",
    skippedAt: clock.now(),
    retries: 0,
  };
  const inbox = { ...stateOf("following", clock.now()), skipped: [skip] };
  const gone = { ...inbox, folder: { id: "2", path: ["Gone"] }, goneSince: clock.now() };
  const denied = { ...stateOf("backfilling"), folder: { id: "3", path: ["Denied"] } };
  board.statesOpened(A, { all: () => [inbox, gone, denied] });
  board.phaseChanged(A, { name: "syncing" });
  assert.equal(summary().folders.behind, 1, "which are selected is not known yet");
  board.roundStarted(A, [INBOX]);
  const { state, folders, skipped } = summary();
  assert.deepEqual([state, folders.total, folders.behind, skipped], ["up_to_date", 1, 0, 1]);
});
