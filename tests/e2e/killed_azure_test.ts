import assert from "node:assert/strict";
import { LIMITS } from "../../src/core/limits.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { AzureWitness, breakLeases } from "./azure_campaign.ts";
import { azureCustomer, run } from "./azure_customer.ts";
import { hit } from "./hit.ts";

const EMAILS = 300;
const KILLS = 4;
/** Emails in work at one time, which is what a kill throws back. */
const IN_WORK = LIMITS.heldMimeBytesTotal / LIMITS.emailBytesMin;

/**
 * Goal: no moment of dying costs an email or leaves half of one. Method: SIGKILL at random moments;
 * after each death the blobs are read and the states held against them. The whole corpus is in
 * tests/long: the emulator needs minutes for it.
 */
Deno.test("killed four times at random, mail comes into Azure, every email once and whole", async () => {
  await using set = await azureCustomer({}, EMAILS);
  const witness = new AzureWitness(set);
  const entropy = seededEntropy(6);
  for (let kill = 0; kill < KILLS; kill++) {
    const done = set.exchange.ledger.totals().emailsServed;
    const share = (EMAILS - done) / (KILLS - kill);
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
  assert.ok(mimeServed <= EMAILS + KILLS * IN_WORK, `${mimeServed} contents served`);
});
