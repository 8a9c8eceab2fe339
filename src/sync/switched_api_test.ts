import assert from "node:assert/strict";
import fc from "fast-check";
import type { SyncError } from "../core/errors.ts";
import type { MemoryFolder, MemorySource } from "./testing/memory_source.ts";
import { graphView } from "./testing/graph_view.ts";
import { failure, mailbox, world } from "./testing/world.ts";

const a = mailbox("a");
const HOUR = 60;
const minuteOf = (minute: number) => new Date(Date.UTC(2025, 0, 1, 0, minute));
const SWITCHED = "Mailbox is read through another API now; its folders go on by their dates.";

/** Ids under which emails were stored since `from` puts ago. */
function idsOf(puts: readonly string[], from = 0): readonly string[] {
  return puts.slice(from).map((id) => id.slice("<".length, -"@x>".length));
}

function itemsOf(folder: MemoryFolder): readonly string[] {
  return folder.items.map(({ itemId }) => itemId);
}

Deno.test("after a switch only what lies within the hour of overlap is delivered again", async () => {
  const { source, destination, restart } = world();
  destination.canTell = false;
  const folder = source.addFolder(a, "Inbox");
  for (let hour = 0; hour < 100; hour++) source.arrive(folder, { minute: hour * HOUR });
  source.serverTime = minuteOf(99 * HOUR + 30);
  await restart().run({ once: true });
  await restart().run({ once: true });
  const before = destination.puts.length;
  const fresh = source.arrive(folder, { minute: 100 * HOUR });
  source.serverTime = minuteOf(100 * HOUR + 5);
  const process = restart(graphView(source));
  await process.run({ once: true });
  assert.deepEqual(new Set(idsOf(destination.puts, before)), new Set(["item-99", fresh]));
  const told = process.lines.filter(({ msg }) => msg === SWITCHED);
  assert.deepEqual(told.map(({ fields }) => fields), [{
    mailbox: "a@x",
    folders: 1,
    overlapMinutes: 60,
    api: "graph",
    foldersGone: 0,
  }]);
  const [state, ...others] = destination.states.values();
  assert.deepEqual([state!.api, state!.folder.id, others.length], ["graph", "a@x-Inbox", 0]);
});

Deno.test("a switch amid a backfill goes on with it, and so does the switch back", async () => {
  const { source, destination, restart } = world();
  destination.canTell = false;
  const folder = source.addFolder(a, "Inbox");
  for (let hour = 0; hour < 900; hour++) source.arrive(folder, { minute: hour * HOUR });
  source.serverTime = minuteOf(2_000 * HOUR);
  const views = [source, graphView(source), source, graphView(source)];
  for (const view of views.slice(0, -1)) {
    let lists = 0;
    source.fault = (call) => call === "list" && ++lists > 2 ? failure("folder") : undefined;
    await restart(view).run({ once: true });
  }
  source.fault = () => undefined;
  await restart(views.at(-1)).run({ once: true });
  assert.equal(destination.emails.size, 900);
  // The hour before each position, and what is listed as modified since the first token: nothing.
  assert.ok(destination.puts.length <= 900 + 3 * 2, `${destination.puts.length}`);
  assert.equal([...destination.states.values()][0]!.phase.name, "following");
});

Deno.test("folders go on under the same id, role or path; one that is nowhere is gone", async () => {
  const { source, destination, restart } = world();
  const [projects, posteingang, named, lost] = ["Projects", "Posteingang", "Same", "Lost"]
    .map((name) => source.addFolder(a, name));
  const inbox = source.replaceFolder(a, posteingang!, { role: "inbox" });
  const same = source.replaceFolder(a, named!, { id: "same" });
  for (const folder of [projects!, inbox, same, lost!]) source.arrive(folder);
  await restart().run({ once: true });
  source.replaceFolder(a, inbox, { path: ["Inbox"] });
  source.replaceFolder(a, same, { path: ["Renamed"] });
  source.removeFolder(a, lost!);
  const process = restart(graphView(source));
  await process.run({ once: true });
  const states = [...destination.states.values()].map(({ api, folder, goneSince }) =>
    [api, folder.id, folder.path.join("/"), goneSince ? "gone" : "there"].join(" ")
  );
  assert.deepEqual(states.sort(), [
    "ews a@x/Lost Lost gone",
    "graph a@x-Posteingang Inbox there",
    "graph a@x-Projects Projects there",
    "graph same Renamed there",
  ]);
  assert.equal(source.fetched.length, 4, "nothing stored is fetched again");
  const [told] = process.lines.filter(({ msg }) => msg === SWITCHED);
  assert.deepEqual([told!.fields.folders, told!.fields.foldersGone], [3, 1]);
  const again = restart(graphView(source));
  await again.run({ once: true });
  assert.deepEqual(again.lines.filter(({ msg }) => msg === SWITCHED), []);
});

Deno.test("a switch that is killed at any write goes on as if it had not been", async () => {
  for (let killedAt = 1; killedAt <= 8; killedAt++) {
    const { source, destination, restart } = world();
    destination.canTell = false;
    const names = ["A", "B", "C"];
    for (const name of names) source.arrive(source.addFolder(a, name), { minute: 1 });
    source.replaceFolder(a, source.addFolder(a, "Same"), { id: "same" });
    await restart().run({ once: true });
    await restart().run({ once: true });
    const before = destination.puts.length;
    let writes = 0;
    destination.fault = (call) =>
      (call === "save" || call === "remove") && ++writes >= killedAt
        ? failure("destination")
        : undefined;
    await assert.rejects(restart(graphView(source)).run({ once: true }));
    destination.fault = () => undefined;
    await restart(graphView(source)).run({ once: true });
    assert.deepEqual(
      [...destination.states.values()].map(({ api, folder }) => `${api} ${folder.id}`).sort(),
      ["graph a@x-A", "graph a@x-B", "graph a@x-C", "graph same"],
    );
    assert.deepEqual(idsOf(destination.puts, before), [], `killed at write ${killedAt}`);
  }
});

Deno.test("a move between servers that is killed at any write goes on as if it had not been", async () => {
  for (let killedAt = 1; killedAt <= 6; killedAt++) {
    const { source, destination, restart } = world();
    destination.canTell = false;
    const folders = ["A", "B", "C"].map((name) => source.addFolder(a, name));
    for (const folder of folders) source.arrive(folder, { minute: 1 });
    await restart().run({ once: true });
    await restart().run({ once: true });
    const before = destination.puts.length;
    for (const folder of folders) source.replaceFolder(a, folder, { id: `new ${folder.id}` });
    let writes = 0;
    destination.fault = (call) =>
      (call === "save" || call === "remove") && ++writes >= killedAt
        ? failure("destination")
        : undefined;
    await assert.rejects(restart().run({ once: true }));
    destination.fault = () => undefined;
    await restart().run({ once: true });
    assert.deepEqual(
      [...destination.states.values()].map(({ folder }) => folder.id).sort(),
      ["new a@x/A", "new a@x/B", "new a@x/C"],
    );
    assert.deepEqual(idsOf(destination.puts, before), [], `killed at write ${killedAt}`);
  }
});

/** A mailbox of one email that cannot be had, skipped under the ids of EWS. */
async function withSkip() {
  const made = world();
  const { source, destination, restart } = made;
  const folder = source.addFolder(a, "Inbox");
  const bad = source.arrive(folder, { minute: 5 });
  // Two more of the same second, and enough behind it that no overlap reaches it.
  for (const minute of [5, 5, 3_000]) source.arrive(folder, { minute });
  const isBad = (call: string, id: string) => call === "fetch item" && id === bad;
  const corrupt = (call: string, id: string): SyncError | undefined =>
    isBad(call, id) ? failure("item", "ErrorItemCorrupt") : undefined;
  source.fault = corrupt;
  await restart().run({ once: true });
  await restart().run({ once: true });
  const record = () => [...destination.states.values()].flatMap(({ skipped }) => skipped);
  assert.deepEqual(record().map(({ itemId }) => itemId), [bad]);
  return { ...made, folder, bad, corrupt, record };
}

Deno.test("a skipped email is found again under its other id, and delivered if it can be had", async () => {
  const { source, destination, restart, bad, record } = await withSkip();
  source.fault = () => undefined;
  source.fetched.length = 0;
  await restart(graphView(source)).run({ once: true });
  assert.deepEqual(source.fetched, [bad], "and no other of its second is fetched");
  assert.ok(destination.emails.has(`<${bad}@x>`));
  assert.deepEqual(record(), []);
});

Deno.test("a skipped email that still cannot be had is on the record under its other id", async () => {
  const { restart, source, bad, record } = await withSkip();
  const process = restart(graphView(source));
  const [report] = await process.run({ once: true });
  assert.deepEqual([report!.counts.skipped, report!.counts.stillSkipped], [0, 1]);
  const [skip, ...others] = record();
  assert.deepEqual([skip!.itemId, skip!.sought, skip!.retries], [`graph ${bad}`, undefined, 1]);
  assert.equal(others.length, 0);
  assert.deepEqual(process.errors(), []);
});

Deno.test("a skipped email that was deleted meanwhile leaves the record with a word", async () => {
  const { restart, source, folder, bad, record } = await withSkip();
  source.delete(folder, bad);
  const process = restart(graphView(source));
  await process.run({ once: true });
  assert.deepEqual(record(), []);
  const told = process.lines.filter(({ msg }) => msg.startsWith("Skipped email is no longer"));
  assert.deepEqual(told.map(({ fields }) => fields.id), [`<${bad}@x>`]);
});

Deno.test("a search for skipped emails that is killed is repeated, and loses none", async () => {
  const { restart, source, bad, corrupt, record } = await withSkip();
  source.fault = (call, id) => call === "fetch item" ? failure("folder") : corrupt(call, id);
  await restart(graphView(source)).run({ once: true });
  assert.deepEqual(record().map(({ itemId, sought }) => [itemId, sought]), [[bad, true]]);
  source.fault = corrupt;
  await restart(graphView(source)).run({ once: true });
  assert.deepEqual(record().map(({ itemId, sought }) => [itemId, sought]), [
    [`graph ${bad}`, undefined],
  ]);
});

Deno.test("many skipped emails are sought a hundred in a pass, before the run ends", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 130; n++) source.arrive(folder, { minute: n });
  // One that can be had after each that cannot: otherwise they suspend the mailbox.
  for (let n = 0; n < 130; n++) source.arrive(folder, { minute: n });
  source.fault = (call, id) =>
    call === "fetch item" && Number(id.slice("item-".length)) < 130
      ? failure("item", "ErrorItemCorrupt")
      : undefined;
  await restart().run({ once: true, batchSize: 2 });
  // Once more, so that no overlap reaches back to them.
  await restart().run({ once: true });
  source.fault = () => undefined;
  const [report] = await restart(graphView(source)).run({ once: true });
  assert.equal(report!.counts.delivered, 130);
  assert.equal(destination.emails.size, 260);
});

Deno.test("where the folder cannot be ordered, a sweep meets what is sought", async () => {
  const { source, destination, restart, bad, corrupt, record } = await withSkip();
  source.fault = (call, id) =>
    call === "list" ? failure("folder", "ListingUnavailable") : corrupt(call, id);
  await restart(graphView(source)).run({ once: true });
  assert.deepEqual(record().map(({ itemId, sought }) => [itemId, sought]), [
    [`graph ${bad}`, undefined],
  ]);
  assert.equal(destination.emails.size, 3);
});

Deno.test("what could not even be described is met by listing everything again", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const bad = source.arrive(folder, { minute: 5 });
  source.arrive(folder, { minute: 3_000 });
  source.fault = (call, id) =>
    call === "describe item" && id === bad ? failure("item", "ErrorItemCorrupt") : undefined;
  await restart().run({ once: true });
  await restart().run({ once: true });
  source.fetched.length = 0;
  source.fault = () => undefined;
  await restart(graphView(source)).run({ once: true });
  assert.deepEqual(source.fetched, [bad]);
  assert.deepEqual([...destination.states.values()].flatMap(({ skipped }) => skipped), []);
});

Deno.test("what was skipped before a mailbox was moved between servers is found again, too", async () => {
  const { source, restart, folder, bad, record } = await withSkip();
  const moved = source.replaceFolder(a, folder, { id: "a@x/moved" });
  source.renameItems(moved, "moved ");
  source.fault = () => undefined;
  source.fetched.length = 0;
  await restart().run({ once: true });
  assert.deepEqual(source.fetched, [`moved ${bad}`]);
  assert.deepEqual(record(), []);
});

Deno.test("an item that is shown again where it was settled has changed; elsewhere it has arrived", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const old = source.arrive(folder, { minute: 1 });
  const [item] = folder.items;
  assert.ok(item);
  const calls = () => source.calls.filter((call) => call.startsWith("describe")).length;
  const process = restart(graphView(source));
  let step = 0;
  let described = 0;
  await process.runUntil(() => {
    if (process.phases.at(-1) !== "a@x idle") return false;
    switch (step++) {
      case 0:
        described = calls();
        source.update(folder, old, 2_000);
        return false;
      case 1:
        assert.equal(calls(), described, "what changed in place long after is not looked at");
        source.delete(folder, old);
        return false;
      case 2:
        source.putBack(folder, item);
        return false;
      default:
        assert.equal(calls(), described + 1, "what left the folder and came back has arrived");
        return true;
    }
  });
  const stored = destination.emails.get(`<${old}@x>`)!;
  // Another process does not remember: it looks, and rewrites nothing of what is stored here.
  source.update(folder, old, 3_000);
  source.fetched.length = 0;
  await restart(graphView(source)).run({ once: true });
  assert.ok(calls() > described);
  assert.deepEqual(source.fetched, []);
  assert.deepEqual(destination.emails.get(`<${old}@x>`), stored);
});

Deno.test("content exchanged within the hour is fetched again through either api", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const lately = (source.serverTime.getTime() - minuteOf(0).getTime()) / 60_000 - 30;
  const fresh = source.arrive(folder, { minute: lately });
  await restart(graphView(source)).run({ once: true });
  source.update(folder, fresh, 2_000);
  await restart(graphView(source)).run({ once: true });
  assert.equal(destination.emails.get(`<${fresh}@x>`)!.metadata.sizeBytes, 2_000);
});

Deno.test("wherever it is switched and killed, all arrives and only the overlap arrives again", async () => {
  const seeds = fc.record({
    minutes: fc.array(fc.nat(40 * HOUR), { minLength: 1, maxLength: 40 }),
    steps: fc.array(
      fc.record({ graph: fc.boolean(), calls: fc.nat(25), arrivals: fc.nat(3) }),
      { minLength: 1, maxLength: 6 },
    ),
  });
  await fc.assert(
    fc.asyncProperty(seeds, async ({ minutes, steps }) => {
      const { source, destination, restart } = world();
      destination.canTell = false;
      const folder = source.addFolder(a, "Inbox");
      for (const minute of minutes) source.arrive(folder, { minute });
      let now = 50 * HOUR;
      for (const step of [...steps, { graph: true, calls: Infinity, arrivals: 0 }]) {
        source.serverTime = minuteOf(now);
        const settled = settledOf(source, folder, destination.states.values());
        const before = destination.puts.length;
        await runFor(source, restart, step);
        const again = idsOf(destination.puts, before).filter((id) => settled.has(id));
        assert.deepEqual(again, [], "delivered again although it lies before the overlap");
        for (let n = 0; n < step.arrivals; n++) source.arrive(folder, { minute: now + n });
        now += 3 * HOUR;
      }
      assert.deepEqual(new Set(idsOf(destination.puts)), new Set(itemsOf(folder)));
    }),
    { numRuns: 60 },
  );
});

/** Runs a process through one of the apis that is cut off after so many calls of the source. */
async function runFor(
  source: MemorySource,
  restart: ReturnType<typeof world>["restart"],
  { graph, calls }: { readonly graph: boolean; readonly calls: number },
): Promise<void> {
  let made = 0;
  source.fault = () => ++made > calls ? failure("mailbox") : undefined;
  const settings = { once: true, emailsPerFolder: 7, batchSize: 3 };
  await restart(graph ? graphView(source) : source).run(settings);
}

/** Items of which the stored states vouch that they lie more than an hour before what is known. */
function settledOf(
  { serverTime }: MemorySource,
  folder: MemoryFolder,
  states: Iterable<{ readonly syncedUntil?: Date; readonly lastSyncedAt?: Date }>,
): ReadonlySet<string> {
  const [state] = states;
  const { syncedUntil, lastSyncedAt } = state ?? {};
  if (!syncedUntil || !lastSyncedAt || lastSyncedAt > serverTime) return new Set();
  const before = Math.min(syncedUntil.getTime(), lastSyncedAt.getTime()) - HOUR * 60_000;
  return new Set(
    folder.items.filter(({ receivedAt }) => receivedAt.getTime() < before)
      .map(({ itemId }) => itemId),
  );
}
