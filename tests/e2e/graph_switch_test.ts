import assert from "node:assert/strict";
import { filesBelow } from "../files_below.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail, spreadCorpus } from "../exchange/corpus_delivery.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { type Customer, toldMail } from "./customer.ts";
import { expectedMail, toldOf } from "./expected_mail.ts";
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

type Api = "ews" | "graph";

const EMAILS = 1_500;
const MAILBOXES = ["anna@corp.example", "ben@corp.example"];

/** Lets a customer read over the other protocol from now on. */
async function changeOver({ configFile }: Customer, keys: Readonly<Record<string, unknown>>) {
  const config = JSON.parse(await Deno.readTextFile(configFile));
  await Deno.writeTextFile(
    configFile,
    JSON.stringify({ ...config, microsoft_api: "ews", ...keys }),
  );
}

async function once(tenant: OnlineTenant, { run }: Customer): Promise<Run> {
  const ended = await runAppliance([...run, "--once"], tenant.env);
  assertPresentable(ended, tenant.secrets);
  assert.equal(ended.code, 0, ended.stderr);
  return ended;
}

function serverOf({ exchange, graph }: OnlineTenant, api: Api) {
  return api === "ews" ? exchange : graph;
}

/** How often each email's content left either server, by its search key. */
function timesServed({ exchange, graph }: OnlineTenant): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { mailbox, searchKey } of [...exchange.ledger.mimes, ...graph.ledger.mimes]) {
    const email = `${mailbox} ${searchKey}`;
    times.set(email, (times.get(email) ?? 0) + 1);
  }
  return times;
}

/** Contents of complete emails, with what a rewrite would change. */
async function contentsOf({ prefix }: Customer): Promise<ReadonlyMap<string, number | null>> {
  const records = (await filesBelow(`${prefix}/data`)).filter((path) =>
    path.endsWith(".json") && !path.includes(".tmp")
  );
  return new Map(
    await Promise.all(records.map(async (record) => {
      const path = record.replace(/json$/, "eml");
      return [path, (await Deno.stat(path)).ino] as const;
    })),
  );
}

async function assertAllStored(tenant: OnlineTenant, customer: Customer): Promise<void> {
  const expected = expectedMail(tenant.exchange).map(toldOf);
  assert.deepEqual((await toldMail(customer)).toSorted(), expected.sort());
}

/** What goes on in a mailbox while nothing reads it: mail comes, is moved, is read. */
function live(mailbox: SimulatedMailbox, round: number): { readonly fresh: number } {
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const entropy = seededEntropy(round);
  for (let n = 0; n < 10; n++) {
    const email = corpusEmails()[round * 10 + n]!;
    const receivedAt = new Date();
    mailbox.deliver(inbox, freshEmail(email, receivedAt, entropy), { receivedAt });
  }
  const [first, second, third] = mailbox.itemsOf(inbox);
  mailbox.move(first!.id, mailbox.folderAt(["Projects"]).id);
  mailbox.setRead(second!.id, !second!.isRead);
  // There and back again: a list of changes with immutable ids shows this one as removed.
  const away = mailbox.move(third!.id, mailbox.folderAt(["Projects", "2002"]).id);
  mailbox.move(away.id, inbox);
  return { fresh: 10 };
}

for (const [from, to] of [["ews", "graph"], ["graph", "ews"]] as const) {
  Deno.test(`a backfill over ${from} that is killed goes on over ${to}, and nothing stored is fetched again`, async () => {
    await using tenant = await onlineTenant(MAILBOXES);
    spreadCorpus(tenant.exchange.store.mailboxes(), EMAILS);
    await using customer = await tenant.customer(from);
    const killed = { args: customer.run, env: tenant.env, signal: "SIGKILL" } as const;
    const { ended } = await hit(serverOf(tenant, from), { ...killed, emailsServed: EMAILS / 3 });
    assert.equal((await ended).code, 137);
    const before = await contentsOf(customer);
    assert.ok(before.size > 0 && before.size < EMAILS);
    const servedBefore = timesServed(tenant);

    await changeOver(customer, tenant.keysOf(to));
    const run = await once(tenant, customer);
    await assertAllStored(tenant, customer);
    const after = await contentsOf(customer);
    for (const [path, ino] of before) assert.equal(after.get(path), ino, `${path} is as it was`);
    const again = [...timesServed(tenant)].filter(([email, times]) =>
      times > (servedBefore.has(email) ? servedBefore.get(email)! : 1)
    ).length;
    const lost = [...servedBefore.values()].length - before.size;
    assert.ok(again <= lost, `${again} fetched again, where the kill threw ${lost} away`);
    assert.ok(run.log.some(({ level, mailbox }) =>
      level === "info" && mailbox === MAILBOXES[0]
    ));
  });
}

Deno.test("a mailbox goes from EWS to Graph and back with all that happened to it meanwhile", async () => {
  await using tenant = await onlineTenant(MAILBOXES);
  const [mailbox] = tenant.exchange.store.mailboxes();
  spreadCorpus(tenant.exchange.store.mailboxes(), EMAILS);
  await using customer = await tenant.customer("ews");
  await once(tenant, customer);
  for (const [round, api] of (["graph", "ews", "graph"] as const).entries()) {
    const { fresh } = live(mailbox!, round);
    const served = timesServed(tenant);
    await changeOver(customer, tenant.keysOf(api));
    await once(tenant, customer);
    await assertAllStored(tenant, customer);
    const times = timesServed(tenant);
    assert.equal(times.size, served.size + fresh);
    for (const [email, count] of times) assert.equal(count, 1, `${email} left a server once`);
    // And over the same protocol, it goes on by the tokens.
    live(mailbox!, round + 10);
    await once(tenant, customer);
    await assertAllStored(tenant, customer);
  }
});

Deno.test("on the platform alone, a change of the protocol sends nothing again but the overlap", async () => {
  await using tenant = await onlineTenant(MAILBOXES);
  spreadCorpus(tenant.exchange.store.mailboxes(), 300);
  await using customer = await platformCustomer(tenant.exchange, tenant.keysOf("ews"));
  const set = { ...customer, env: { ...customer.env, ...tenant.env } };
  const witness = new PlatformWitness(set, tenant.exchange);
  for (const api of ["ews", "graph", "ews"] as const) {
    await changeOver(set.customer, tenant.keysOf(api));
    const run = await runOnce(set, set.args("run"));
    assert.equal(run.code, 0, run.stderr);
    witness.look();
    assertComplete(stored(set), expectedRecords(tenant.exchange));
  }
  // The newest hour of each folder is looked through again.
  assert.ok(sentAgain(set) < 300 / 3, `${sentAgain(set)} were sent again`);
});
