import assert from "node:assert/strict";
import type { Clock } from "../../src/core/env.ts";
import { keepDelivering } from "./keep_delivering.ts";
import { MailboxStore } from "./mailbox_store.ts";
import { seededEntropy } from "./seeded_entropy.ts";

Deno.test("emails arrive at the pace asked for, each a new one, until told to end", async () => {
  let now = 0;
  const end = new AbortController();
  const clock: Clock = {
    now: () => new Date(now),
    monotonicMs: () => now,
    sleep(ms, { signal }) {
      now += ms;
      if (now > 500) end.abort();
      signal.throwIfAborted();
      return Promise.resolve();
    },
  };
  const entropy = seededEntropy(6);
  const store = new MailboxStore({ clock, entropy });
  const mailboxes = ["a@x", "b@x"].map((address) => store.addMailbox(address));
  const delivered = await keepDelivering({ mailboxes, everyMs: 50, clock, entropy }, end.signal);
  const items = mailboxes.flatMap((mailbox) =>
    mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id)
  );
  assert.equal(delivered, 10);
  assert.deepEqual(
    items.map((item) => item.receivedAt!.getTime()).sort((a, b) => a - b),
    [50, 100, 150, 200, 250, 300, 350, 400, 450, 500],
  );
  assert.equal(new Set(items.map((item) => item.internetMessageId)).size, 10);
});
