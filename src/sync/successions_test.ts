import assert from "node:assert/strict";
import fc from "fast-check";
import type { Folder } from "../core/mailbox.ts";
import { firstSight, type FolderSyncState, type SourceApi } from "../core/sync_state.ts";
import { takeOver } from "../core/take_over.ts";
import { successionsOf } from "./successions.ts";

const folder = (id: string, name: string, role?: string): Folder => ({
  id,
  path: [name],
  ...(role ? { role } : {}),
});
const stateOf = (api: SourceApi, at: Folder, isGone = false): FolderSyncState => ({
  ...firstSight(at, { api, fingerprint: {} }),
  ...(isGone ? { goneSince: new Date(0) } : {}),
});

/** Pairs of former and new folder id. */
function dueOf(
  states: readonly FolderSyncState[],
  listed: readonly Folder[],
  api: SourceApi = "graph",
) {
  return successionsOf(states, listed, api).due
    .map(({ from, folder }) => `${from.folder.id}>${folder.id}`).sort();
}

Deno.test("a folder is found again by its id, else its role, else its path", () => {
  const states = [
    stateOf("ews", folder("same", "A")),
    stateOf("ews", folder("e1", "Posteingang", "inbox")),
    stateOf("ews", folder("e2", "Projects")),
    stateOf("ews", folder("e3", "Elsewhere")),
  ];
  const listed = [
    folder("g1", "Inbox", "inbox"),
    folder("g2", "Projects"),
    folder("same", "Renamed"),
    // Came to the path of one that is found by its id.
    folder("g4", "A"),
  ];
  assert.deepEqual(dueOf(states, listed), ["e1>g1", "e2>g2", "same>same"]);
});

Deno.test("a path leads to no folder of another role, and a role to no second folder", () => {
  const states = [
    stateOf("ews", folder("e1", "Archive", "archive")),
    stateOf("ews", folder("e2", "Inbox", "inbox")),
    stateOf("ews", folder("e3", "Inbox")),
  ];
  const listed = [folder("g1", "Archive", "sentitems"), folder("g2", "Inbox", "inbox")];
  assert.deepEqual(dueOf(states, listed), ["e2>g2"]);
});

Deno.test("where two had the same path last, none of them vouches for the folder that is there", () => {
  const states = ["e1", "e2", "e3"].map((id) => stateOf("ews", folder(id, "Projects")));
  assert.deepEqual(dueOf(states, [folder("g1", "Projects")]), []);
  const [first, second, gone] = [states[0]!, states[1]!, stateOf("ews", folder("e4", "A"), true)];
  // One of them is known by its id, and so is which of them the other is not.
  assert.deepEqual(dueOf([first, second], [folder("e1", "Projects")]), ["e1>e1"]);
  const there = stateOf("ews", folder("e5", "A"));
  assert.deepEqual(dueOf([gone, there], [folder("g5", "A")]), ["e5>g5"]);
});

Deno.test("a folder that was gone before goes on under its id alone", () => {
  const states = [
    stateOf("ews", folder("same", "A"), true),
    stateOf("ews", folder("e1", "B"), true),
  ];
  assert.deepEqual(dueOf(states, [folder("same", "A"), folder("g1", "B")]), ["same>same"]);
});

Deno.test("a folder takes over from the other api where its own state was gone", () => {
  const states = [
    stateOf("ews", folder("e1", "Old name"), true),
    stateOf("graph", folder("g1", "New name")),
  ];
  assert.deepEqual(dueOf(states, [folder("e1", "New name")], "ews"), ["g1>e1"]);
});

Deno.test("folders of one api take over only where the whole mailbox was moved", () => {
  const states = ["A", "B", "C"].map((name) => stateOf("ews", folder(`old ${name}`, name)));
  const moved = ["A", "B"].map((name) => folder(`new ${name}`, name));
  assert.deepEqual(dueOf(states, moved, "ews"), ["old A>new A", "old B>new B"]);
  const one = [folder("old A", "A"), folder("new B", "B")];
  assert.deepEqual(dueOf(states, one, "ews"), []);
});

Deno.test("where another program stopped folders go on, whatever else is there", () => {
  const theirs = ["A", "B"].map((name): FolderSyncState => ({
    ...stateOf("ews", folder(`theirs ${name}`, name)),
    api: "unknown",
  }));
  const ours = stateOf("ews", folder("ours", "C"));
  const listed = [folder("1", "A"), folder("theirs B", "Renamed"), folder("ours", "C")];
  assert.deepEqual(dueOf([...theirs, ours], listed, "ews"), ["theirs A>1", "theirs B>theirs B"]);
});

Deno.test("a folder that came to the path of a deleted one was not interrupted", () => {
  const states = [stateOf("ews", folder("1", "Archive")), stateOf("ews", folder("2", "Old"))];
  const successions = successionsOf(states, [folder("2", "Archive")], "ews");
  assert.deepEqual(successions, { due: [], unfinished: [] });
});

Deno.test("a take-over that is interrupted anywhere goes on as if it had not been", () => {
  const count = 5;
  const place = fc.record({
    isMove: fc.boolean(),
    roles: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    same: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    cuts: fc.array(fc.nat(2 * count), { maxLength: 4 }),
  });
  fc.assert(fc.property(place, ({ isMove, roles, same, cuts }) => {
    const api = isMove ? "ews" : "graph";
    const listed = roles.map((hasRole, n) => {
      const id = !isMove && same[n] ? `${n}` : `new ${n}`;
      return folder(
        id,
        hasRole ? `name ${n} there` : `name ${n}`,
        hasRole ? `role${n}` : undefined,
      );
    });
    const former = roles.map((hasRole, n) =>
      stateOf("ews", folder(`${n}`, `name ${n}`, hasRole ? `role${n}` : undefined))
    );
    const states = new Map(former.map((state) => [state.folder.id, state]));
    for (const writes of [...cuts, Infinity]) resume(states, listed, api, writes);
    assert.deepEqual([...states.keys()].sort(), listed.map(({ id }) => id).sort());
    assert.ok([...states.values()].every((state) => state.api === api));
  }));
});

/** What `takeOverStates` writes, cut off after so many writes. */
function resume(
  states: Map<string, FolderSyncState>,
  listed: readonly Folder[],
  api: SourceApi,
  writesMax: number,
): void {
  const { due, unfinished } = successionsOf([...states.values()], listed, api);
  const replaced = new Set(due.map(({ folder }) => folder.id));
  const writes = [
    ...due.map(({ from, folder }) => () => states.set(folder.id, takeOver(from, { api, folder }))),
    ...[...due, ...unfinished].filter(({ from }) => !replaced.has(from.folder.id))
      .map(({ from }) => () => states.delete(from.folder.id)),
  ];
  for (const write of writes.slice(0, writesMax)) write();
}
