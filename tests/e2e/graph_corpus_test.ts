import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { relative } from "node:path";
import { filesBelow } from "../files_below.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { assertPresentable, runAppliance } from "./appliance.ts";
import type { Customer } from "./customer.ts";
import { type OnlineTenant, onlineTenant } from "./online_tenant.ts";
import {
  assertComplete,
  expectedRecords,
  platformCustomer,
  runOnce,
  stored,
} from "./platform_customer.ts";

const MAILBOXES = ["anna@corp.example", "ben@corp.example", "team+x@corp.example"];

/** Runs one pass and looks for secrets in what was said. */
async function once(tenant: OnlineTenant, { run }: Customer): Promise<void> {
  const ended = await runAppliance([...run, "--once"], tenant.env);
  assertPresentable(ended, tenant.secrets);
  assert.equal(ended.code, 0, ended.stderr);
}

/** Everything below `data`: records as they are, contents by their hash. */
async function dataOf({ prefix }: Customer): Promise<ReadonlyMap<string, string>> {
  const files = await filesBelow(`${prefix}/data`);
  const told = await Promise.all(files.map(async (path) => {
    const bytes = await Deno.readFile(path);
    const what = path.endsWith(".json")
      ? new TextDecoder().decode(bytes)
      : createHash("sha256").update(bytes).digest("hex");
    return [relative(prefix, path), what] as const;
  }));
  return new Map(told.sort());
}

/**
 * Goal: who changes over to Graph has the very same files. Method: the whole corpus, read over EWS
 * and over Graph from the same mailboxes; every file is compared, records to the letter.
 */
Deno.test("the whole corpus over Graph is file for file what it is over EWS", async () => {
  await using tenant = await onlineTenant(MAILBOXES);
  spreadCorpus(tenant.exchange.store.mailboxes());
  await using overEws = await tenant.customer("ews");
  await using overGraph = await tenant.customer("graph");
  await once(tenant, overEws);
  await once(tenant, overGraph);
  const data = await dataOf(overGraph);
  assert.equal(data.size, 2 * corpusEmails().length);
  assert.deepEqual(data, await dataOf(overEws));

  const { mimeServed, throttled } = tenant.graph.ledger.totals();
  assert.equal(mimeServed, 6_046, "each content left Graph once");
  assert.equal(throttled, 0, "no limit was ever met");
  for (const address of MAILBOXES) assert.ok(tenant.graph.limits.peakOf(address) <= 4);

  await once(tenant, overGraph);
  assert.equal(tenant.graph.ledger.totals().mimeServed, 6_046, "no content is fetched again");
});

Deno.test("the whole corpus comes over Graph to the platform, each email under its id", async () => {
  await using tenant = await onlineTenant(MAILBOXES);
  spreadCorpus(tenant.exchange.store.mailboxes());
  await using customer = await platformCustomer(tenant.exchange, tenant.keysOf("graph"));
  const set = { ...customer, env: { ...customer.env, ...tenant.env } };
  const run = await runOnce(set, set.withState("run"));
  assert.equal(run.code, 0, run.stderr);
  const expected = expectedRecords(tenant.exchange);
  assert.equal(expected.size, 6_046);
  assertComplete(stored(set), expected);
  assert.equal(tenant.graph.ledger.totals().throttled, 0);
});
