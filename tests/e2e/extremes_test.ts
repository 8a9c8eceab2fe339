import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import { type ExpectedEmail, expectedEmails } from "../exchange/expected_emails.ts";
import { fillWithExtremes } from "../exchange/extreme_mailbox.ts";
import type { Item } from "../exchange/items.ts";
import type { MimeSource } from "../exchange/mime_source.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { filesBelow } from "../files_below.ts";
import { assertPresentable, runAppliance } from "./appliance.ts";
import { type Customer, customerOf, type DiskEmail, readDelivered } from "./customer.ts";
import { readStates, runCommand, type SkippedJson } from "./customer.ts";

const ADDRESS = "edge@corp.example";
/** What steers a terminal, or the order in which it shows text; line ends aside. */
const STEERING = /(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;
/** That, and what does not show. */
const UNPRINTABLE = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u;
/** Where everything of the mailbox lies, and nothing else. */
const OURS =
  /^mail\/(data\/owner\/bucket\/edge@corp\.example\/\d{4}\/\d\d\/\d\d\/[0-9a-f]{32}\.(eml|json)|state\/owner\/bucket\/edge@corp\.example\/(folder-[0-9a-f]{32}\.json|mailbox\.json|lock))$/;

/**
 * Goal: nothing a sender or a mailbox's owner can make up is lost, changed, or leaves its place.
 * Method: every extreme email and folder, synced by the binary; the files are compared with what the
 * model holds, by rules written here from the spec. Exchange gives no content for the email of 0
 * bytes: it must be rebuilt and marked, or on the record of skips.
 */
Deno.test("every extreme email and folder is on disk as it is, once, and nothing is beside it", async () => {
  await using exchange = await startSimulatedExchange();
  fillWithExtremes(exchange.addMailbox(ADDRESS));
  const expected = expectedEmails(exchange.store);
  const [empty, ...others] = expected.toSorted((a, b) => bytesIn(a) - bytesIn(b));
  assert.equal(bytesIn(empty!), 0);
  await using customer = await customerOf(exchange);

  const first = await runAppliance([...customer.run, "--once"]);
  assertPresentable(first, [exchange.account.password]);
  const delivered = await readDelivered(customer.prefix);
  const record = (await readStates(customer.prefix)).flatMap(({ skipped }) => skipped);
  const isRebuilt = assertOnRecord(empty!.item, record);
  assert.equal(first.code, isRebuilt ? 0 : 1, first.stderr);
  assert.equal(delivered.length, others.length + (isRebuilt ? 1 : 0));
  for (const email of others) assertAsItIs(customer, delivered, email);
  if (isRebuilt) assertMarked(delivered, empty!);
  await assertInPlace(customer);

  const served = exchange.ledger.mimes.filter(({ bytes }) => bytes > 0);
  assert.equal(served.length, others.length, "each content left the server once");
  const asked = exchange.ledger.mimes.length;
  const second = await runAppliance([...customer.run, "--once"]);
  assert.equal(second.code, 0, second.stderr);
  assert.equal(exchange.ledger.mimes.length, asked, "no content is fetched again");
  assert.deepEqual(await readDelivered(customer.prefix), delivered);
  await assertAgreed(exchange, customer, isRebuilt);
  await assertResynced(exchange, customer);
});

/** The email is the only one on the record; whether it was rebuilt. */
function assertOnRecord(item: Item, record: readonly SkippedJson[]): boolean {
  assert.deepEqual(record.map(({ item_id }) => item_id), [item.id]);
  return record[0]!.rebuilt ?? false;
}

function assertAsItIs(
  { prefix }: Customer,
  delivered: readonly DiskEmail[],
  { folder, item }: ExpectedEmail,
): void {
  const id = idOf(item);
  const key = sha256Of(`${id}\n${item.searchKey}`).slice(0, 32);
  const timestamp = wholeSeconds(item.sentAt ?? item.receivedAt ?? item.createdAt)!;
  const day = timestamp.slice(0, 10).replaceAll("-", "/");
  const path = join(prefix, "data/owner/bucket", ADDRESS, day, `${key}.json`);
  const email = delivered.find((candidate) => candidate.path === path);
  assert.ok(email, `${item.subject} is at ${path}`);
  const { json, sha256, bytes } = email;
  const told = {
    id: json.id,
    mailbox: json.mailbox,
    timestamp: json.timestamp,
    folder: json.metadata.folder,
    received_at: json.metadata.received_at,
    size: json.metadata.size,
    mime: [json.mime_size, json.mime_sha256, bytes, sha256],
    rebuilt: json.rebuilt,
  };
  const mimeDigest = digestOf(item.mime!);
  assert.deepEqual(told, {
    id,
    mailbox: ADDRESS,
    timestamp,
    folder,
    received_at: wholeSeconds(item.receivedAt),
    size: item.sizeBytes,
    mime: [item.mime!.sizeBytes, mimeDigest, item.mime!.sizeBytes, mimeDigest],
    rebuilt: undefined,
  }, item.subject);
  if (item.attachments) assertAttachments(json.attachments, item.attachments);
}

function assertAttachments(
  told: readonly unknown[],
  held: NonNullable<Item["attachments"]>,
): void {
  assert.deepEqual(
    told,
    held.map(({ name, sizeBytes, contentType, inline }) => ({
      name,
      size: sizeBytes,
      content_type: contentType,
      inline,
    })),
  );
}

/** What was rebuilt says so, to programs and to people. */
function assertMarked(delivered: readonly DiskEmail[], { folder, item }: ExpectedEmail): void {
  const email = delivered.find(({ json }) => json.id === idOf(item));
  assert.ok(email);
  assert.equal(email.json.rebuilt, true);
  assert.deepEqual(email.json.metadata.folder, folder);
  const mime = Deno.readTextFileSync(email.path.replace(/\.json$/, ".eml"));
  assert.match(mime, /^X-Reinfer-Ews-Rebuilt: 1\r$/m);
}

async function assertInPlace({ folder }: Customer): Promise<void> {
  const files = (await filesBelow(folder)).map((path) => relative(folder, path));
  assert.deepEqual(files.filter((path) => !OURS.test(path)), ["ca.pem", "config.json"]);
}

/** `verify` and `status` agree with the disk, and no name steers the terminal they are read on. */
async function assertAgreed(
  exchange: SimulatedExchange,
  customer: Customer,
  isRebuilt: boolean,
): Promise<void> {
  const served = exchange.ledger.mimes.length;
  const verified = await runCommand(customer, "verify");
  assert.equal(verified.code, isRebuilt ? 0 : 1, verified.stdout);
  assert.match(verified.stdout, isRebuilt ? / 0 missing, 0 skipped\n/ : / 0 missing, 1 skipped\n/);
  assert.equal(exchange.ledger.mimes.length, served, "verify fetches no content");
  const status = await runCommand(customer, "status");
  assert.equal(status.code, 0, status.stderr);
  for (const { stdout } of [verified, status]) {
    assert.ok(stdout.includes("\\u202egnp.eciovni"), "the name is shown, made harmless");
    assert.doesNotMatch(stdout, UNPRINTABLE);
  }
}

/**
 * A mailbox that is listed again fetches nothing of what is stored, but at most what has no
 * Message-ID property: whether that is stored only its content could tell.
 */
async function assertResynced(exchange: SimulatedExchange, customer: Customer): Promise<void> {
  const before = await readDelivered(customer.prefix);
  const asked = exchange.ledger.mimes.length;
  assert.equal((await runCommand(customer, "resync", "--mailbox", ADDRESS)).code, 0);
  const asText = customer.run.map((argument) => argument === "json" ? "text" : argument);
  const run = await runAppliance([...asText, "--once"]);
  assert.equal(run.code, 0, run.stderr);
  assert.ok(run.stderr.includes("gnp.eciovni"), "every folder has a line");
  assert.doesNotMatch(run.stderr, STEERING);
  assert.deepEqual(await readDelivered(customer.prefix), before, "the files are as they were");
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const again = exchange.ledger.mimes.slice(asked)
    .map(({ itemId }) => mailbox.item(itemId)!)
    .filter(({ mime }) => mime!.sizeBytes > 0);
  assert.deepEqual(again.filter(({ internetMessageId }) => internetMessageId), []);
}

/** Spec section 3, "Email id": no extreme email has a Message-ID in its MIME content alone. */
function idOf({ internetMessageId, searchKey }: Item): string {
  const id = internetMessageId?.trim() ?? "";
  const isUsable = id.length > 0 && id.length <= 512 && !/\p{Cc}/u.test(id);
  return isUsable ? id : `<${sha256Of(Uint8Array.fromHex(searchKey))}@${ADDRESS}>`;
}

/** Answers show whole seconds. */
function wholeSeconds(time: Date | undefined): string | undefined {
  return time?.toISOString().replace(/\.\d+Z$/, ".000Z");
}

function bytesIn({ item }: ExpectedEmail): number {
  return item.mime!.sizeBytes;
}

function digestOf(mime: MimeSource): string {
  const hash = createHash("sha256");
  for (const chunk of mime.chunks()) hash.update(chunk);
  return hash.digest("hex");
}

function sha256Of(value: string | Uint8Array): string {
  return createHash("sha256").update(value).digest("hex");
}
