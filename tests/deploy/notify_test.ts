import assert from "node:assert/strict";
import { join } from "node:path";
import { spawnAppliance } from "../e2e/appliance.ts";
import { exchangeWithMail, platformCustomer } from "../e2e/platform_customer.ts";

Deno.test("systemd hears that it is up, shows life and stops, though nothing else is written", async () => {
  await using exchange = await exchangeWithMail(10);
  await using set = await platformCustomer(exchange);
  const socket = join(set.customer.folder, "notify");
  const manager = Deno.listenDatagram({ transport: "unixpacket", path: socket });
  using _closing = { [Symbol.dispose]: () => manager.close() };
  const hear = async () => new TextDecoder().decode((await manager.receive())[0]);
  // The platform without --state-dir: the right to write files is given up, but for this.
  await using appliance = spawnAppliance(set.args("run"), {
    ...set.env,
    NOTIFY_SOCKET: socket,
    RUNTIME_DIRECTORY: set.customer.folder,
    WATCHDOG_USEC: "100000",
  });
  assert.equal(await hear(), "READY=1");
  for (let signs = 0; signs < 3; signs++) assert.equal(await hear(), "WATCHDOG=1");
  appliance.kill("SIGTERM");
  let word = await hear();
  while (word === "WATCHDOG=1") word = await hear();
  assert.equal(word, "STOPPING=1");
  assert.equal((await appliance.ended).code, 0);
});
