import assert from "node:assert/strict";
import { dirname } from "node:path";
import { runCommand } from "../../scripts/run_command.ts";
import { documentedCommands } from "../docs/documented.ts";
import { BINARY } from "../e2e/appliance.ts";
import { exchangeWithMail, platformCustomer } from "../e2e/platform_customer.ts";

Deno.test("before a cut-over, the vendor's configuration is looked at as documented", async () => {
  await using exchange = await exchangeWithMail(10);
  await using set = await platformCustomer(exchange);
  const shell = async (name: string, examples: Readonly<Record<string, string>> = {}) =>
    await runCommand("bash", ["-euc", await documentedCommands("migration.md", name, examples)], {
      cwd: set.customer.folder,
      env: { PATH: `${dirname(BINARY)}:${Deno.env.get("PATH")}`, ...set.env },
      timeoutMs: 60_000,
    });
  const validated = await shell("validate the old configuration");
  assert.equal(validated.code, 0, validated.stderr);
  const checked = await shell("check before cut-over", {
    "https://mydomain.reinfer.io/api/": set.platform.endpoint,
  });
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  assert.match(checked.stdout, /will begin with the oldest of \d+ items/);
});
