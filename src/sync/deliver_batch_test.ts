import assert from "node:assert/strict";
import { failure, mailbox, world } from "./testing/world.ts";

const a = mailbox("a");

Deno.test("the memory of content is given back where the sink has it, and only there", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const [stored, refused, copy] = [1, 2, 3].map(() => source.arrive(folder));
  const first = folder.items.find(({ itemId }) => itemId === stored)!;
  const second = folder.items.find(({ itemId }) => itemId === copy)!;
  source.delete(folder, copy!);
  source.putBack(folder, { ...second, messageId: first.messageId });
  destination.unwanted.add(`<${refused}@x>`);
  await restart().run({ once: true });
  assert.deepEqual(new Set(source.fetched), new Set([stored, refused, copy]));
  assert.deepEqual(source.released.toSorted(), [stored, copy].toSorted());
});

Deno.test("content of a delivery that failed as a whole is not given back", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const itemId = source.arrive(folder);
  let failures = 0;
  destination.fault = (call) => call === "put" && failures++ === 0 ? failure("mailbox") : undefined;
  await restart().run({ once: true });
  assert.deepEqual([source.fetched, source.released], [[itemId], []]);
  await restart().run({ once: true });
  assert.deepEqual([source.fetched, source.released], [[itemId, itemId], [itemId]]);
});
