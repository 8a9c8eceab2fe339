import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { runAppliance, spawnAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered, readProgress } from "./customer.ts";
import { assertStatesBehind, type ExpectedMail, expectedMail } from "./expected_mail.ts";
import { hit } from "./hit.ts";
import { filesBelow } from "../files_below.ts";

const EMAILS = 6_000;
const KILLS = 20;

async function exchangeWithMail(emails: number) {
  const exchange = await startSimulatedExchange();
  spreadCorpus(
    [exchange.addMailbox("a@corp.example"), exchange.addMailbox("b@corp.example")],
    emails,
  );
  return exchange;
}

type Exchange = Awaited<ReturnType<typeof exchangeWithMail>>;

/** No state says that more is settled than lies on disk, whenever the appliance died. */
async function assertStateBehindData(
  expected: readonly ExpectedMail[],
  { prefix }: Customer,
): Promise<void> {
  const stored = new Set<string>();
  for (const path of await filesBelow(`${prefix}/data`)) {
    if (path.includes(".tmp") || !path.endsWith(".json")) continue;
    const { mailbox, metadata, id, mime_sha256 } = JSON.parse(await Deno.readTextFile(path));
    stored.add(JSON.stringify([mailbox, metadata.folder, id, mime_sha256]));
  }
  assertStatesBehind(
    await readProgress(prefix),
    expected,
    ({ mailbox, folder, id, sha256 }) => stored.has(JSON.stringify([mailbox, folder, id, sha256])),
  );
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

Deno.test("killed twenty times at random, the first sync completes and fetches little twice", async () => {
  await using exchange = await exchangeWithMail(EMAILS);
  await using customer = await customerOf(exchange);
  const expected = expectedMail(exchange);
  const entropy = seededEntropy(20);
  for (let kill = 0; kill < KILLS; kill++) {
    const done = exchange.ledger.totals().emailsServed;
    const share = (EMAILS - done) / (KILLS - kill);
    const emailsServed = done + share * entropy.next();
    const { ended } = await hit(exchange, { args: customer.run, emailsServed, signal: "SIGKILL" });
    assert.equal((await ended).code, 137);
    await assertStateBehindData(expected, customer);
  }
  await assertCompletes(exchange, customer);
  const { mimeServed } = exchange.ledger.totals();
  assert.ok(mimeServed <= EMAILS * 1.3, `${mimeServed} contents served for ${EMAILS} emails`);
});

Deno.test("SIGTERM under load ends with exit code 0, and the next run goes on from there", async () => {
  await using exchange = await exchangeWithMail(2_000);
  await using customer = await customerOf(exchange);
  const { ended } = await hit(exchange, {
    args: customer.run,
    emailsServed: 400,
    signal: "SIGTERM",
  });
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
  assert.equal(exchange.ledger.totals().mimeServed, 2_000, "nothing is fetched twice");
});

Deno.test("mail that arrives while the appliance runs is delivered by the next round", async () => {
  await using exchange = await startSimulatedExchange();
  const mailbox = exchange.addMailbox("a@corp.example");
  spreadCorpus([mailbox], 20);
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  await using running = spawnAppliance(customer.run);
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
