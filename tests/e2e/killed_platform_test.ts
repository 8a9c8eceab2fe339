import assert from "node:assert/strict";
import { corpusEmails } from "../exchange/corpus.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { hit } from "./hit.ts";
import { PlatformWitness, sentAgain } from "./platform_campaign.ts";
import {
  assertComplete,
  exchangeWithMail,
  expectedRecords,
  platformCustomer,
  runOnce,
  stored,
} from "./platform_customer.ts";

const KILLS = 10;

/**
 * Goal: no moment of dying costs an email, and the times the platform keeps are state enough.
 * Method: the whole corpus, nothing on disk, SIGKILL at random moments; after each death the records
 * are held against what is stored and what was sent again.
 */
Deno.test("killed ten times at random, the whole corpus comes to the platform, each email under its id", async () => {
  const emails = corpusEmails().length;
  await using exchange = await exchangeWithMail(emails);
  await using set = await platformCustomer(exchange);
  const witness = new PlatformWitness(set, exchange);
  const entropy = seededEntropy(5);
  for (let kill = 0; kill < KILLS; kill++) {
    const done = exchange.ledger.totals().emailsServed;
    const share = (emails - done) / (KILLS - kill);
    const emailsServed = done + share * entropy.next();
    const options = { args: set.args("run"), env: set.env, emailsServed };
    const { ended } = await hit(exchange, { ...options, signal: "SIGKILL" });
    assert.equal((await ended).code, 137);
    witness.look();
  }
  const run = await runOnce(set, set.args("run"));
  assert.equal(run.code, 0, run.stderr);
  witness.look();
  const expected = expectedRecords(exchange);
  assert.equal(expected.size, 6_046, "no two emails of the corpus share an id");
  assertComplete(stored(set), expected);
  const again = sentAgain(set);
  assert.ok(again <= emails * 0.3, `${again} emails were sent again`);
});
