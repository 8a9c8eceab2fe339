import assert from "node:assert/strict";
import { AzureWitness } from "../e2e/azure_campaign.ts";
import { azureCustomerOf, run } from "../e2e/azure_customer.ts";
import { onlineTenant } from "../e2e/online_tenant.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";

// The emulator takes minutes for the whole corpus.

Deno.test("the whole corpus comes over Graph into Azure, by id and content", async () => {
  await using tenant = await onlineTenant(["a@corp.example", "b@corp.example", "c@corp.example"]);
  spreadCorpus(tenant.exchange.store.mailboxes());
  await using customer = await azureCustomerOf(tenant.exchange, tenant.keysOf("graph"));
  const set = { ...customer, env: { ...customer.env, ...tenant.env } };
  const ended = await run(set, "run", "--once");
  assert.equal(ended.code, 0, ended.stderr);
  await new AzureWitness(set).assertComplete();
  assert.equal(tenant.graph.ledger.totals().mimeServed, corpusEmails().length);
});
