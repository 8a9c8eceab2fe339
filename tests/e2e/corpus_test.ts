import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { corpusEmails } from "../exchange/corpus.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type ExpectedEmail, expectedEmails } from "../exchange/expected_emails.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { assertPresentable, runAppliance } from "./appliance.ts";
import { customerOf, type DiskEmail, readDelivered } from "./customer.ts";
import { filesBelow } from "../files_below.ts";

const MAILBOXES = ["anna@corp.example", "ben@corp.example", "team+x@corp.example"];

/**
 * Goal: the main job, as a customer does it. Method: the whole corpus in nested folders of three
 * mailboxes, channel binding required, NTLM over TLS; what lies on disk is compared, byte by byte
 * and place by place, with what the server holds and what its ledger says it served.
 */
Deno.test("the compiled binary syncs the whole corpus, and a second run fetches nothing", async () => {
  await using exchange = await startSimulatedExchange({ channelBinding: "required" });
  spreadCorpus(MAILBOXES.map((address) => exchange.addMailbox(address)));
  await using customer = await customerOf(exchange);

  const first = await runAppliance([...customer.run, "--once"]);
  assert.equal(first.code, 0, first.stderr);
  assertPresentable(first, [exchange.account.password]);
  const delivered = await readDelivered(customer.prefix);
  assert.equal(delivered.length, corpusEmails().length);
  assert.equal(corpusEmails().length, 6_046);
  assertSame(delivered, expectedEmails(exchange.store));

  const totals = exchange.ledger.totals();
  assert.equal(totals.mimeServed, 6_046, "each content left the server once");
  assert.deepEqual(
    delivered.map(({ sha256 }) => sha256).sort(),
    exchange.ledger.mimes.map(({ sha256 }) => sha256).sort(),
    "what the ledger says was served is what lies on disk",
  );
  assert.equal(totals.withoutAnchor, 0, "every impersonating request names its mailbox");
  assert.equal(totals.logonsRefused, 0);

  const states = await filesBelow(`${customer.prefix}/state`);
  const folders = states.filter((path) => /\/folder-[0-9a-f]{32}\.json$/.test(path)).length;
  const second = await runAppliance([...customer.run, "--once"]);
  assert.equal(second.code, 0, second.stderr);
  const again = exchange.ledger.totals();
  assert.equal(again.mimeServed, totals.mimeServed, "no content is fetched again");
  const requests = again.requests - totals.requests;
  assert.ok(requests <= folders + 5, `${requests} requests for ${folders} folders`);
  assert.deepEqual(
    (await filesBelow(customer.prefix)).filter((path) => path.includes(".tmp")),
    [],
    "nothing unfinished is left",
  );
});

function assertSame(delivered: readonly DiskEmail[], expected: readonly ExpectedEmail[]): void {
  const told = delivered.map(({ json, sha256, bytes }) => {
    assert.equal(json.mime_sha256, sha256);
    assert.equal(json.mime_size, bytes);
    return placeOf(json.mailbox, json.metadata.folder, json.metadata.received_at!, sha256);
  });
  const held = expected.map(({ mailbox, folder, item }) => {
    const sha256 = createHash("sha256").update(bytesOf(item.mime!)).digest("hex");
    // Answers show whole seconds.
    const receivedAt = item.receivedAt!.toISOString().replace(/\.\d+Z$/, ".000Z");
    return placeOf(mailbox, folder, receivedAt, sha256);
  });
  assert.deepEqual(told.sort(), held.sort());
}

function placeOf(mailbox: string, folder: readonly string[], received: string, sha256: string) {
  return JSON.stringify([mailbox, folder, received, sha256]);
}
