import assert from "node:assert/strict";
import { failure, mailbox, world } from "./testing/world.ts";

const a = mailbox("a");
const HOUR_MS = 3_600_000;

/** A mailbox with one unreadable email among two. */
function unreadable() {
  const made = world();
  const folder = made.source.addFolder(a, "Inbox");
  const bad = made.source.arrive(folder);
  made.source.arrive(folder);
  let tries = 0;
  made.source.fault = (call, id) => {
    if (call !== "fetch item" || id !== bad) return undefined;
    tries++;
    return failure("item", "ErrorItemCorrupt");
  };
  return { ...made, folder, bad, tries: () => tries };
}

Deno.test("a skipped email is tried again after 1 hour, 6 hours, 1 day and 7 days, then no more", async () => {
  const { destination, restart, folder, tries } = unreadable();
  const process = restart();
  const beginMs = process.clock.monotonicMs();
  const hours: number[] = [];
  await process.runUntil(
    () => {
      const hour = Math.floor((process.clock.monotonicMs() - beginMs) / HOUR_MS);
      if (tries() > hours.length) hours.push(hour);
      return hour >= 10 * 24;
    },
    [a],
    { pollFrequencyMs: HOUR_MS / 4 },
  );
  assert.deepEqual(hours, [0, 1, 7, 31, 199]);
  const [skipped] = destination.states.get(folder.id)!.skipped;
  assert.equal(skipped!.retries, 4);
  assert.equal(process.lines.filter(({ msg }) => msg === "Email skipped.").length, 1);
});

Deno.test("--retry-skipped tries all of the record once and drops what works", async () => {
  const { source, destination, restart, folder, bad } = unreadable();
  await restart().run({ once: true });
  source.fault = () => undefined;
  await restart().run({ once: true });
  assert.ok(!source.fetched.includes(bad), "its time has not come");
  const [report] = await restart().run({ once: true, retrySkipped: true });
  assert.equal(report!.counts.delivered, 1);
  assert.deepEqual(destination.states.get(folder.id)!.skipped, []);
});

Deno.test("an email that stays unreadable is not reported as newly skipped", async () => {
  const { restart } = unreadable();
  await restart().run({ once: true });
  const [report] = await restart().run({ once: true, retrySkipped: true });
  assert.equal(report!.counts.skipped, 0);
  assert.equal(report!.counts.stillSkipped, 1);
});

Deno.test("a rebuilt email is stored and marked, and the original takes its place when it works", async () => {
  const { source, destination, restart, folder, bad } = unreadable();
  source.isRebuilding = true;
  const [report] = await restart().run({ once: true });
  assert.equal(report!.counts.rebuilt, 1);
  assert.equal(report!.counts.skipped, 0);
  assert.equal(destination.emails.get(`<${bad}@x>`)!.rebuilt, true);
  assert.equal(destination.states.get(folder.id)!.skipped[0]!.rebuilt, true);
  await restart().run({ once: true, retrySkipped: true });
  assert.equal(destination.states.get(folder.id)!.skipped[0]!.rebuilt, true, "still only rebuilt");
  source.fault = () => undefined;
  await restart().run({ once: true, retrySkipped: true });
  assert.equal(destination.emails.get(`<${bad}@x>`)!.rebuilt, undefined);
  assert.deepEqual(destination.states.get(folder.id)!.skipped, []);
});

Deno.test("an email that can no longer be rebuilt is marked by what the sink has of it", async () => {
  const { source, destination, restart, folder, bad } = unreadable();
  source.isRebuilding = true;
  await restart().run({ once: true });
  const moved = source.addFolder(a, "Moved");
  const item = folder.items.find(({ itemId }) => itemId === bad)!;
  source.delete(folder, bad);
  source.putBack(moved, { ...item, itemId: "moved" });
  source.isRebuilding = false;
  source.fault = (call, id) =>
    call === "fetch item" && id === "moved" ? failure("item", "ErrorItemCorrupt") : undefined;
  await restart().run({ once: true });
  assert.deepEqual(destination.states.get(folder.id)!.skipped, []);
  const [skipped] = destination.states.get(moved.id)!.skipped;
  assert.deepEqual([skipped!.itemId, skipped!.rebuilt], ["moved", true]);
});

Deno.test("an email that the sink will not have is on the record as such, and is not rebuilt", async () => {
  const { source, destination, restart } = world();
  source.isRebuilding = true;
  const folder = source.addFolder(a, "Inbox");
  destination.unwanted.add(`<${source.arrive(folder)}@x>`);
  source.arrive(folder);
  const [report] = await restart().run({ once: true });
  assert.deepEqual([report!.counts.delivered, report!.counts.skipped], [1, 1]);
  const [skipped] = destination.states.get(folder.id)!.skipped;
  assert.deepEqual([skipped!.code, skipped!.rebuilt], ["EmailRefused", undefined]);
  assert.ok(!source.calls.some((call) => call.startsWith("rebuild")));
});

Deno.test("the record drops an email that was deleted", async () => {
  const { source, destination, restart, folder, bad } = unreadable();
  await restart().run({ once: true });
  source.delete(folder, bad);
  await restart().run({ once: true });
  assert.deepEqual(destination.states.get(folder.id)!.skipped, []);
});

Deno.test("ten failures in a row suspend the mailbox, nothing is committed, and they come first later", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  for (let n = 0; n < 25; n++) source.arrive(folder);
  source.fault = (call) => call === "fetch item" ? failure("item", "ErrorItemCorrupt") : undefined;
  const process = restart();
  let isMended = false;
  await process.runUntil(() => {
    if (process.phases.at(-1) === "a@x suspended" && !isMended) {
      const state = destination.states.get(folder.id)!;
      assert.equal(state.phase.name, "backfilling");
      assert.equal(state.phase.name === "backfilling" && state.phase.position, undefined);
      assert.deepEqual(state.skipped, []);
      source.fault = () => undefined;
      isMended = true;
    }
    return destination.emails.size === 25;
  });
  assert.ok(isMended);
  assert.equal(process.errors()[0]!.fields.code, "SkipsRunAway");
  assert.deepEqual(
    source.fetched.slice(0, 10),
    Array.from({ length: 10 }, (_, n) => `item-${n}`),
  );
  assert.equal(source.fetched.length, 25, "nothing is fetched twice");
});

Deno.test("failures in folders of a few emails each add up over the mailbox", async () => {
  const { source, destination, restart } = world();
  for (let n = 0; n < 6; n++) {
    const folder = source.addFolder(a, `${n}`);
    source.arrive(folder);
    source.arrive(folder);
  }
  source.fault = (call) => call === "fetch item" ? failure("item", "ErrorItemCorrupt") : undefined;
  const [report] = await restart().run({ once: true });
  assert.equal(report!.failed?.code, "SkipsRunAway");
  for (const { skipped } of destination.states.values()) assert.deepEqual(skipped, []);
});

Deno.test("one delivery ends the row", async () => {
  const { source, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const bad = new Set<string>();
  for (let n = 0; n < 20; n++) {
    const itemId = source.arrive(folder);
    if (n % 2 === 0) bad.add(itemId);
  }
  source.fault = (call, id) =>
    call === "fetch item" && bad.has(id) ? failure("item", "ErrorItemCorrupt") : undefined;
  const [report] = await restart().run({ once: true, batchSize: 2 });
  assert.equal(report!.failed, undefined);
  assert.equal(report!.counts.skipped, 10);
});

Deno.test("a page whose items have all vanished waits, and counts once they are called deleted", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const items = Array.from({ length: 6 }, () => source.arrive(folder));
  source.fault = (call, id) =>
    call === "describe item" && items.includes(id)
      ? failure("item", "ErrorItemNotFound")
      : undefined;
  const process = restart();
  const [report] = await process.run({ once: true });
  assert.equal(report!.failed?.code, "PageVanished");
  assert.equal(destination.states.get(folder.id)!.phase.name, "backfilling");
  source.fault = () => undefined;
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 6, "nothing was lost by it");
});
