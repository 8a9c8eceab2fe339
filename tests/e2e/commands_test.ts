import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { participantsOf } from "../exchange/items.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";

const ADDRESS = "a@corp.example";
const EMAILS = 120;

async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus([exchange.addMailbox(ADDRESS)], EMAILS);
  return exchange;
}

/** Runs a command on a customer's config and destination. */
async function command({ configFile, prefix }: Customer, ...args: string[]): Promise<Run> {
  const [name, ...options] = args as [string, ...string[]];
  const places = ["--config", configFile, "--local-files-prefix", prefix];
  const run = await runAppliance([name, ...places, ...options]);
  assertPresentable(run, ["Pässwörd 1!"]);
  return run;
}

async function syncOnce(customer: Customer, ...options: string[]): Promise<Run> {
  return await runAppliance([...customer.run, "--once", ...options]);
}

Deno.test("status tells from the states alone how far every folder is", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const before = await command(customer, "status");
  assert.equal(before.code, 0, before.stderr);
  assert.match(before.stdout, /not begun/i);
  assert.equal((await syncOnce(customer)).code, 0);
  const requests = exchange.ledger.totals().requests;
  const text = await command(customer, "status");
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /Inbox/);
  const json = await command(customer, "status", "--json");
  const document = JSON.parse(json.stdout);
  const [mailbox] = document.mailboxes;
  assert.equal(mailbox.mailbox, ADDRESS);
  assert.ok(mailbox.folders.length > 10);
  assert.equal(exchange.ledger.totals().requests, requests, "the server is not asked");
});

Deno.test("verify finds what is missing on disk, and --repair brings it back", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  assert.equal((await syncOnce(customer)).code, 0);
  assert.equal((await command(customer, "verify")).code, 0);
  const served = exchange.ledger.totals().mimeServed;
  assert.equal(served, EMAILS, "verify fetches no content");
  const [lost, halfLost] = await readDelivered(customer.prefix);
  await Deno.remove(lost!.path);
  await Deno.remove(lost!.path.replace(/\.json$/, ".eml"));
  await Deno.remove(halfLost!.path.replace(/\.json$/, ".eml"));
  const found = await command(customer, "verify");
  assert.equal(found.code, 1, found.stdout + found.stderr);
  assert.ok(found.stdout.includes(lost!.json.id), found.stdout);
  const repaired = await command(customer, "verify", "--repair");
  assert.equal(repaired.code, 0, repaired.stdout + repaired.stderr);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  assert.equal(exchange.ledger.totals().mimeServed, EMAILS + 2, "only what was missing is fetched");
  assert.equal((await command(customer, "verify")).code, 0);
});

Deno.test("resync forgets progress and not data: nothing stored is fetched again", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  assert.equal((await syncOnce(customer)).code, 0);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const projects = mailbox.folderAt(["Projects"]);
  mailbox.renameFolder(projects.id, "Projekte");
  assert.equal((await syncOnce(customer)).code, 0);
  const run = await command(customer, "resync", "--mailbox", ADDRESS, "--folder", "Projekte");
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const before = exchange.ledger.totals();
  assert.equal((await syncOnce(customer)).code, 0);
  const after = exchange.ledger.totals();
  assert.equal(after.mimeServed, before.mimeServed);
  const folders = (await readDelivered(customer.prefix)).map(({ json }) => json.metadata.folder[0]);
  assert.ok(folders.includes("Projekte"), "what was delivered has the folder's new name");
  assert.ok(!folders.includes("Projects"));
});

Deno.test("a mailbox that is not in the config is a usage error with the nearest one", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  for (const name of ["resync", "verify"]) {
    const run = await command(customer, name, "--mailbox", "aa@corp.example");
    assert.equal(run.code, 2, run.stderr);
    assert.match(run.stderr, /a@corp\.example/);
  }
});

Deno.test("an unreadable email is on the record, named by status, and delivered when it is mended", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const [item] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  mailbox.damage(item!.id, { code: "ErrorItemCorrupt", parts: ["properties"] });
  const first = await syncOnce(customer);
  assert.equal(first.code, 1, first.stderr);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS - 1);
  assert.match((await command(customer, "status")).stdout, /ErrorItemCorrupt/);
  assert.equal((await syncOnce(customer)).code, 0, "it is known already");
  mailbox.mend(item!.id);
  assert.equal((await syncOnce(customer, "--retry-skipped")).code, 0);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  assert.doesNotMatch((await command(customer, "status")).stdout, /ErrorItemCorrupt/);
});

Deno.test("of emails whose participants are kept out no content leaves the server", async () => {
  await using exchange = await startSimulatedExchange();
  const mailbox = exchange.addMailbox(ADDRESS);
  spreadCorpus([mailbox], EMAILS);
  const senders = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id)
    .map((item) => participantsOf(item).from?.address?.split("@")[1])
    .filter((domain) => domain !== undefined);
  const keys = {
    bucket: { owner: "owner", name: "bucket" },
    participant_domain_denylist: [senders[0]!.toUpperCase()],
  };
  await using customer = await customerOf(exchange, { mailboxes: { [ADDRESS]: keys } });
  const run = await syncOnce(customer);
  assert.equal(run.code, 0, run.stderr);
  const delivered = await readDelivered(customer.prefix);
  assert.ok(delivered.length > 0 && delivered.length < EMAILS, "some are kept out");
  assert.equal(exchange.ledger.totals().mimeServed, delivered.length);
});
