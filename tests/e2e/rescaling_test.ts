import assert from "node:assert/strict";
import { systemClock } from "../../src/runtime/system.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { keepDelivering } from "../exchange/keep_delivering.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { filesBelow } from "../files_below.ts";
import {
  assertPresentable,
  type LogLine,
  type RunningAppliance,
  spawnAppliance,
} from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";

const MAILBOXES = 6;
const EMAILS = 240;
/** Two in a hundred milliseconds: enough to arrive in every phase. */
const DELIVER_EVERY_MS = 50;

/** An instance: one of `total` processes on one destination. */
function instance(customer: Customer, number: number, total: number): RunningAppliance {
  const shard = ["--shard-name", `reinfer-ews-${number}`, "--total-shards", String(total)];
  return spawnAppliance([...customer.run, ...shard]);
}

function instances(customer: Customer, total: number): readonly RunningAppliance[] {
  return Array.from({ length: total }, (_, number) => instance(customer, number, total));
}

const isPassOf = (address: string) => ({ msg, mailbox }: LogLine) =>
  msg === "Folder pass finished." && mailbox === address;

/** Resolves when each mailbox was gone over by one of these. */
async function allOwnedBy(
  running: readonly RunningAppliance[],
  { store }: SimulatedExchange,
): Promise<void> {
  await Promise.all(
    store.mailboxes().map(async ({ address }) => {
      await Promise.any(running.map((one) => one.logged(isPassOf(address))));
    }),
  );
}

/** The owner of each mailbox, as the logs have it. */
async function ownersIn(running: readonly RunningAppliance[]): Promise<readonly string[]> {
  const runs = await Promise.all(running.map(({ ended }) => ended));
  for (const run of runs) assertPresentable(run, ["Pässwörd 1!"]);
  return runs.flatMap(({ log }) => [
    ...new Set(
      log.filter(({ msg }) => msg === "Folder pass finished.").map(({ mailbox }) =>
        String(mailbox)
      ),
    ),
  ]);
}

/** Resolves when everything that the server holds was served, whichever process asked for it. */
async function allServed(exchange: SimulatedExchange): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  exchange.intercept = (_request, next) => {
    const missing = expectedEmails(exchange.store).find(({ mailbox, item }) =>
      exchange.ledger.mimeFetches(mailbox, item.searchKey) === 0
    );
    if (!missing) resolve();
    return next();
  };
  await promise;
  exchange.intercept = undefined;
}

async function stopped(running: readonly RunningAppliance[]): Promise<void> {
  for (const one of running) one.kill("SIGTERM");
  for (const { ended } of running) assert.equal((await ended).code, 0);
}

/** Every email that the server holds lies on disk once, and nothing beside it. */
async function assertComplete(exchange: SimulatedExchange, { prefix }: Customer): Promise<void> {
  const delivered = await readDelivered(prefix);
  const placesOf = (emails: readonly (readonly [mailbox: string, folder: readonly string[]])[]) =>
    emails.map((email) => JSON.stringify(email)).sort();
  assert.deepEqual(
    placesOf(delivered.map(({ json }) => [json.mailbox, json.metadata.folder])),
    placesOf(expectedEmails(exchange.store).map(({ mailbox, folder }) => [mailbox, folder])),
  );
  for (const { json, sha256 } of delivered) assert.equal(sha256, json.mime_sha256);
  const files = await filesBelow(prefix);
  assert.deepEqual(files.filter((path) => path.includes(".tmp")), []);
  const contents = files.filter((path) => path.endsWith(".eml"));
  assert.equal(contents.length, delivered.length, "no content without its record");
}

/*
 * Goal: whoever rescales while mail arrives loses nothing and stores nothing twice, even if an
 * instance dies in it, and afterwards every mailbox has its one owner. Method: one instance, then
 * three beside it, of which one is killed, then two in place of those; what lies on disk is compared
 * with the model.
 */
Deno.test("from one instance to three to two while mail arrives, one killed: complete, and once", async () => {
  await using exchange = await startSimulatedExchange();
  const mailboxes = Array.from(
    { length: MAILBOXES },
    (_, n) => exchange.addMailbox(`m${n}@corp.example`),
  );
  spreadCorpus(mailboxes, EMAILS);
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  await using processes = new AsyncDisposableStack();
  const entropy = seededEntropy(3);
  const arriving = new AbortController();
  const arrived = keepDelivering(
    { mailboxes, everyMs: DELIVER_EVERY_MS, clock: systemClock, entropy },
    arriving.signal,
  );

  const one = processes.use(instance(customer, 0, 1));
  await one.logged(({ msg }) => msg === "Folder pass finished.");
  const three = instances(customer, 3).map((running) => processes.use(running));
  // The first still holds them all: whoever comes stands back.
  await Promise.any(three.map((running) => running.logged(({ code }) => code === "MailboxLocked")));
  await stopped([one]);
  const victim = Math.floor(entropy.next() * three.length);
  await Promise.any(
    three.map((running) => running.logged(({ msg }) => msg === "Folder pass finished.")),
  );
  three[victim]!.kill("SIGKILL");
  assert.equal((await three[victim]!.ended).code, 137);
  const two = instances(customer, 2).map((running) => processes.use(running));
  await stopped(three.filter((_, number) => number !== victim));

  await allOwnedBy(two, exchange);
  arriving.abort();
  assert.ok(await arrived > 0, "mail arrived meanwhile");
  await allServed(exchange);
  await stopped(two);
  await assertComplete(exchange, customer);
  const owners = await ownersIn(two);
  assert.deepEqual([...owners].sort(), mailboxes.map(({ address }) => address).sort());
});
