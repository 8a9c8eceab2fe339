import assert from "node:assert/strict";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { type RunningAppliance, spawnAppliance } from "./appliance.ts";
import { PlatformWitness, sentAgain } from "./platform_campaign.ts";
import {
  assertComplete,
  EMAILS,
  exchangeWithMail,
  expectedRecords,
  type PlatformCustomer,
  platformCustomer,
  stored,
} from "./platform_customer.ts";

/** Emails of one batch at most. */
const BATCH = 20;

async function customerInTrouble(exchange: Awaited<ReturnType<typeof exchangeWithMail>>) {
  return await platformCustomer(exchange, { poll_frequency: 0.2, reinfer_batch_size: BATCH });
}

/** Waits for the rest of the mail, ends the appliance, and looks at what it says and left. */
async function assertRecovers(
  set: PlatformCustomer,
  running: RunningAppliance,
  exchange: Awaited<ReturnType<typeof exchangeWithMail>>,
): Promise<void> {
  const expected = expectedRecords(exchange);
  await waitUntil(() => stored(set).length === expected.size);
  running.kill("SIGTERM");
  const run = await running.ended;
  assert.equal(run.code, 0, run.stderr);
  assertComplete(stored(set), expected);
  new PlatformWitness(set, exchange).look();
  const { delivered, skipped } = run.log.findLast(({ msg }) => msg === "Stopped.")!;
  assert.deepEqual({ delivered, skipped }, { delivered: EMAILS, skipped: 0 }, "all are counted");
}

Deno.test("after a storm of 429 everything is there, and nothing was sent twice", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await customerInTrouble(exchange);
  const { platform } = set;
  await using running = spawnAppliance(set.args("run"), set.env);
  await waitUntil(() => stored(set).length >= 50);
  let refused = 0;
  const calm = Promise.withResolvers<void>();
  platform.intercept = () => {
    if (++refused > 20) {
      platform.intercept = undefined;
      calm.resolve();
    }
    return { kind: "status", status: 429, headers: { "retry-after": "1" } };
  };
  await calm.promise;
  await assertRecovers(set, running, exchange);
  assert.equal(sentAgain(set), 0);
});

Deno.test("a platform that restarts is waited for; what was in flight may come again, under its id", async () => {
  await using exchange = await exchangeWithMail();
  await using set = await customerInTrouble(exchange);
  const { platform } = set;
  await using running = spawnAppliance(set.args("run"), set.env);
  for (const emails of [50, 150, 250]) {
    await waitUntil(() => stored(set).length >= emails);
    const since = new Date().toISOString();
    await platform.stop();
    await running.logged(({ code, ts }) => code === "ConnectionRefused" && String(ts) >= since);
    platform.start();
  }
  await assertRecovers(set, running, exchange);
  const again = sentAgain(set);
  assert.ok(again <= 3 * 8 * BATCH, `${again} emails were sent again after three restarts`);
});
