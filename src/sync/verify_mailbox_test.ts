import assert from "node:assert/strict";
import type { SkippedItem } from "../core/skipped_item.ts";
import { StopController } from "./stop.ts";
import type { Verification } from "./verification.ts";
import { verifyMailbox } from "./verify_mailbox.ts";
import { memoryEnv } from "./testing/memory_env.ts";
import { mailbox, world } from "./testing/world.ts";

const a = mailbox("a");

/** A mailbox of five emails, all of them delivered. */
async function delivered() {
  const { source, destination, restart } = world();
  const inbox = source.addFolder(a, "Inbox");
  for (let email = 0; email < 5; email++) source.arrive(inbox);
  await restart().run({ once: true });
  const sink = await destination.open(a);
  const stop = new StopController(memoryEnv().clock);
  const verify = (more: Partial<Verification> = {}) =>
    verifyMailbox({ source, sink, stop, skipped: new Map(), onProgress: () => {}, ...more }, a);
  const lose = (at: number) => {
    const { itemId } = inbox.items[at]!;
    const id = `<${itemId}@x>`;
    const email = destination.emails.get(id)!;
    destination.emails.delete(id);
    return { itemId, restore: () => destination.emails.set(id, email) };
  };
  return { source, destination, inbox, verify, lose };
}

Deno.test("verify finds nothing missing where everything is stored, and fetches no content", async () => {
  const { source, verify } = await delivered();
  const fetched = source.fetched.length;
  const { folders, extra } = await verify();
  assert.equal(folders[0]?.emails, 5);
  assert.equal(folders[0]?.stored, 5);
  assert.equal(folders[0]?.missing, 0);
  assert.equal(extra, 0);
  assert.equal(source.fetched.length, fetched);
});

Deno.test("verify names what is not stored, and counts what is stored only", async () => {
  const { inbox, verify, lose } = await delivered();
  const { itemId } = lose(2);
  inbox.items.splice(4, 1);
  const { folders, firstMissing, extra } = await verify();
  assert.equal(folders[0]?.missing, 1);
  assert.equal(firstMissing[0]?.itemId, itemId);
  assert.equal(extra, 1);
});

Deno.test("verify does not call missing what is stored or deleted while it walks", async () => {
  const { inbox, verify, lose } = await delivered();
  const stored = lose(1);
  const deleted = lose(2);
  const { folders } = await verify({
    onProgress: () => {
      stored.restore();
      inbox.items.splice(inbox.items.findIndex(({ itemId }) => itemId === deleted.itemId), 1);
    },
  });
  assert.equal(folders[0]?.missing, 0);
  assert.equal(folders[0]?.stored, 4);
  assert.equal(folders[0]?.emails, 4);
});

Deno.test("verify says which of the missing are on the record as skipped, and why", async () => {
  const { verify, lose } = await delivered();
  const { itemId } = lose(0);
  const { folders, firstMissing, firstSkipped } = await verify({ skipped: recordOf(itemId) });
  assert.equal(folders[0]?.skipped, 1);
  assert.equal(folders[0]?.missing, 0);
  assert.deepEqual(firstMissing, []);
  assert.equal(firstSkipped[0]?.skip?.code, "ErrorItemCorrupt");
});

Deno.test("what is on the record and stored all the same is not called skipped", async () => {
  const { inbox, verify } = await delivered();
  const { folders } = await verify({ skipped: recordOf(inbox.items[0]!.itemId) });
  assert.equal(folders[0]?.skipped, 0);
  assert.equal(folders[0]?.stored, 5);
});

Deno.test("a repair is asked for exactly what is not stored, and is verified", async () => {
  const { verify, lose } = await delivered();
  const [one, two, known] = [lose(0), lose(3), lose(4)];
  const asked: string[] = [];
  const { folders, repaired, firstMissing } = await verify({
    skipped: recordOf(known.itemId),
    repair: (_at, itemIds) => {
      asked.push(...itemIds);
      one.restore();
      known.restore();
      return Promise.resolve([]);
    },
  });
  assert.deepEqual(asked.toSorted(), [one.itemId, two.itemId, known.itemId].toSorted());
  assert.equal(repaired, 2);
  assert.equal(folders[0]?.missing, 1);
  assert.equal(folders[0]?.skipped, 0);
  assert.equal(firstMissing[0]?.itemId, two.itemId);
});

Deno.test("what a repair puts on the record is known from then on, and not called missing", async () => {
  const { verify, lose } = await delivered();
  const { itemId } = lose(0);
  const { folders, repaired, firstSkipped } = await verify({
    repair: () => Promise.resolve([...recordOf(itemId).values()]),
  });
  assert.equal(repaired, 0);
  assert.equal(folders[0]?.missing, 0);
  assert.equal(folders[0]?.skipped, 1);
  assert.equal(firstSkipped[0]?.itemId, itemId);
});

Deno.test("an email without Message-ID that a repair delivered counts as stored", async () => {
  const { source, verify, lose } = await delivered();
  const { itemId } = lose(0);
  const describe = source.describe.bind(source);
  source.describe = async (at, itemIds) =>
    (await describe(at, itemIds)).map((outcome) => {
      if ("error" in outcome || outcome.itemId !== itemId) return outcome;
      const { internetMessageId: _, ...item } = outcome.item;
      return { itemId, item };
    });
  const untold = await verify();
  assert.equal(untold.folders[0]?.untold, 1);
  const skipped = recordOf(itemId);
  assert.equal((await verify({ skipped })).folders[0]?.skipped, 1);
  const { folders, repaired } = await verify({ skipped, repair: () => Promise.resolve([]) });
  assert.equal(repaired, 1);
  assert.equal(folders[0]?.stored, 5);
});

function recordOf(itemId: string): ReadonlyMap<string, SkippedItem> {
  const skippedAt = new Date("2026-01-01T00:00:00Z");
  const code = "ErrorItemCorrupt";
  return new Map([[itemId, {
    itemId,
    code,
    reason: "The item is corrupt",
    skippedAt,
    retries: 0,
  }]]);
}
