import assert from "node:assert/strict";
import { LIMITS } from "../../src/core/limits.ts";
import { AzureWitness, breakLeases } from "../e2e/azure_campaign.ts";
import { azureCustomer, run } from "../e2e/azure_customer.ts";
import { hit } from "../e2e/hit.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";

// The emulator takes minutes for the whole corpus, and minutes more to be read.

const KILLS = 12;
/** Emails in work at one time, which is what a kill throws back. */
const IN_WORK = LIMITS.heldMimeBytesTotal / LIMITS.emailBytesMin;

Deno.test("the whole corpus comes into Azure, by id and content, and a second run fetches nothing", async () => {
  const emails = corpusEmails().length;
  await using set = await azureCustomer({}, emails);
  const first = await run(set, "run", "--once");
  assert.equal(first.code, 0, first.stderr);
  await new AzureWitness(set).assertComplete();
  assert.equal(set.exchange.ledger.totals().mimeServed, emails, "each content left once");
  const second = await run(set, "run", "--once");
  assert.equal(second.code, 0, second.stderr);
  assert.equal(set.exchange.ledger.totals().mimeServed, emails);
});

Deno.test("killed twelve times at random, the whole corpus comes into Azure, every email once", async () => {
  const emails = corpusEmails().length;
  await using set = await azureCustomer({}, emails);
  const witness = new AzureWitness(set);
  const entropy = seededEntropy(9);
  for (let kill = 0; kill < KILLS; kill++) {
    const done = set.exchange.ledger.totals().emailsServed;
    const share = (emails - done) / (KILLS - kill);
    const emailsServed = done + share * entropy.next();
    const options = { args: set.args("run"), env: set.env, emailsServed };
    const { ended } = await hit(set.exchange, { ...options, signal: "SIGKILL" });
    assert.equal((await ended).code, 137);
    await breakLeases(set);
    await witness.look();
  }
  const last = await run(set, "run", "--once");
  assert.equal(last.code, 0, last.stderr);
  await witness.assertComplete();
  const { mimeServed } = set.exchange.ledger.totals();
  assert.ok(mimeServed <= emails + KILLS * IN_WORK, `${mimeServed} contents served`);
});
