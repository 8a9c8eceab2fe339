import assert from "node:assert/strict";
import { spawnAppliance } from "./appliance.ts";
import { azureCustomer, contents, expected, run } from "./azure_customer.ts";
import type { CheckJson } from "./diagnosis.ts";

Deno.test("mail comes into Azure complete, a second run fetches nothing, and verify agrees", async () => {
  await using set = await azureCustomer();
  const first = await run(set, "run", "--once");
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(await contents(set), expected(set));
  const served = set.exchange.ledger.totals().mimeServed;
  const second = await run(set, "run", "--once");
  assert.equal(second.code, 0, second.stderr);
  assert.equal(set.exchange.ledger.totals().mimeServed, served);
  const verified = await run(set, "verify");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.match((await run(set, "status")).stdout, /az:\/\/devstoreaccount1\/mail\/some\/where/);
});

Deno.test("a second instance stands back while the first holds the mailboxes", async () => {
  await using set = await azureCustomer({ poll_frequency: 0.2 });
  await using one = spawnAppliance(set.args("run"), set.env);
  await one.logged(({ msg }) => msg === "Folder pass finished.");
  await using other = spawnAppliance(set.args("run"), set.env);
  const line = await other.logged(({ code }) => code === "MailboxLocked");
  assert.match(String(line.hint), /other instance/);
  for (const running of [one, other]) running.kill("SIGTERM");
  for (const running of [one, other]) assert.equal((await running.ended).code, 0);
});

Deno.test("check probes the container, and names one that is not there", async () => {
  await using set = await azureCustomer();
  const check = async () => {
    const ended = await run(set, "check", "--json");
    const lines: readonly CheckJson[] = JSON.parse(ended.stdout).checks;
    return { code: ended.code, line: lines.find(({ check }) => check === "destination")! };
  };
  const fine = await check();
  assert.deepEqual([fine.code, fine.line.verdict], [0, "pass"]);
  await set.reader.deleteContainer();
  const missing = await check();
  assert.equal(missing.code, 4);
  assert.match(missing.line.remedy ?? "", /az storage container create/);
});

Deno.test("a container that is deleted pauses everything, and is filled anew when it is there again", async () => {
  await using set = await azureCustomer({ poll_frequency: 0.2 });
  await using running = spawnAppliance(set.args("run"), set.env);
  await running.logged(({ msg }) => msg === "Folder pass finished.");
  await set.reader.deleteContainer();
  const [mailbox] = set.exchange.store.mailboxes();
  const inbox = mailbox!.distinguishedFolder("inbox").id;
  mailbox!.deliver(inbox, mailbox!.itemsOf(inbox)[0]!.mime);
  const line = await running.logged(({ msg }) => msg.startsWith("Destination does not work"));
  assert.equal(line.code, "ContainerNotFound");
  assert.match(String(line.hint), /az storage container create/);
  await set.reader.createContainer();
  await running.logged(({ msg }) => msg === "Destination works again.");
  // What went with the container is not known to be gone until a mailbox is taken anew.
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
  const last = await run(set, "run", "--once");
  assert.equal(last.code, 0, last.stderr);
  assert.deepEqual(await contents(set), expected(set));
});
