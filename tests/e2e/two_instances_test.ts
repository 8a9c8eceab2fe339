import assert from "node:assert/strict";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail, spreadCorpus } from "../exchange/corpus_delivery.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { spawnAppliance } from "./appliance.ts";
import { customerOf, readDelivered, readProgress } from "./customer.ts";
import { expectedMail, untilByFolder } from "./expected_mail.ts";

/**
 * Goal: a second instance does no harm, and is worth having. Method: it is started while the first is
 * at work, which is then killed; new mail shows that the second has taken over. It asks for the lock
 * after half a minute. Azure, whose locks outlive their holder, and the platform are in tests/long.
 */
Deno.test("the second instance stands back with a clear message, and takes over when the first is killed", async () => {
  await using exchange = await startSimulatedExchange({ latencyMs: 20 });
  const mailbox = exchange.addMailbox("a@corp.example");
  spreadCorpus([mailbox], 200);
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  await using first = spawnAppliance(customer.run);
  await first.logged(({ msg }) => msg === "Folder pass finished.");
  await using second = spawnAppliance(customer.run);
  const line = await second.logged(({ code }) => code === "MailboxLocked");
  assert.match(String(line.hint), /other instance/);
  first.kill("SIGKILL");
  assert.equal((await first.ended).code, 137);
  const before = untilByFolder(await readProgress(customer.prefix));

  const [email] = corpusEmails();
  const inbox = mailbox.distinguishedFolder("inbox").id;
  mailbox.deliver(inbox, freshEmail(email!, new Date(), seededEntropy(7)));
  const expected = expectedMail(exchange);
  await waitUntil(() => exchange.ledger.totals().emailsServed === expected.length);
  second.kill("SIGTERM");
  assert.equal((await second.ended).code, 0);
  const delivered = await readDelivered(customer.prefix);
  assert.deepEqual(
    delivered.map(({ json, sha256 }) => `${json.id} ${sha256}`).sort(),
    expected.map(({ id, sha256 }) => `${id} ${sha256}`).sort(),
  );
  const after = untilByFolder(await readProgress(customer.prefix));
  for (const [folder, until] of before) {
    assert.ok(after.get(folder)! >= until, `${folder} was written backwards`);
  }
});
