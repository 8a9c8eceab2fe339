import assert from "node:assert/strict";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { spawnAppliance } from "./appliance.ts";
import { readDelivered } from "./customer.ts";
import { onlineTenant } from "./online_tenant.ts";

// Goal: over Graph mail that follows other mail does not wait for poll_frequency. Method: that is an
// hour, and three emails come, each once the one before is stored.
Deno.test("over Graph a mailbox is polled sooner where mail has come", async () => {
  await using tenant = await onlineTenant(["a@corp.example"]);
  const mailbox = tenant.exchange.store.mailbox("a@corp.example")!;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  mailbox.deliver(inbox, numberedEmail(0));
  await using customer = await tenant.customer("graph", {
    notifications: "streaming",
    poll_frequency: 3_600,
  });
  await using running = spawnAppliance(customer.run, tenant.env);
  const stored = (count: number) =>
    waitUntil(async () => (await readDelivered(customer.prefix)).length === count);
  await running.logged(({ msg, reason }) =>
    msg === "Mind the configuration." && String(reason).includes("public endpoints")
  );
  for (const count of [1, 2, 3]) {
    await stored(count);
    mailbox.deliver(inbox, numberedEmail(count));
  }
  await stored(4);
  running.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
});
