import assert from "node:assert/strict";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { spawnAppliance } from "../e2e/appliance.ts";
import { untilByFolder } from "../e2e/expected_mail.ts";
import {
  assertComplete,
  exchangeWithMail,
  expectedRecords,
  platformCustomer,
  progressOf,
  runOnce,
  stored,
} from "../e2e/platform_customer.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail } from "../exchange/corpus_delivery.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";

// These take minutes: an outage counts as one after a minute of retries, and whoever else writes the
// states of a mailbox is looked for once a minute.

Deno.test("while the platform is out of order nothing is fetched, and afterwards everything arrives", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await platformCustomer(exchange, { poll_frequency: 0.2 });
  const { platform } = set;
  await using running = spawnAppliance(set.withState("run"), set.env);
  await waitUntil(() => stored(set).length >= 100);
  platform.intercept = () => ({ kind: "status", status: 503 });
  await running.logged(({ msg }) => msg === "Destination does not work; every mailbox waits.");
  const served = exchange.ledger.totals().mimeServed;
  await running.logged(({ msg, delayMs }) =>
    msg === "Destination does not work; every mailbox waits." && Number(delayMs) > 2_000
  );
  assert.equal(exchange.ledger.totals().mimeServed, served, "nothing is fetched in vain");
  platform.intercept = undefined;
  await waitUntil(() => stored(set).length === expectedRecords(exchange).size);
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
  assertComplete(stored(set), expectedRecords(exchange));
});

Deno.test("two instances on one mailbox notice each other; nothing is lost or written backwards, and one goes on alone", async () => {
  await using exchange = await exchangeWithMail(60);
  await using set = await platformCustomer(exchange, { poll_frequency: 0.2 });
  await using one = spawnAppliance(set.args("run"), set.env);
  await using other = spawnAppliance(set.args("run"), set.env);
  const isNoticed = ({ level, msg }: { level: string; msg: string }) =>
    level === "warn" && msg.startsWith("Another instance writes the sync states");
  await Promise.all([one.logged(isNoticed), other.logged(isNoticed)]);
  const first = expectedRecords(exchange).size;
  await waitUntil(() => stored(set).length === first);
  // From now on both know, and neither writes a record backwards.
  let before = untilByFolder(progressOf(set));
  set.platform.intercept = () => {
    const after = untilByFolder(progressOf(set));
    for (const [folder, until] of before) {
      assert.ok(after.get(folder)! >= until, `${folder} was written backwards`);
    }
    before = after;
    return undefined;
  };
  one.kill("SIGKILL");
  assert.equal((await one.ended).code, 137);
  const mailbox = exchange.store.mailbox("a@corp.example")!;
  const [email] = corpusEmails();
  const inbox = mailbox.distinguishedFolder("inbox").id;
  mailbox.deliver(inbox, freshEmail(email!, new Date(), seededEntropy(11)));
  await waitUntil(() => stored(set).length === first + 1);
  other.kill("SIGTERM");
  assert.equal((await other.ended).code, 0);
  assertComplete(stored(set), expectedRecords(exchange));
});

Deno.test("the whole corpus comes to the platform", async () => {
  await using exchange = await exchangeWithMail(6_046);
  await using set = await platformCustomer(exchange);
  const run = await runOnce(set, set.args("run"));
  assert.equal(run.code, 0, run.stderr);
  assertComplete(stored(set), expectedRecords(exchange));
});
