import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type ExpectedEmail, expectedEmails } from "../exchange/expected_emails.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { runAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";

const ADDRESS = "a@corp.example";
const LATE = "2002-09-01T00:00:00Z";
const EARLY = "2002-04-01T00:00:00Z";

/** Writes the config anew with these keys of the mailbox, and syncs once. */
async function syncWith(customer: Customer, keys: Readonly<Record<string, unknown>>) {
  const config = JSON.parse(await Deno.readTextFile(customer.configFile));
  const bucket = { owner: "owner", name: "bucket" };
  config.mailboxes = { [ADDRESS]: { bucket, ...keys } };
  await Deno.writeTextFile(customer.configFile, JSON.stringify(config));
  const run = await runAppliance([...customer.run, "--once"]);
  assert.equal(run.code, 0, run.stderr);
}

/** Asserts what is on disk, and that each content of it left the server once and no other did. */
async function assertDelivered(
  exchange: SimulatedExchange,
  customer: Customer,
  wanted: (email: ExpectedEmail) => boolean,
): Promise<void> {
  const expected = expectedEmails(exchange.store).filter(wanted);
  const delivered = await readDelivered(customer.prefix);
  assert.equal(delivered.length, expected.length);
  assert.deepEqual(
    exchange.ledger.mimes.map(({ searchKey }) => searchKey).sort(),
    expected.map(({ item }) => item.searchKey).sort(),
  );
}

async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus([exchange.addMailbox(ADDRESS)], 400);
  return exchange;
}

function isSince(time: string): (email: ExpectedEmail) => boolean {
  return ({ item }) => item.receivedAt! >= new Date(time);
}

Deno.test("an earlier start_timestamp brings exactly what it adds", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await syncWith(customer, { start_timestamp: LATE });
  await assertDelivered(exchange, customer, isSince(LATE));
  await syncWith(customer, { start_timestamp: EARLY });
  await assertDelivered(exchange, customer, isSince(EARLY));
  await syncWith(customer, { start_timestamp: LATE });
  await assertDelivered(exchange, customer, isSince(EARLY));
  await syncWith(customer, {});
  await assertDelivered(exchange, customer, () => true);
});

Deno.test("a changed folder list brings exactly the folders it adds", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const isInbox = ({ folder }: ExpectedEmail) => folder[0] === "Inbox";
  const isProject = ({ folder }: ExpectedEmail) => folder[0] === "Projects";
  const isOld = ({ folder }: ExpectedEmail) => folder[1] === "2002";
  await syncWith(customer, { folder_allowlist: [["INBOX"]] });
  await assertDelivered(exchange, customer, isInbox);
  await syncWith(customer, {
    folder_allowlist: [["Inbox"], ["Projects"]],
    folder_denylist: [["Projects", "2002"]],
  });
  await assertDelivered(
    exchange,
    customer,
    (email) => isInbox(email) || (isProject(email) && !isOld(email)),
  );
  await syncWith(customer, { folder_allowlist: [["Inbox"], ["Projects"]] });
  await assertDelivered(exchange, customer, (email) => isInbox(email) || isProject(email));
  await syncWith(customer, {});
  await assertDelivered(exchange, customer, () => true);
});
