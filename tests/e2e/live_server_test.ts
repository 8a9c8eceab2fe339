import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type ExpectedEmail, expectedEmails } from "../exchange/expected_emails.ts";
import type { MailboxStore } from "../exchange/mailbox_store.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { runAppliance, spawnAppliance } from "./appliance.ts";
import { type Customer, type DiskEmail, readDelivered } from "./customer.ts";
import type { MailServer } from "./hit.ts";
import { MailboxChanges } from "./mailbox_changes.ts";
import { type OnlineTenant, onlineTenant } from "./online_tenant.ts";

const EMAILS = 900;
/** Contents served when the first half of the changes happens: in the middle of the first sync. */
const DURING = 250;

/**
 * Goal: a mailbox that lives while it is synced ends up right on disk, and nothing is fetched twice.
 * Method: half of the changes in the middle of the first sync, half after it; when the next round
 * is over, disk and server are compared, and `verify` has to agree.
 */
for (const api of ["ews", "graph"] as const) {
  Deno.test(`what happens to a mailbox during and after the first sync over ${api} is right on disk`, async () => {
    await using tenant = await onlineTenant(["a@corp.example"]);
    await checkLife(tenant, api);
  });
}

async function checkLife(tenant: OnlineTenant, api: "ews" | "graph"): Promise<void> {
  const { store } = tenant.exchange;
  const server = { ews: tenant.exchange, graph: tenant.graph }[api];
  const mailbox = store.mailbox("a@corp.example")!;
  spreadCorpus([mailbox], EMAILS);
  await using customer = await tenant.customer(api, { poll_frequency: 0.2 });
  const changes = new MailboxChanges(mailbox);

  await using running = spawnAppliance(customer.run, tenant.env);
  await when(server, () => server.ledger.totals().mimeServed >= DURING);
  changes.happen({
    renamed: ["Projects", "2002", "Q3"],
    moved: ["Kunden Österreich"],
    deleted: ["プロジェクト", "🚀 打ち上げ"],
    created: ["Neu", "2026"],
  });
  await settled({ server, store }, changes);
  changes.happen({
    renamed: ["プロジェクト"],
    moved: ["..", "AUX"],
    deleted: ["אבג שלום"],
    created: ["Neu", "2027"],
  });
  await settled({ server, store }, changes);
  running.kill("SIGTERM");
  const run = await running.ended;
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(run.log.filter(({ level }) => level === "error"), []);

  assertOnDisk(await readDelivered(customer.prefix), expectedEmails(store), changes);
  for (const { searchKey } of server.ledger.mimes) {
    assert.equal(server.ledger.mimeFetches(mailbox.address, searchKey), 1, "fetched once");
  }
  await assertVerified(tenant, customer);
}

/** Resolves at the first request after which `reached` holds. */
async function when(server: MailServer, reached: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.intercept = (_request, next) => {
    const answer = next();
    if (reached()) resolve();
    return answer;
  };
  await promise;
  server.intercept = undefined;
}

/** Resolves when everything was served that has to be, and two rounds have begun since. */
async function settled(
  { server, store }: { readonly server: MailServer; readonly store: MailboxStore },
  { deleted }: MailboxChanges,
): Promise<void> {
  const served = () => new Set(server.ledger.mimes.map(({ searchKey }) => searchKey));
  await when(server, () => {
    const has = served();
    return expectedEmails(store)
      .every(({ item }) => has.has(item.searchKey!) || deleted.has(item.searchKey!));
  });
  const rounds = () => {
    const { FindFolder = 0, listMailFolders = 0 } = server.ledger.totals().requestsByOperation;
    return FindFolder + listMailFolders;
  };
  const before = rounds();
  await when(server, () => rounds() >= before + 2);
}

function assertOnDisk(
  delivered: readonly DiskEmail[],
  expected: readonly ExpectedEmail[],
  { deleted, pathKept }: MailboxChanges,
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

async function assertVerified({ env }: OnlineTenant, customer: Customer): Promise<void> {
  const { configFile, prefix } = customer;
  const places = ["--config", configFile, "--local-files-prefix", prefix];
  const run = await runAppliance(["verify", ...places], env);
  assert.equal(run.code, 0, run.stdout + run.stderr);
}
