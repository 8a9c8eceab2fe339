import assert from "node:assert/strict";
import { failure, mailbox, world } from "./testing/world.ts";

const a = mailbox("a");
const since = (minute: number) => mailbox("a", { startTimestamp: minuteOf(minute) });
const minuteOf = (minute: number) => new Date(Date.UTC(2025, 0, 1, 0, minute));

Deno.test("after a lost token only what it may have covered last is looked at again", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 20; n++) source.arrive(folder, { minute: n });
  await restart().run({ once: true });
  await restart().run({ once: true });
  // Meanwhile an old email is moved here, and one is received.
  const lately = (source.serverTime.getTime() - minuteOf(0).getTime()) / 60_000 - 10;
  const moved = source.arrive(folder, { minute: 3, movedMinute: lately });
  const received = source.arrive(folder, { minute: lately });
  source.listed.length = 0;
  source.fault = (call) => {
    if (call !== "changes") return undefined;
    source.fault = () => undefined;
    return failure("folder", "SyncStateInvalid");
  };
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 22);
  assert.deepEqual(new Set(source.listed), new Set([moved, received]));
});

Deno.test("a lost token in the middle of a first listing goes on where that had come to", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 600; n++) source.arrive(folder, { minute: n });
  let lists = 0;
  source.fault = (call) => call === "list" && ++lists === 7 ? failure("folder") : undefined;
  await restart().run({ once: true });
  const before = destination.emails.size;
  assert.ok(before >= 100 && before < 600, `${before}`);
  source.listed.length = 0;
  source.fault = (call) => {
    if (call !== "changes") return undefined;
    source.fault = () => undefined;
    return failure("folder", "SyncStateInvalid");
  };
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 600);
  assert.equal(source.fetched.length, 600);
  assert.ok(!source.listed.includes("item-0"), "what is settled is not listed again");
});

Deno.test("an earlier start timestamp lists what it adds and nothing else", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let minute = 0; minute < 10; minute++) source.arrive(folder, { minute });
  await restart().run({ once: true }, [since(7)]);
  source.listed.length = 0;
  const process = restart();
  await process.run({ once: true }, [since(2)]);
  assert.equal(destination.emails.size, 8);
  assert.deepEqual(source.listed, ["item-2", "item-3", "item-4", "item-5", "item-6"]);
  const told = process.lines.filter(({ msg }) => msg.startsWith("Settings changed"));
  assert.equal(told.length, 1);
});

Deno.test("a later start timestamp lists nothing, and taking it back lists what was left out", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.arrive(folder, { minute: 5 });
  await restart().run({ once: true }, [since(0)]);
  source.listed.length = 0;
  source.arrive(folder, { minute: 1 });
  await restart().run({ once: true }, [since(3)]);
  assert.deepEqual(source.listed, []);
  assert.equal(destination.emails.size, 1);
  await restart().run({ once: true }, [since(0)]);
  assert.equal(destination.emails.size, 2);
});

Deno.test("a folder taken into the list is listed whole; one taken off it keeps its place", async () => {
  const { source, destination, restart } = world();
  const [inbox, sent] = [source.addFolder(a, "Inbox"), source.addFolder(a, "Sent")];
  for (let n = 0; n < 3; n++) source.arrive(inbox);
  for (let n = 0; n < 4; n++) source.arrive(sent);
  const only = (name: string) => mailbox("a", { folders: { allow: [[name]] } });
  await restart().run({ once: true }, [only("inbox")]);
  assert.equal(destination.emails.size, 3);
  source.arrive(inbox);
  await restart().run({ once: true }, [only("Sent")]);
  assert.equal(destination.emails.size, 7);
  source.listed.length = 0;
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 8);
  assert.deepEqual(source.listed, []);
});

Deno.test("a path in a list that leads to no folder is told once", async () => {
  const { source, restart } = world();
  source.addFolder(a, "Inbox");
  const process = restart();
  const named = mailbox("a", { folders: { deny: [["Nowhere"], ["inbox"]] } });
  let idle = 0;
  await process.runUntil(() => process.phases.at(-1) === "a@x idle" && ++idle === 3, [named]);
  const told = process.lines.filter(({ fields }) => fields.key === "folder_denylist");
  assert.deepEqual(told.map(({ fields }) => fields.folder), [["Nowhere"]]);
});

Deno.test("emails of participants who are kept out are counted, and nothing of them is fetched", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const from = (address: string, unresolved = false) =>
    source.arrive(folder, { participants: { addresses: [address], unresolved } });
  from("ceo@ours.example");
  const wanted = from("customer@theirs.example");
  from("friend@theirs.example", true);
  const lists = {
    allow: { addresses: [], domains: ["theirs.example"] },
    deny: { addresses: ["ceo@ours.example"], domains: [] },
  };
  const [report] = await restart().run({ once: true }, [mailbox("a", { participants: lists })]);
  assert.equal(report!.counts.filtered, 2);
  assert.deepEqual(source.fetched, [wanted]);
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 3, "without the lists the others follow");
});

Deno.test("content exchanged within the hour is fetched again, and later changes are not", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const old = source.arrive(folder, { minute: 1 });
  const lately = (source.serverTime.getTime() - minuteOf(0).getTime()) / 60_000 - 30;
  const fresh = source.arrive(folder, { minute: lately });
  await restart().run({ once: true });
  source.update(folder, old, 2_000);
  source.update(folder, fresh, 2_000);
  source.fetched.length = 0;
  await restart().run({ once: true });
  assert.deepEqual(source.fetched, [fresh]);
  assert.equal(destination.emails.get(`<${fresh}@x>`)!.metadata.sizeBytes, 2_000);
  assert.equal(destination.emails.get(`<${old}@x>`)!.metadata.sizeBytes, 1_000);
});

Deno.test("a folder the server cannot order is gone through by its change list", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 30; n++) source.arrive(folder);
  source.fault = (call) => call === "list" ? failure("folder", "ListingUnavailable") : undefined;
  const [report] = await restart().run({ once: true, emailsPerFolder: 12 });
  assert.equal(report!.failed, undefined);
  assert.equal(destination.emails.size, 30);
  assert.equal(source.fetched.length, 30);
  assert.equal(destination.states.get(folder.id)!.phase.name, "following");
});

Deno.test("a folder under another id goes on where the one before it stopped", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 10; n++) source.arrive(folder, { minute: n });
  await restart().run({ once: true });
  await restart().run({ once: true });
  const moved = source.replaceFolder(a, folder, { id: "a@x/other" });
  source.listed.length = 0;
  await restart().run({ once: true });
  assert.deepEqual(source.listed, []);
  assert.deepEqual([...destination.states.keys()], [moved.id]);
});

Deno.test("a folder that comes to the path of a deleted one brings all its mail", async () => {
  const { source, destination, restart } = world();
  source.addFolder(a, "Inbox");
  const deleted = source.addFolder(a, "Archive");
  source.arrive(deleted, { minute: 900 });
  await restart().run({ once: true });
  await restart().run({ once: true });
  source.removeFolder(a, deleted);
  const other = source.replaceFolder(a, source.addFolder(a, "Old"), { path: ["Archive"] });
  source.arrive(other, { minute: 1 });
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 2);
});

Deno.test("another folder that comes under the id of a deleted one brings what came since, and no token is believed", async () => {
  const { source, destination, restart } = world();
  source.addFolder(a, "Inbox");
  const deleted = source.addFolder(a, "Archive");
  source.arrive(deleted, { minute: 1 });
  await restart().run({ once: true });
  source.removeFolder(a, deleted);
  const lately = (source.serverTime.getTime() - minuteOf(0).getTime()) / 60_000 - 10;
  const other = source.addFolder(a, "Archive");
  assert.equal(other.id, deleted.id);
  const moved = source.arrive(other, { minute: 2, movedMinute: lately });
  const received = source.arrive(other, { minute: lately });
  source.fault = (call, subject) => {
    if (call !== "changes" || !subject.endsWith("Archive")) return undefined;
    source.fault = () => undefined;
    return failure("folder", "SyncStateInvalid");
  };
  await restart().run({ once: true });
  assert.deepEqual(source.fetched.slice(-2).sort(), [moved, received].sort());
  assert.equal(destination.emails.size, 3);
});

Deno.test("a folder that is gone is marked so, and unmarked when it comes back", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.arrive(folder);
  await restart().run({ once: true });
  source.removeFolder(a, folder);
  await restart().run({ once: true });
  assert.deepEqual(destination.states.get(folder.id)!.goneSince, source.serverTime);
  source.replaceFolder(a, folder, { path: ["Archive", "Inbox"] });
  await restart().run({ once: true });
  const state = destination.states.get(folder.id)!;
  assert.equal(state.goneSince, undefined);
  assert.deepEqual(state.folder.path, ["Archive", "Inbox"]);
});

Deno.test("a round takes at most emails_per_folder of each folder, so that all advance evenly", async () => {
  const { source, destination, restart } = world();
  const folders = ["A", "B", "C"].map((name) => source.addFolder(a, name));
  for (const folder of folders) for (let n = 0; n < 20; n++) source.arrive(folder);
  const process = restart();
  let rounds = 0;
  const sizes: number[] = [];
  await process.runUntil(
    () => {
      if (process.phases.at(-1) === "a@x idle") sizes.push(destination.emails.size) && rounds++;
      return rounds === 3;
    },
    [a],
    { emailsPerFolder: 8 },
  );
  assert.deepEqual(sizes, [24, 48, 60]);
});
