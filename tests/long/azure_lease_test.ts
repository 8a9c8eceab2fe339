import assert from "node:assert/strict";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { spawnAppliance } from "../e2e/appliance.ts";
import { AzureWitness } from "../e2e/azure_campaign.ts";
import { azureCustomer, contents, EMAILS, expected, run } from "../e2e/azure_customer.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail } from "../exchange/corpus_delivery.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";

// A lease that nobody renews lives for a minute.

Deno.test("killed in mid-sync, the next run waits for the dead one's lease and completes", async () => {
  await using set = await azureCustomer({ poll_frequency: 0.2 });
  const running = spawnAppliance(set.args("run"), set.env);
  await waitUntil(() => set.exchange.ledger.totals().mimeServed >= EMAILS / 3);
  running.kill("SIGKILL");
  assert.equal((await running.ended).code, 137);
  const next = await run(set, "run", "--once");
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual(await contents(set), expected(set));
});

Deno.test("the second instance takes over when the first is killed and its lease has ended", async () => {
  await using set = await azureCustomer({ poll_frequency: 0.2 });
  await using first = spawnAppliance(set.args("run"), set.env);
  await first.logged(({ msg }) => msg === "Folder pass finished.");
  await using second = spawnAppliance(set.args("run"), set.env);
  const line = await second.logged(({ code }) => code === "MailboxLocked");
  assert.match(String(line.hint), /other instance/);
  first.kill("SIGKILL");
  assert.equal((await first.ended).code, 137);
  const witness = new AzureWitness(set);
  await witness.look();

  const { exchange } = set;
  const mailbox = exchange.store.mailbox("a@corp.example")!;
  const [email] = corpusEmails();
  const inbox = mailbox.distinguishedFolder("inbox").id;
  mailbox.deliver(inbox, freshEmail(email!, new Date(), seededEntropy(10)));
  await waitUntil(() => exchange.ledger.totals().emailsServed === EMAILS + 1);
  second.kill("SIGTERM");
  assert.equal((await second.ended).code, 0);
  const next = await run(set, "run", "--once");
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual(await contents(set), expected(set));
  await witness.look();
});
