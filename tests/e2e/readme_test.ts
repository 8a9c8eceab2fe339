import assert from "node:assert/strict";
import { runCommand } from "../../scripts/run_command.ts";
import { documentedCommands } from "../docs/documented.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { BINARY, runAppliance } from "./appliance.ts";
import { type Customer, customerOf } from "./customer.ts";
import { serveInstance } from "./served_instance.ts";

/*
 * The commands of the README as a reader copies them, with a `reinfer-ews` on the PATH: a function of
 * the shell stands for it.
 */

const ADDRESS = "support@contoso.com";

const COMMANDS_MS_MAX = 60_000;

async function readmeRun(
  name: string,
  customer: Customer,
  examples: Readonly<Record<string, string>> = {},
) {
  const commands = await documentedCommands("../README.md", name, examples);
  const named = `reinfer-ews() { "${BINARY}" "$@"; }\n${commands}`;
  return await runCommand("bash", ["-euc", named], {
    cwd: customer.folder,
    timeoutMs: COMMANDS_MS_MAX,
  });
}

Deno.test("the README's commands do what stands below them", async () => {
  await using exchange = await startSimulatedExchange();
  const mailbox = exchange.addMailbox(ADDRESS);
  spreadCorpus([mailbox], 40);
  mailbox.createFolder(["Inbox", "2026"]);
  await using customer = await customerOf(exchange);
  const places = { "/data/mail": customer.prefix };

  const checked = await readmeRun("README check", customer, places);
  assert.equal(checked.code, 0, checked.stdout);
  assert.match(checked.stdout, /\nReady: \d+ ok\.\n$/);

  assert.equal((await runAppliance([...customer.run, "--once"])).code, 0);
  const status = await readmeRun("README status", customer, places);
  assert.equal(status.code, 0, status.stderr);
  assert.match(status.stdout, new RegExp(ADDRESS));

  const verified = await readmeRun("README verify", customer, places);
  assert.equal(verified.code, 0, verified.stdout);
  const resynced = await readmeRun("README resync", customer, places);
  assert.equal(resynced.code, 0, resynced.stderr);

  await using instance = await serveInstance(customer);
  await instance.until(({ service }) => service.ready);
  const served = await readmeRun("README status of a service", customer, {
    "http://127.0.0.1:8080": instance.url.origin,
  });
  assert.equal(served.code, 0, served.stderr);
  assert.match(served.stdout, new RegExp(ADDRESS));
});
