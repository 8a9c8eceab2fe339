import assert from "node:assert/strict";
import { StopController } from "./stop.ts";
import { type Verification, verifyMailbox } from "./verify_mailbox.ts";
import { memoryEnv } from "./testing/memory_ports.ts";
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
    verifyMailbox({ source, sink, stop, skipped: new Set(), onProgress: () => {}, ...more }, a);
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

Deno.test("verify says which of the missing are on the record as skipped", async () => {
  const { verify, lose } = await delivered();
  const { itemId } = lose(0);
  const { folders } = await verify({ skipped: new Set([itemId]) });
  assert.equal(folders[0]?.skipped, 1);
  assert.equal(folders[0]?.missing, 0);
});

Deno.test("a repair is asked for exactly what is missing, and is verified", async () => {
  const { verify, lose } = await delivered();
  const [one, two] = [lose(0), lose(3)];
  const asked: string[] = [];
  const { folders, repaired, firstMissing } = await verify({
    repair: (_at, itemIds) => {
      asked.push(...itemIds);
      one.restore();
      return Promise.resolve();
    },
  });
  assert.deepEqual(asked.toSorted(), [one.itemId, two.itemId].toSorted());
  assert.equal(repaired, 1);
  assert.equal(folders[0]?.missing, 1);
  assert.equal(firstMissing[0]?.itemId, two.itemId);
});
