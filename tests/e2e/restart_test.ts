import assert from "node:assert/strict";
import { LIMITS } from "../../src/core/limits.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { runAppliance, type RunningAppliance, spawnAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";
import { filesBelow } from "../files_below.ts";

const EMAILS = 1_500;
/** How many contents have left the server when the appliance is hit. */
const HITS = [40, 300, 700, 1_100];
/** What one kill can throw back: all that is in work at a time. */
const IN_WORK_MAX = LIMITS.heldMimeBytesTotal / LIMITS.emailOverheadBytes;

async function exchangeWithMail() {
  const exchange = await startSimulatedExchange();
  spreadCorpus(
    [exchange.addMailbox("a@corp.example"), exchange.addMailbox("b@corp.example")],
    EMAILS,
  );
  return exchange;
}

type Exchange = Awaited<ReturnType<typeof exchangeWithMail>>;

/** Starts the appliance and hits it with a signal once so many contents have been served. */
async function hit(
  exchange: Exchange,
  customer: Customer,
  served: number,
  signal: Deno.Signal,
): Promise<RunningAppliance> {
  const running = spawnAppliance(customer.run);
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  exchange.intercept = (_request, next) => {
    if (exchange.ledger.totals().mimeServed >= served) resolve();
    return next();
  };
  await reached;
  exchange.intercept = undefined;
  running.kill(signal);
  return running;
}

/** Finishes the sync and compares what lies on disk with what the server holds. */
async function assertCompletes(exchange: Exchange, customer: Customer): Promise<void> {
  const run = await runAppliance([...customer.run, "--once"]);
  assert.equal(run.code, 0, run.stderr);
  const delivered = await readDelivered(customer.prefix);
  assert.equal(delivered.length, expectedEmails(exchange.store).length);
  for (const { json, sha256 } of delivered) assert.equal(sha256, json.mime_sha256);
  const files = await filesBelow(customer.prefix);
  assert.deepEqual(files.filter((path) => path.includes(".tmp")), []);
  const emls = files.filter((path) => path.endsWith(".eml"));
  assert.equal(emls.length, delivered.length, "no content without its record");
}

Deno.test("killed again and again, the first sync completes and fetches little twice", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  for (const served of HITS) {
    const { ended } = await hit(exchange, customer, served, "SIGKILL");
    assert.equal((await ended).code, 137);
  }
  await assertCompletes(exchange, customer);
  const { mimeServed } = exchange.ledger.totals();
  assert.ok(mimeServed <= EMAILS + HITS.length * IN_WORK_MAX, `${mimeServed} contents served`);
});

Deno.test("SIGTERM under load ends with exit code 0, and the next run goes on from there", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const { ended } = await hit(exchange, customer, 400, "SIGTERM");
  const run = await ended;
  assert.equal(run.code, 0, run.stderr);
  assert.ok(run.log.some(({ msg }) => msg === "Stopped."));
  const servedBefore = exchange.ledger.totals().mimeServed;
  assert.equal(
    (await readDelivered(customer.prefix)).length,
    servedBefore,
    "nothing is thrown away",
  );
  await assertCompletes(exchange, customer);
  assert.equal(exchange.ledger.totals().mimeServed, EMAILS, "nothing is fetched twice");
});

Deno.test("mail that arrives while the appliance runs is delivered by the next round", async () => {
  await using exchange = await startSimulatedExchange();
  const mailbox = exchange.addMailbox("a@corp.example");
  spreadCorpus([mailbox], 20);
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  const running = spawnAppliance(customer.run);
  await running.logged(({ msg }) => msg === "Folder pass finished.");
  const [item] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  const fresh = mailbox.deliver(mailbox.distinguishedFolder("junkemail").id, item!.mime);
  const { promise: stored, resolve } = Promise.withResolvers<void>();
  exchange.intercept = (_request, next) => {
    if (exchange.ledger.mimeFetches(mailbox.address, fresh.searchKey) > 0) resolve();
    return next();
  };
  await stored;
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
  const delivered = await readDelivered(customer.prefix);
  assert.equal(delivered.length, 21);
});
