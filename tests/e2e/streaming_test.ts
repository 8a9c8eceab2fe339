import assert from "node:assert/strict";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { mimeOf } from "../exchange/mime_source.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";
import { type ServedInstance, serveInstance } from "./served_instance.ts";

const ADDRESSES = ["a@corp.example", "b@corp.example", "c@corp.example"];
/** So long that no test lives to see a second round that nobody has rung for. */
const POLL_NEVER_S = 3_600;

let made = 0;

/** Puts an email of its own into a folder. Its Message-ID. */
function deliver(mailbox: SimulatedMailbox, folderId?: string): string {
  const id = `<streamed-${++made}@example.com>`;
  const mime = mimeOf(
    `From: a@example.com\nTo: b@example.com\nSubject: ${made}\nMessage-ID: ${id}\n\nBody ${made}\n`,
  );
  mailbox.deliver(folderId ?? mailbox.distinguishedFolder("inbox").id, mime);
  return id;
}

async function stored({ prefix }: Customer, ids: readonly string[]): Promise<void> {
  await waitUntil(async () => {
    const known = new Set((await readDelivered(prefix)).map(({ json }) => json.id));
    return ids.every((id) => known.has(id));
  });
}

async function listening(instance: ServedInstance, count: number): Promise<void> {
  await instance.until(({ mailboxes }) =>
    mailboxes.filter((it) => it.listening && it.last_success_at !== undefined).length === count
  );
}

async function stopped({ run }: ServedInstance): Promise<void> {
  run.kill("SIGTERM");
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
}

async function withMailboxes(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  for (const address of ADDRESSES) exchange.addMailbox(address);
  return exchange;
}

// Goal: mail is stored because Exchange told of it. Method: the next poll is an hour away.
for (const accessType of ["impersonation", "delegate"] as const) {
  Deno.test(`with ${accessType}, mail is stored long before the next poll`, async () => {
    await using exchange = await withMailboxes();
    await using customer = await customerOf(exchange, {
      access_type: accessType,
      notifications: "streaming",
      poll_frequency: POLL_NEVER_S,
    });
    await using instance = await serveInstance(customer);
    await listening(instance, ADDRESSES.length);
    for (const mailbox of exchange.store.mailboxes()) {
      await stored(customer, [deliver(mailbox)]);
      const folder = mailbox.distinguishedFolder("sentitems");
      await stored(customer, [deliver(mailbox, folder.id)]);
    }
    assert.equal(exchange.notifications.connections, 1, "one connection for all mailboxes");

    const { text } = await instance.get("metrics");
    assert.match(text, /reinfer_ews_listening\{mailbox="a@corp.example"\} 1/);
    assert.match(text, /reinfer_ews_listening_reconnects_total 0/);
    await stopped(instance);
    assert.equal(exchange.notifications.subscribed, 0, "no subscription is left behind");
  });
}

Deno.test("after a connection broke and every subscription was lost, mail is stored long before the next poll", async () => {
  await using exchange = await withMailboxes();
  await using customer = await customerOf(exchange, {
    notifications: "streaming",
    poll_frequency: POLL_NEVER_S,
  });
  await using instance = await serveInstance(customer);
  await listening(instance, ADDRESSES.length);
  const { notifications, store } = exchange;
  // Told to nobody: it comes with the ring that follows a new connection.
  notifications.copiesOf = () => 0;
  const untold = store.mailboxes().map((mailbox) => deliver(mailbox));
  notifications.copiesOf = () => 1;
  notifications.cut();
  notifications.expire();
  await stored(customer, untold);
  await listening(instance, ADDRESSES.length);
  await stored(customer, store.mailboxes().map((mailbox) => deliver(mailbox)));
  await stopped(instance);
});

Deno.test("where Exchange grants fewer subscriptions the other mailboxes are polled", async () => {
  await using exchange = await withMailboxes();
  exchange.notifications.subscriptionsMax = 1;
  await using customer = await customerOf(exchange, {
    access_type: "delegate",
    notifications: "streaming",
    poll_frequency: 1,
  });
  await using instance = await serveInstance(customer);
  await listening(instance, 1);
  const line = await instance.run.logged(({ code }) => code === "ErrorExceededSubscriptionCount");
  assert.match(String(line.hint), /impersonation/);
  await stored(customer, exchange.store.mailboxes().map((mailbox) => deliver(mailbox)));
  await stopped(instance);
});

// Goal: nothing is lost, whatever becomes of notifications. Method: by seed, events are lost, told
// twice or said to be missed, connections break and are closed, subscriptions expire, the server
// restarts; mail keeps coming. In the end all of it is stored, once.
Deno.test("a campaign of lost, missed and repeated notifications loses no email", async () => {
  await using exchange = await withMailboxes();
  await using customer = await customerOf(exchange, {
    notifications: "streaming",
    poll_frequency: 3,
  });
  await using instance = await serveInstance(customer);
  await listening(instance, ADDRESSES.length);
  const { notifications, store } = exchange;
  const entropy = seededEntropy(10);
  const chosen = <T>(values: readonly T[]): T =>
    values[Math.floor(entropy.next() * values.length)]!;
  notifications.copiesOf = () => chosen([0, 1, 1, 2]);
  const faults = [
    () => notifications.cut(),
    () => notifications.close(),
    () => notifications.expire(),
    () => notifications.expire(chosen(ADDRESSES)),
    () => notifications.missEvents(chosen(ADDRESSES)),
    () => {
      notifications.cut();
      notifications.expire();
    },
  ];
  for (let step = 0; step < 60; step++) {
    const ids = [deliver(chosen(store.mailboxes())), deliver(chosen(store.mailboxes()))];
    if (step % 4 === 0) chosen(faults)();
    // Each fault meets the program at another point of its work.
    if (step % 10 === 9) await stored(customer, ids);
  }
  const expected = expectedEmails(store);
  await waitUntil(async () => (await readDelivered(customer.prefix)).length >= expected.length);
  await stopped(instance);
  const delivered = await readDelivered(customer.prefix);
  assert.equal(delivered.length, expected.length);
  assert.equal(new Set(delivered.map(({ json }) => json.id)).size, 120);
  assert.equal(exchange.ledger.totals().mimeServed, 120, "nothing is fetched twice");
});
