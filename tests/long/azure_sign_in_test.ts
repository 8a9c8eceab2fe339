import assert from "node:assert/strict";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { refusal } from "../authority/authority_answers.ts";
import { spawnAppliance } from "../e2e/appliance.ts";
import { expected } from "../e2e/azure_customer.ts";
import { azureTenant } from "../e2e/azure_tenant.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail } from "../exchange/corpus_delivery.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";

// What was refused is asked for again after a minute, and probes have growing pauses.

Deno.test("a secret that is revoked pauses the sync, at a sign-in a minute; with a new one all goes on", async () => {
  await using tenant = await azureTenant();
  const { identity, exchange, application } = tenant;
  identity.lifetimeS = 3;
  const machine = tenant.machine({ ...application, AZURE_CLIENT_SECRET: identity.secret });
  await using running = spawnAppliance(machine.run, machine.options.env);
  await running.logged(({ msg }) => msg === "Folder pass finished.");
  identity.fault = () => refusal(7000222);
  const { asked } = identity;
  const [mailbox] = exchange.store.mailboxes();
  const email = freshEmail(corpusEmails()[0]!, new Date(), seededEntropy(1));
  const receivedAt = new Date();
  mailbox!.deliver(mailbox!.distinguishedFolder("inbox").id, email, { receivedAt, isRead: false });
  const line = await running.logged(({ msg }) =>
    msg === "Destination does not work; every mailbox waits."
  );
  assert.equal(line.code, "OauthSecretExpired");
  assert.match(String(line.hint), /AZURE_CLIENT_SECRET/);
  await waitUntil(() => identity.asked - asked === 1);
  identity.fault = undefined;
  const refusedAtMs = performance.now();
  await waitUntil(() => identity.asked - asked === 2);
  assert.ok(performance.now() - refusedAtMs > 50_000, "not asked again within the minute");
  await running.logged(({ msg }) => msg === "Destination works again.");
  await waitUntil(async () => (await machine.contents()).length === expected(tenant).length);
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
  assert.deepEqual(await machine.contents(), expected(tenant));
});
