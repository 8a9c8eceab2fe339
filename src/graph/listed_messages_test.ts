import assert from "node:assert/strict";
import type { ItemDescription } from "../core/email.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { ListedMessages } from "./listed_messages.ts";
import { ALICE, BOB } from "./testing/simulated_source.ts";

const item = (itemId: string): ItemDescription => ({
  itemId,
  sizeBytes: 0,
  isMail: true,
  isDraft: false,
  metadata: {},
  attachments: [],
});

Deno.test("a description is given once and to its mailbox only; older mail stays known as such", () => {
  const listed = new ListedMessages();
  listed.remember(ALICE, [item("a")]);
  assert.equal(listed.take(BOB, "a"), undefined);
  assert.equal(listed.take(ALICE, "a")?.itemId, "a");
  assert.equal(listed.take(ALICE, "a"), undefined);
  assert.deepEqual([listed.isListed(ALICE, "a"), listed.isListed(BOB, "a")], [true, false]);
});

Deno.test("only so many are remembered; the oldest is forgotten first", () => {
  const listed = new ListedMessages();
  const { listedDescriptionsMax, listedItemsMax } = GRAPH_LIMITS;
  const ids = Array.from({ length: listedItemsMax + 1 }, (_, number) => String(number));
  listed.remember(ALICE, ids.map(item));
  assert.deepEqual([listed.isListed(ALICE, "0"), listed.isListed(ALICE, "1")], [false, true]);
  const firstKept = listedItemsMax + 1 - listedDescriptionsMax;
  assert.equal(listed.take(ALICE, String(firstKept - 1)), undefined);
  assert.equal(listed.take(ALICE, String(firstKept))?.itemId, String(firstKept));
});
