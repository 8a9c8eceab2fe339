import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { faultedGraphAnswer } from "../graph/faulted_graph_answer.ts";
import { type GraphFault, graphFaultNamed } from "../graph/graph_faults.ts";
import { filesBelow } from "../files_below.ts";
import { assertPresentable, runAppliance } from "./appliance.ts";
import { readProgress, toldMail } from "./customer.ts";
import { assertStatesBehind, expectedMail, toldOf } from "./expected_mail.ts";
import { hit } from "./hit.ts";
import { type OnlineTenant, onlineTenant } from "./online_tenant.ts";
import { PlatformWitness, sentAgain } from "./platform_campaign.ts";
import {
  assertComplete,
  expectedRecords,
  platformCustomer,
  runOnce,
  stored,
} from "./platform_customer.ts";

const MAILBOXES = ["anna@corp.example", "ben@corp.example"];
const EMAILS = 3_000;
const KILLS = 10;

async function tenantWithMail(emails: number): Promise<OnlineTenant> {
  const tenant = await onlineTenant(MAILBOXES);
  spreadCorpus(tenant.exchange.store.mailboxes(), emails);
  return tenant;
}

Deno.test("killed ten times at random, a first sync over Graph completes, every email once and whole", async () => {
  await using tenant = await tenantWithMail(EMAILS);
  await using customer = await tenant.customer("graph");
  const { ledger } = tenant.graph;
  const expected = expectedMail(tenant.exchange);
  const entropy = seededEntropy(21);
  for (let kill = 0; kill < KILLS; kill++) {
    const done = ledger.totals().emailsServed;
    const emailsServed = done + (EMAILS - done) / (KILLS - kill) * entropy.next();
    const options = { args: customer.run, env: tenant.env, emailsServed };
    const { ended } = await hit(tenant.graph, { ...options, signal: "SIGKILL" });
    assert.equal((await ended).code, 137);
    const there = new Set(await toldMail(customer));
    const progress = await readProgress(customer.prefix);
    assertStatesBehind(progress, expected, (email) => there.has(toldOf(email)));
  }
  const run = await runAppliance([...customer.run, "--once"], tenant.env);
  assertPresentable(run, tenant.secrets);
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual([...await toldMail(customer)].sort(), expected.map(toldOf).sort());
  const litter = (await filesBelow(customer.prefix)).filter((path) => path.includes(".tmp"));
  assert.deepEqual(litter, []);
  const { mimeServed, throttled } = ledger.totals();
  assert.ok(mimeServed <= EMAILS * 1.3, `${mimeServed} contents served for ${EMAILS} emails`);
  assert.equal(throttled, 0, "no limit was met, though each life knew nothing of the one before");
});

Deno.test("killed five times at random, mail comes over Graph to the platform with nothing on disk", async () => {
  const emails = 1_500;
  await using tenant = await tenantWithMail(emails);
  await using customer = await platformCustomer(tenant.exchange, tenant.keysOf("graph"));
  const set = { ...customer, env: { ...customer.env, ...tenant.env } };
  const witness = new PlatformWitness(set, tenant.exchange);
  const entropy = seededEntropy(22);
  for (let kill = 0; kill < 5; kill++) {
    const done = tenant.graph.ledger.totals().emailsServed;
    const emailsServed = done + (emails - done) / (5 - kill) * entropy.next();
    const options = { args: set.args("run"), env: set.env, emailsServed };
    const { ended } = await hit(tenant.graph, { ...options, signal: "SIGKILL" });
    assert.equal((await ended).code, 137);
    witness.look();
  }
  const run = await runOnce(set, set.args("run"));
  assert.equal(run.code, 0, run.stderr);
  witness.look();
  assertComplete(stored(set), expectedRecords(tenant.exchange));
  assert.ok(sentAgain(set) <= emails * 0.3, `${sentAgain(set)} emails were sent again`);
});

/** Ways of failing that pass, and that a client could take for something else. */
const PASSING = [
  "connection cut before",
  "connection cut after",
  "connection cut within",
  "half of the answer",
  "HTTP 200 with a page",
  "HTTP 200 with nothing",
  "HTTP 502 with a page",
  "500 InternalServerError",
  "429 ApplicationThrottled",
  "503 ErrorServerBusy",
  "504 UnknownError",
].map(graphFaultNamed);

/** Nothing in MIME says how long it is: half of it in a whole answer is an email like any other. */
function isUndetectable(fault: GraphFault | undefined): boolean {
  return fault?.place === "truncated";
}

Deno.test("through every passing failure of Graph all mail comes to the platform", async () => {
  const emails = 600;
  await using tenant = await tenantWithMail(emails);
  await using customer = await platformCustomer(tenant.exchange, tenant.keysOf("graph"));
  const set = { ...customer, env: { ...customer.env, ...tenant.env } };
  const faults = [...PASSING];
  let requests = 0;
  tenant.graph.intercept = ({ target }, next) => {
    const isDue = ++requests >= 25 &&
      !(isUndetectable(faults.at(-1)) && target.endsWith("/$value"));
    const fault = isDue ? faults.pop() : undefined;
    if (fault) requests = 0;
    return fault ? faultedGraphAnswer(fault, next) : next();
  };
  const run = await runOnce(set, set.withState("run"));
  assert.equal(run.code, 0, run.stderr);
  assert.equal(faults.length, 0, "all of them happened");
  assertComplete(stored(set), expectedRecords(tenant.exchange));
  assert.equal(sentAgain(set), 0);
});
