import assert from "node:assert/strict";
import { join } from "node:path";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import type { Item } from "../exchange/items.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { filesBelow } from "../files_below.ts";
import {
  assertPresentable,
  type LogLine,
  onlyError,
  type Run,
  runAppliance,
  type RunningAppliance,
  spawnAppliance,
} from "./appliance.ts";
import { type Customer, customerOf, readDelivered, readStates } from "./customer.ts";
import { readOnlyView, remount, SMALL_DISKS, smallDisk } from "./small_disk.ts";
import { MAY_BE_SOMEBODY_ELSE, somebodyElse } from "./somebody_else.ts";

/*
 * Spec section 7: a destination that fails as a whole while the appliance runs pauses every mailbox;
 * the process does not end, goes on by itself, and nothing is lost.
 */

async function exchangeWithMail(emails = 60): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus(["a", "b"].map((name) => exchange.addMailbox(`${name}@corp.example`)), emails);
  return exchange;
}

const isPause = ({ msg }: LogLine) => msg === "Destination does not work; every mailbox waits.";
const isResumption = ({ msg }: LogLine) => msg === "Destination works again.";

/** The first line that says that all mailboxes wait, and why. */
async function pauseOf(running: RunningAppliance): Promise<LogLine> {
  const line = await running.logged(isPause);
  assert.equal(line.level, "error");
  assert.ok(line.hint, "the line says what to do");
  return line;
}

/** New mail in the inbox of the first mailbox. */
function deliver({ store }: SimulatedExchange): Item {
  const [mailbox] = store.mailboxes();
  const inbox = mailbox!.distinguishedFolder("inbox").id;
  const [item] = mailbox!.itemsOf(inbox);
  return mailbox!.deliver(inbox, item!.mime);
}

/** Mail comes and is fetched; resolves at the first request after that. */
async function goesOn(exchange: SimulatedExchange): Promise<void> {
  const [mailbox] = exchange.store.mailboxes();
  const { searchKey } = deliver(exchange);
  const { promise, resolve } = Promise.withResolvers<void>();
  exchange.intercept = (_request, next) => {
    if (exchange.ledger.mimeFetches(mailbox!.address, searchKey) > 0) resolve();
    return next();
  };
  await promise;
}

/** Stops it, and lets another run finish what was in work: everything is there, whole, once. */
async function assertCompletes(
  exchange: SimulatedExchange,
  customer: Customer,
  running: RunningAppliance,
): Promise<Run> {
  running.kill("SIGTERM");
  const run = await running.ended;
  assert.equal(run.code, 0, run.stderr);
  assertPresentable(run, [exchange.account.password]);
  assert.deepEqual(
    run.log.filter(({ msg }) => msg === "Email skipped."),
    [],
    "no email is at fault",
  );
  const last = await runAppliance([...customer.run, "--once"]);
  assert.equal(last.code, 0, last.stderr);
  const delivered = await readDelivered(customer.prefix);
  assert.equal(delivered.length, expectedEmails(exchange.store).length);
  for (const { json, sha256 } of delivered) assert.equal(sha256, json.mime_sha256);
  const states = await readStates(customer.prefix);
  assert.deepEqual(states.flatMap(({ skipped }) => skipped), []);
  const files = await filesBelow(customer.prefix);
  assert.deepEqual(files.filter((path) => /\.tmp|\.probe/.test(path)), [], "nothing half-written");
  return run;
}

Deno.test("a disk that fills pauses everything, which goes on by itself when there is room", {
  ignore: !SMALL_DISKS,
}, async () => {
  await using exchange = await exchangeWithMail(400);
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  await using _disk = await smallDisk(customer.prefix, { bytes: 2 * 1024 * 1024 });
  await using running = spawnAppliance(customer.run);
  const line = await pauseOf(running);
  assert.equal(line.code, "DiskFull");
  assert.ok(String(line.hint).includes(customer.prefix), "the hint names the place");
  await remount(customer.prefix, "size=64m");
  await running.logged(isResumption);
  await goesOn(exchange);
  await assertCompletes(exchange, customer, running);
});

Deno.test("a place that becomes read-only pauses everything until it can be written again", {
  ignore: !SMALL_DISKS,
}, async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  await using running = spawnAppliance(customer.run);
  await running.logged(({ msg }) => msg === "Folder pass finished.");
  {
    await using _view = await readOnlyView(customer.prefix);
    deliver(exchange);
    assert.equal((await pauseOf(running)).code, "ReadOnlyTarget");
  }
  await running.logged(isResumption);
  await goesOn(exchange);
  await assertCompletes(exchange, customer, running);
});

Deno.test("rights that are taken away pause everything until they are given back", {
  ignore: !MAY_BE_SOMEBODY_ELSE,
}, async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  const { giveTo, takeFrom, run } = somebodyElse(customer.folder);
  await giveTo();
  await using running = spawnAppliance(customer.run, {}, run);
  await running.logged(({ msg }) => msg === "Folder pass finished.");
  await takeFrom(customer.prefix);
  deliver(exchange);
  const line = await pauseOf(running);
  assert.equal(line.code, "TargetNotWritable");
  assert.match(String(line.hint), /Give the user this program runs as/);
  await giveTo();
  await running.logged(isResumption);
  await goesOn(exchange);
  await assertCompletes(exchange, customer, running);
});

/** Paths of all states of a customer. */
async function statePaths({ prefix }: Customer): Promise<readonly string[]> {
  return (await filesBelow(join(prefix, "state")))
    .filter((path) => /\/folder-[0-9a-f]{32}\.json$/.test(path));
}

Deno.test("states that are cut or garbage are kept aside and reported; nothing is fetched again", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const once = async () => {
    const run = await runAppliance([...customer.run, "--once"]);
    assert.equal(run.code, 0, run.stderr);
    return run;
  };
  await once();
  const before = await readDelivered(customer.prefix);
  const { mimeServed } = exchange.ledger.totals();
  const paths = await statePaths(customer);
  const damages: readonly ((whole: string) => string)[] = [
    () => "",
    (whole) => whole.slice(0, whole.length / 2),
    () => "\0".repeat(4_096),
    (whole) => whole.replace('"version": 1', '"version": 0'),
    (whole) => whole.replace('"token": "', '"token": "\ufffe\u0000'),
  ];
  for (const [number, path] of paths.entries()) {
    const damage = damages[number % damages.length]!;
    await Deno.writeTextFile(path, damage(await Deno.readTextFile(path)));
  }
  const run = await once();
  const warned = run.log.filter(({ level, file }) => level === "warn" && file !== undefined);
  assert.equal(warned.length, paths.length, "each of them is reported");
  const files = await filesBelow(join(customer.prefix, "state"));
  for (const { file } of warned) {
    assert.ok(files.includes(join(customer.prefix, String(file))), `${file} is kept aside`);
  }
  assert.deepEqual((await statePaths(customer)).toSorted(), paths.toSorted(), "each is there anew");
  assert.equal(exchange.ledger.totals().mimeServed, mimeServed, "what is stored is recognised");
  assert.deepEqual(await readDelivered(customer.prefix), before);
});

Deno.test("a state of a later version ends the process, which names that version", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  assert.equal((await runAppliance([...customer.run, "--once"])).code, 0);
  const [path] = await statePaths(customer);
  const later = JSON.stringify({ version: 2, written_by: "reinfer-ews 9.1.0", phase: "resting" });
  await Deno.writeTextFile(path!, later);
  for (const options of [["--once"], []]) {
    const run = await runAppliance([...customer.run, ...options]);
    assert.equal(run.code, 2, run.stderr);
    const line = onlyError(run);
    assert.equal(line.code, "StateFormatNewer");
    assert.match(String(line.reason), /format 2, written by "reinfer-ews 9\.1\.0"/);
    assert.equal(await Deno.readTextFile(path!), later, "it is left as it is");
  }
});
