import assert from "node:assert/strict";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { spawnAppliance } from "../e2e/appliance.ts";
import { azureCustomer, contents, EMAILS, expected, run } from "../e2e/azure_customer.ts";

// A lease that nobody renews lives for a minute.

Deno.test("killed in mid-sync, the next run waits for the dead one's lease and completes", async () => {
  await using set = await azureCustomer({ poll_frequency: 0.2 });
  const running = spawnAppliance(set.args("run"), set.env);
  await waitUntil(() => set.exchange.ledger.totals().mimeServed >= EMAILS / 3);
  running.kill("SIGKILL");
  assert.equal((await running.ended).code, 137);
  const next = await run(set, "run", "--once");
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual(await contents(set), expected(set));
});
