import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { filesBelow } from "../files_below.ts";
import { runAppliance, spawnAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered, runCommand } from "./customer.ts";

const ADDRESS = "a@corp.example";
const OTHER = "b@corp.example";
const EMAILS = 120;
const HOUR_MS = 3_600_000;

async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus([exchange.addMailbox(ADDRESS)], EMAILS);
  return exchange;
}

interface StatusJson {
  readonly store: string;
  readonly mailboxes: readonly MailboxJson[];
  readonly totals: Readonly<Record<string, number>>;
}

interface MailboxJson {
  readonly mailbox: string;
  readonly begun: boolean;
  readonly condition?: {
    readonly phase: string;
    readonly since: string;
    readonly error?: { readonly code: string; readonly reason: string; readonly hint?: string };
  };
  readonly folders: readonly FolderJson[];
  readonly unreadable_states: readonly string[];
}

interface FolderJson {
  readonly path: readonly string[];
  readonly state: string;
  readonly synced_until?: string;
  readonly last_synced_at?: string;
  readonly backlog: boolean;
  readonly skipped: SkipsJson;
  readonly rebuilt: SkipsJson;
}

interface SkipsJson {
  readonly count: number;
  readonly oldest?: string;
  readonly by_code: Readonly<Record<string, number>>;
  readonly next_retry?: string;
  readonly emails: readonly Readonly<Record<string, unknown>>[];
}

async function statusOf(customer: Customer): Promise<StatusJson> {
  const run = await runCommand(customer, "status", "--json");
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr, "");
  return JSON.parse(run.stdout);
}

Deno.test("status of a destination that never ran says so, and does not make it", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  assert.deepEqual(await statusOf(customer), {
    store: customer.prefix,
    mailboxes: [{ mailbox: ADDRESS, begun: false, folders: [], unreadable_states: [] }],
    totals: {
      mailboxes: 1,
      not_begun: 1,
      with_error: 0,
      folders: 0,
      with_backlog: 0,
      skipped: 0,
      rebuilt: 0,
      unreadable_states: 0,
    },
  });
  const text = await runCommand(customer, "status");
  assert.match(text.stdout, /^a@corp\.example: not begun$/m);
  await assert.rejects(Deno.stat(customer.prefix), Deno.errors.NotFound);
  assert.equal(exchange.connections, 0);
});

Deno.test("every field of status is what the run did", async () => {
  await using exchange = await exchangeWithMail();
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const [dead] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  mailbox.damage(dead!.id, { code: "ErrorItemCorrupt", parts: ["properties"] });
  const missing = { [OTHER]: { bucket: { owner: "owner", name: "bucket" } } };
  const present = { [ADDRESS]: { bucket: { owner: "owner", name: "bucket" } } };
  await using customer = await customerOf(exchange, { mailboxes: { ...present, ...missing } });
  const began = new Date();
  const run = await runAppliance([...customer.run, "--once"]);
  const ended = new Date();
  assert.equal(run.code, 1, run.stderr);

  const { requests } = exchange.ledger.totals();
  const { store, mailboxes: [synced, failed], totals } = await statusOf(customer);
  assert.equal(exchange.ledger.totals().requests, requests, "the server is not asked");
  assert.equal(store, customer.prefix);
  assert.equal(synced!.mailbox, ADDRESS);
  assert.equal(synced!.begun, true);
  assert.equal(synced!.condition!.phase, "stopped");
  assert.equal(synced!.condition!.error, undefined);
  assertWithin(synced!.condition!.since, began, ended);
  assert.deepEqual(synced!.unreadable_states, []);
  for (const folder of synced!.folders) assertUpToDate(exchange, folder, began, ended);
  assert.deepEqual(pathsIn(synced!.folders), pathsToSync(exchange));

  const inbox = synced!.folders.find(({ path }) => path[0] === "Inbox")!;
  const { skipped } = inbox;
  assert.equal(skipped.count, 1);
  assert.deepEqual(skipped.by_code, { ErrorItemCorrupt: 1 });
  const [{ reason, skipped_at, next_retry, ...email } = {}] = skipped.emails;
  assert.deepEqual(email, { item_id: dead!.id, code: "ErrorItemCorrupt", retries: 0 });
  assert.ok(reason, "the reason is told");
  assertWithin(String(skipped_at), began, ended);
  assert.equal(skipped.oldest, skipped_at);
  assert.equal(Date.parse(String(next_retry)) - Date.parse(String(skipped_at)), HOUR_MS);
  assert.equal(skipped.next_retry, next_retry);

  assert.equal(failed!.mailbox, OTHER);
  assert.equal(failed!.condition!.phase, "stopped");
  assert.equal(failed!.condition!.error!.code, "ErrorNonExistentMailbox");
  assert.ok(failed!.condition!.error!.reason);
  assert.ok(failed!.condition!.error!.hint, "what to do is told");
  assert.deepEqual(failed!.folders, []);
  assert.deepEqual(totals, {
    mailboxes: 2,
    not_begun: 0,
    with_error: 1,
    folders: synced!.folders.length,
    with_backlog: 0,
    skipped: 1,
    rebuilt: 0,
    unreadable_states: 0,
  });
});

Deno.test("status counts what was rebuilt apart from what was skipped", async () => {
  await using exchange = await exchangeWithMail();
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const [item] = mailbox.itemsOf(mailbox.distinguishedFolder("inbox").id);
  mailbox.damage(item!.id, { code: "ErrorMimeContentConversionFailed" });
  await using customer = await customerOf(exchange);
  const run = await runAppliance([...customer.run, "--once"]);
  assert.equal(run.code, 0, run.stderr);
  const { mailboxes: [synced], totals } = await statusOf(customer);
  const { rebuilt, skipped } = synced!.folders.find(({ path }) => path[0] === "Inbox")!;
  assert.equal(skipped.count, 0);
  assert.equal(rebuilt.count, 1);
  assert.deepEqual(rebuilt.by_code, { ErrorMimeContentConversionFailed: 1 });
  const [email] = rebuilt.emails;
  assert.equal(email!.item_id, item!.id);
  assert.equal(email!.id, item!.internetMessageId);
  assert.equal(email!.received_at, wholeSeconds(item!.receivedAt!));
  assert.equal(email!.size, item!.sizeBytes);
  assert.ok(email!.next_retry, "the original is waited for");
  assert.deepEqual([totals.skipped, totals.rebuilt], [0, 1]);
});

Deno.test("status of a running instance tells what is behind, and does not disturb it", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, {
    emails_per_folder: 5,
    reinfer_batch_size: 5,
  });
  const [isHeld, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  exchange.intercept = async (request, next) => {
    if (request.operation === "GetItem" && exchange.ledger.totals().mimeServed >= EMAILS / 2) {
      isHeld.resolve();
      await held.promise;
    }
    return next();
  };
  await using running = spawnAppliance(customer.run);
  try {
    await isHeld.promise;
    await assertBehind(customer);
    const done = when(exchange, () => exchange.ledger.totals().mimeServed >= EMAILS);
    held.resolve();
    await done;
  } finally {
    held.resolve();
  }
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  assert.equal(exchange.ledger.totals().mimeServed, EMAILS, "nothing was fetched twice");
});

async function assertBehind(customer: Customer): Promise<void> {
  const { mailboxes: [mailbox], totals } = await statusOf(customer);
  assert.equal(mailbox!.condition!.phase, "syncing");
  const behind = mailbox!.folders.filter(({ backlog }) => backlog);
  assert.ok(behind.length > 0, "half of the mail is still to come");
  assert.equal(totals.with_backlog, behind.length);
  for (const { state } of behind) assert.match(state, /^(first_sight|listing)$/);
  const text = await runCommand(customer, "status");
  assert.match(text.stdout, /backlog: listing older mail/);
}

Deno.test("a state that cannot be read is named by status, which leaves it where it is", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  assert.equal((await runAppliance([...customer.run, "--once"])).code, 0);
  const states = await filesBelow(`${customer.prefix}/state`);
  const path = states.find((name) => /\/folder-[0-9a-f]{32}\.json$/.test(name))!;
  await Deno.writeTextFile(path, "{ half a sta");
  const { mailboxes: [mailbox], totals } = await statusOf(customer);
  assert.equal(mailbox!.unreadable_states.length, 1);
  assert.ok(path.endsWith(mailbox!.unreadable_states[0]!), "it is named");
  assert.equal(totals.unreadable_states, 1);
  assert.deepEqual(await filesBelow(`${customer.prefix}/state`), states);
});

/** Nothing is behind, and what is told of times is true. */
function assertUpToDate(
  exchange: SimulatedExchange,
  folder: FolderJson,
  began: Date,
  ended: Date,
): void {
  const name = folder.path.join("/");
  assert.equal(folder.state, "up_to_date", name);
  assert.equal(folder.backlog, false, name);
  assertWithin(folder.last_synced_at!, began, ended);
  const received = expectedEmails(exchange.store)
    .filter((email) => email.folder.join("/") === name)
    .map(({ item }) => wholeSeconds(item.receivedAt!)).toSorted();
  const latest = received.at(-1);
  if (!latest) return;
  assert.ok(folder.synced_until! >= latest, `${name} is synced until ${folder.synced_until}`);
  assert.ok(new Date(folder.synced_until!) <= ended, name);
}

/** `Date` of the server has whole seconds. */
function assertWithin(time: string, began: Date, ended: Date): void {
  assert.ok(Date.parse(time) >= Math.floor(began.getTime() / 1_000) * 1_000, time);
  assert.ok(Date.parse(time) <= ended.getTime(), time);
}

function pathsIn(folders: readonly FolderJson[]): readonly string[] {
  return folders.map(({ path }) => JSON.stringify(path)).toSorted();
}

/** Every mail folder but drafts, outbox and what else is not synced (spec section 3). */
function pathsToSync(exchange: SimulatedExchange): readonly string[] {
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const root = mailbox.distinguishedFolder("msgfolderroot").id;
  const left = new Set(["Drafts", "Outbox", "Sync Issues", "Unread Mail"]);
  return mailbox.descendantsOf(root)
    .filter(({ folderClass }) => folderClass === "IPF.Note")
    .map(({ id }) => mailbox.pathOf(id))
    .filter(([top]) => !left.has(top!))
    .map((path) => JSON.stringify(path)).toSorted();
}

function wholeSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, ".000Z");
}

/** Resolves at the first request after which `reached` holds. */
async function when(exchange: SimulatedExchange, reached: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  exchange.intercept = (_request, next) => {
    const answer = next();
    if (reached()) resolve();
    return answer;
  };
  await promise;
  exchange.intercept = undefined;
}
