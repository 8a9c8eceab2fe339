import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { runAppliance } from "./appliance.ts";
import { type Customer, customerOf, type DiskEmail, readDelivered } from "./customer.ts";
import { readStates, runCommand } from "./customer.ts";

const ADDRESS = "a@corp.example";
const EMAILS = 120;

async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus([exchange.addMailbox(ADDRESS)], EMAILS);
  return exchange;
}

async function syncOnce(customer: Customer, ...options: string[]): Promise<void> {
  const run = await runAppliance([...customer.run, "--once", ...options]);
  assert.equal(run.code, 0, run.stderr);
}

/** Takes an email off the disk; gives the item in the mailbox that it was made of. */
async function lose(exchange: SimulatedExchange, { path, json }: DiskEmail) {
  await Deno.remove(path);
  await Deno.remove(path.replace(/\.json$/, ".eml"));
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const folder = mailbox.folderAt(json.metadata.folder);
  return mailbox.itemsOf(folder.id).find(({ internetMessageId }) => internetMessageId === json.id)!;
}

Deno.test("verify finds what is missing on disk, and --repair brings it back", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await syncOnce(customer);
  assert.equal((await runCommand(customer, "verify")).code, 0);
  const served = exchange.ledger.totals().mimeServed;
  assert.equal(served, EMAILS, "verify fetches no content");
  const [lost, halfLost] = await readDelivered(customer.prefix);
  await Deno.remove(lost!.path);
  await Deno.remove(lost!.path.replace(/\.json$/, ".eml"));
  await Deno.remove(halfLost!.path.replace(/\.json$/, ".eml"));
  const found = await runCommand(customer, "verify");
  assert.equal(found.code, 1, found.stdout + found.stderr);
  assert.ok(found.stdout.includes(lost!.json.id), found.stdout);
  const repaired = await runCommand(customer, "verify", "--repair");
  assert.equal(repaired.code, 0, repaired.stdout + repaired.stderr);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  assert.equal(exchange.ledger.totals().mimeServed, EMAILS + 2, "only what was missing is fetched");
  assert.equal((await runCommand(customer, "verify")).code, 0);
});

Deno.test("verify --repair puts what Exchange does not give on the record, and its schedule applies", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await syncOnce(customer);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const item = await lose(exchange, (await readDelivered(customer.prefix))[0]!);
  mailbox.damage(item.id, { code: "ErrorItemCorrupt", parts: ["properties"] });
  const before = await readStates(customer.prefix);

  const missing = await runCommand(customer, "verify");
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, / 1 missing, 0 skipped$/m);
  const repaired = await runCommand(customer, "verify", "--repair");
  assert.equal(repaired.code, 1, repaired.stdout);
  assert.match(repaired.stdout, / 0 missing, 1 skipped$/m);
  assert.match(
    repaired.stdout,
    /skipped: .*\n.*on the record of skips: ErrorItemCorrupt, tried again/,
  );
  const after = await readStates(customer.prefix);
  const [skip, ...more] = after.flatMap(({ skipped }) => skipped);
  assert.deepEqual(more, []);
  assert.equal(skip!.item_id, item.id);
  assert.equal(skip!.retries, 0, "its schedule begins");
  const withoutRecord = (states: typeof before) =>
    states.map((state) => ({ ...state, skipped: [] }));
  assert.deepEqual(withoutRecord(after), withoutRecord(before), "progress stays where it was");

  const known = await runCommand(customer, "verify");
  assert.equal(known.code, 1, "what is skipped is not in the sink");
  assert.match(known.stdout, / 0 missing, 1 skipped$/m);
  await syncOnce(customer);
  mailbox.mend(item.id);
  await syncOnce(customer, "--retry-skipped");
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  assert.equal((await runCommand(customer, "verify")).code, 0);
});

Deno.test("verify --repair delivers what is on the record, too, once Exchange gives it", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await syncOnce(customer);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const item = await lose(exchange, (await readDelivered(customer.prefix))[0]!);
  mailbox.damage(item.id, { code: "ErrorItemCorrupt", parts: ["properties"] });
  assert.equal((await runCommand(customer, "verify", "--repair")).code, 1);
  const again = await runCommand(customer, "verify", "--repair");
  assert.equal(again.code, 1, again.stdout);
  const [still] = (await readStates(customer.prefix)).flatMap(({ skipped }) => skipped);
  assert.equal(still!.retries, 1, "it was one more try");

  mailbox.mend(item.id);
  const mended = await runCommand(customer, "verify", "--repair");
  assert.equal(mended.code, 0, mended.stdout);
  assert.match(mended.stdout, /1 email missing before, delivered now/);
  assert.deepEqual((await readStates(customer.prefix)).flatMap(({ skipped }) => skipped), []);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
});

Deno.test("verify --repair rebuilds what cannot be had as it is, and the original is waited for", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await syncOnce(customer);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const item = await lose(exchange, (await readDelivered(customer.prefix))[0]!);
  mailbox.damage(item.id, { code: "ErrorCorruptData" });
  const repaired = await runCommand(customer, "verify", "--repair");
  assert.equal(repaired.code, 0, repaired.stdout);
  assert.equal((await readDelivered(customer.prefix)).filter(({ json }) => json.rebuilt).length, 1);
  const [skip] = (await readStates(customer.prefix)).flatMap(({ skipped }) => skipped);
  assert.equal(skip!.rebuilt, true);
});

Deno.test("verify --repair fills a destination that never ran, and a run after it fetches nothing", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const [item] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  mailbox.damage(item!.id, { code: "ErrorItemCorrupt", parts: ["properties"] });
  const repaired = await runCommand(customer, "verify", "--repair");
  assert.equal(repaired.code, 1, repaired.stdout);
  assert.match(
    repaired.stdout,
    /^1 mailbox verified: 120 emails, 119 stored, 0 missing, 1 skipped$/m,
  );
  const served = exchange.ledger.totals().mimeServed;
  await syncOnce(customer);
  assert.equal(exchange.ledger.totals().mimeServed, served);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS - 1);
});
