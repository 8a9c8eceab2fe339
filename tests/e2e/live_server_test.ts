import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail, spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type ExpectedEmail, expectedEmails } from "../exchange/expected_emails.ts";
import type { Item } from "../exchange/items.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { spawnAppliance } from "./appliance.ts";
import {
  type Customer,
  customerOf,
  type DiskEmail,
  readDelivered,
  runCommand,
} from "./customer.ts";

const EMAILS = 900;
/** Contents served when the first half of the changes happens: in the middle of the first sync. */
const DURING = 250;

/** What people do to a mailbox within minutes. */
class Changes {
  readonly #mailbox: SimulatedMailbox;
  readonly #entropy = seededEntropy(7);
  /** Deleted emails: they may be on disk or not. */
  readonly deleted = new Set<string>();
  /**
   * Emails of a folder that got another path: what was delivered keeps the old one, and so does what
   * a round delivers that had listed the folders before.
   */
  readonly pathKept = new Map<string, readonly string[]>();

  constructor(mailbox: SimulatedMailbox) {
    this.#mailbox = mailbox;
  }

  /** Half of everything; `folders` differ, so that each half finds folders that are as they were. */
  happen(folders: { renamed: string[]; moved: string[]; deleted: string[]; created: string[] }) {
    const mailbox = this.#mailbox;
    const inbox = mailbox.distinguishedFolder("inbox").id;
    const renamed = mailbox.folderAt(folders.renamed);
    this.#keepPaths(renamed.id);
    mailbox.renameFolder(renamed.id, "umbenannt");
    const moved = mailbox.folderAt(folders.moved);
    this.#keepPaths(moved.id);
    mailbox.moveFolder(moved.id, mailbox.distinguishedFolder("deleteditems").id);
    const gone = mailbox.folderAt(folders.deleted);
    for (const { searchKey } of this.#below(gone.id)) this.deleted.add(searchKey!);
    mailbox.deleteFolder(gone.id);
    const created = mailbox.createFolder(folders.created);
    const targets = [
      { id: inbox },
      { id: renamed.id, before: folders.renamed },
      { id: moved.id, before: folders.moved },
      { id: created.id },
    ];
    for (let n = 0; n < 25; n++) {
      const email = corpusEmails()[n]!;
      const mime = freshEmail(email, new Date(Date.UTC(2026, 0, 1, 0, n)), this.#entropy);
      const { id, before } = targets[n % targets.length]!;
      const { searchKey } = mailbox.deliver(id, mime);
      if (before) this.pathKept.set(searchKey!, before);
    }
    // The corpus lies years back: what moves is older than everything delivered just now.
    const old = mailbox.itemsOf(inbox).filter(({ receivedAt }) =>
      receivedAt!.getUTCFullYear() < 2003
    );
    for (const [n, item] of old.slice(0, 10).entries()) {
      mailbox.move(item.id, [created.id, mailbox.distinguishedFolder("sentitems").id][n % 2]!);
    }
    for (const item of old.slice(10, 13)) {
      this.deleted.add(item.searchKey!);
      mailbox.delete(item.id);
    }
  }

  #keepPaths(folderId: string): void {
    for (const { id } of [{ id: folderId }, ...this.#mailbox.descendantsOf(folderId)]) {
      const path = this.#mailbox.pathOf(id);
      for (const { searchKey } of this.#mailbox.itemsOf(id)) this.pathKept.set(searchKey!, path);
    }
  }

  #below(folderId: string): readonly Item[] {
    return [{ id: folderId }, ...this.#mailbox.descendantsOf(folderId)]
      .flatMap(({ id }) => this.#mailbox.itemsOf(id));
  }
}

/**
 * Goal: a mailbox that lives while it is synced ends up right on disk, and nothing is fetched twice.
 * Method: half of the changes in the middle of the first sync, half after it; when the next round
 * is over, disk and server are compared, and `verify` has to agree.
 */
Deno.test("what happens to a mailbox during and after the first sync is right on disk", async () => {
  await using exchange = await startSimulatedExchange();
  const mailbox = exchange.addMailbox("a@corp.example");
  spreadCorpus([mailbox], EMAILS);
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  const changes = new Changes(mailbox);

  await using running = spawnAppliance(customer.run);
  await when(exchange, () => exchange.ledger.totals().mimeServed >= DURING);
  changes.happen({
    renamed: ["Projects", "2002", "Q3"],
    moved: ["Kunden Österreich"],
    deleted: ["プロジェクト", "🚀 打ち上げ"],
    created: ["Neu", "2026"],
  });
  await settled(exchange, changes);
  changes.happen({
    renamed: ["プロジェクト"],
    moved: ["..", "AUX"],
    deleted: ["אבג שלום"],
    created: ["Neu", "2027"],
  });
  await settled(exchange, changes);
  running.kill("SIGTERM");
  const run = await running.ended;
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(run.log.filter(({ level }) => level === "error"), []);

  assertOnDisk(await readDelivered(customer.prefix), expectedEmails(exchange.store), changes);
  for (const { searchKey } of exchange.ledger.mimes) {
    assert.equal(exchange.ledger.mimeFetches(mailbox.address, searchKey), 1, "fetched once");
  }
  await assertVerified(customer);
});

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

/** Resolves when everything was served that has to be, and two rounds have begun since. */
async function settled(exchange: SimulatedExchange, { deleted }: Changes): Promise<void> {
  const served = () => new Set(exchange.ledger.mimes.map(({ searchKey }) => searchKey));
  await when(exchange, () => {
    const has = served();
    return expectedEmails(exchange.store)
      .every(({ item }) => has.has(item.searchKey!) || deleted.has(item.searchKey!));
  });
  const rounds = () => exchange.ledger.totals().requestsByOperation.FindFolder ?? 0;
  const before = rounds();
  await when(exchange, () => rounds() >= before + 2);
}

function assertOnDisk(
  delivered: readonly DiskEmail[],
  expected: readonly ExpectedEmail[],
  { deleted, pathKept }: Changes,
): void {
  const disk = Map.groupBy(delivered, ({ json, sha256 }) => {
    assert.equal(json.mime_sha256, sha256);
    return placeOf(json.metadata.received_at!, sha256);
  });
  for (const { folder, item } of expected) {
    const sha256 = createHash("sha256").update(bytesOf(item.mime!)).digest("hex");
    // Answers show whole seconds.
    const receivedAt = item.receivedAt!.toISOString().replace(/\.\d+Z$/, ".000Z");
    const found = disk.get(placeOf(receivedAt, sha256)) ?? [];
    const paths = found.map(({ json }) => JSON.stringify(json.metadata.folder));
    const kept = pathKept.get(item.searchKey!);
    const isRight = paths.includes(JSON.stringify(folder)) ||
      (kept && paths.includes(JSON.stringify(kept)));
    assert.ok(isRight, `${item.subject} is in ${folder}, on disk: ${paths}`);
  }
  assert.ok(delivered.length >= expected.length, "nothing is missing");
  assert.ok(delivered.length <= expected.length + deleted.size, "nothing is there twice");
}

function placeOf(receivedAt: string, sha256: string): string {
  return `${receivedAt} ${sha256}`;
}

async function assertVerified(customer: Customer): Promise<void> {
  const run = await runCommand(customer, "verify");
  assert.equal(run.code, 0, run.stdout + run.stderr);
}
