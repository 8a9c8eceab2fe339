import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { participantsOf } from "../exchange/items.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { type Run, runAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered, readStates, runCommand } from "./customer.ts";

const ADDRESS = "a@corp.example";
const EMAILS = 120;

async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus([exchange.addMailbox(ADDRESS)], EMAILS);
  return exchange;
}

async function syncOnce(customer: Customer, ...options: string[]): Promise<Run> {
  return await runAppliance([...customer.run, "--once", ...options]);
}

Deno.test("resync forgets progress and not data: nothing stored is fetched again", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  assert.equal((await syncOnce(customer)).code, 0);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const projects = mailbox.folderAt(["Projects"]);
  mailbox.renameFolder(projects.id, "Projekte");
  assert.equal((await syncOnce(customer)).code, 0);
  const run = await runCommand(customer, "resync", "--mailbox", ADDRESS, "--folder", "Projekte");
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const before = exchange.ledger.totals();
  assert.equal((await syncOnce(customer)).code, 0);
  const after = exchange.ledger.totals();
  assert.equal(after.mimeServed, before.mimeServed);
  const folders = (await readDelivered(customer.prefix)).map(({ json }) => json.metadata.folder[0]);
  assert.ok(folders.includes("Projekte"), "what was delivered has the folder's new name");
  assert.ok(!folders.includes("Projects"));
});

Deno.test("resync keeps the record of skips: what is known is not called new", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const [dead, spoilt] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  mailbox.damage(dead!.id, { code: "ErrorItemCorrupt", parts: ["properties"] });
  mailbox.damage(spoilt!.id, { code: "ErrorCorruptData" });
  assert.equal((await syncOnce(customer)).code, 1);
  assert.equal((await runCommand(customer, "resync", "--mailbox", ADDRESS)).code, 0);
  const run = await syncOnce(customer);
  assert.equal(run.code, 0, run.stderr);
  mailbox.mend(spoilt!.id);
  assert.equal((await syncOnce(customer, "--retry-skipped")).code, 0);
  const delivered = await readDelivered(customer.prefix);
  assert.equal(delivered.length, EMAILS - 1);
  assert.ok(!delivered.some(({ json }) => json.rebuilt), "the original took its place");
});

Deno.test("a mailbox that is not in the config is a usage error with the nearest one", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  for (const name of ["resync", "verify"]) {
    const run = await runCommand(customer, name, "--mailbox", "aa@corp.example");
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
  assert.match((await runCommand(customer, "status")).stdout, /ErrorItemCorrupt/);
  assert.equal((await syncOnce(customer)).code, 0, "it is known already");
  mailbox.mend(item!.id);
  assert.equal((await syncOnce(customer, "--retry-skipped")).code, 0);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  assert.doesNotMatch((await runCommand(customer, "status")).stdout, /ErrorItemCorrupt/);
});

Deno.test("a rebuilt email that is mended and moved gives its original, and is waited for no more", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const [item] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  mailbox.damage(item!.id, { code: "ErrorCorruptData" });
  assert.equal((await syncOnce(customer)).code, 0);
  const isRebuilt = async () =>
    (await readDelivered(customer.prefix)).some(({ json }) => json.rebuilt);
  assert.ok(await isRebuilt());
  mailbox.mend(item!.id);
  mailbox.move(item!.id, mailbox.distinguishedFolder("junkemail").id);
  assert.equal((await syncOnce(customer)).code, 0);
  assert.ok(!await isRebuilt());
  assert.deepEqual((await readStates(customer.prefix)).flatMap(({ skipped }) => skipped), []);
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
