import assert from "node:assert/strict";
import { join } from "node:path";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { filesBelow } from "../files_below.ts";
import { assertPresentable, type Run, runAppliance, spawnAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";
import { type PlatformCustomer, platformCustomer } from "./platform_customer.ts";

const ONE = "one@corp.example";
const TWO = "two@corp.example";
const BUCKET = { bucket: { owner: "owner", name: "bucket" } };
const NAME = ["--remote-config-owner", "acme", "--remote-config-key", "prod"];
const STORED = "config/acme/prod.json";

async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus([exchange.addMailbox(ONE)], 30);
  spreadCorpus([exchange.addMailbox(TWO)], 40);
  return exchange;
}

/** A customer whose config begins with one mailbox. */
async function customerWithOne(exchange: SimulatedExchange): Promise<Customer> {
  return await customerOf(exchange, { mailboxes: { [ONE]: BUCKET }, poll_frequency: 0.1 });
}

async function command(args: readonly string[], env = {}): Promise<Run> {
  const run = await runAppliance(args, env);
  assertPresentable({ ...run, stdout: "" }, ["Pässwörd 1!", "token-of-the-simulation"]);
  return run;
}

/** Changes keys of the config file and makes it the remote one. */
async function changeRemotely(
  { configFile, prefix }: Customer,
  keys: Readonly<Record<string, unknown>>,
): Promise<Run> {
  const before = JSON.parse(await Deno.readTextFile(configFile));
  await Deno.writeTextFile(configFile, JSON.stringify({ ...before, ...keys }));
  return await command(["config", "push", configFile, "--local-files-prefix", prefix, ...NAME]);
}

async function untilDelivered({ prefix }: Customer, count: number): Promise<void> {
  await waitUntil(async () => {
    const paths = await filesBelow(join(prefix, "data"));
    return paths.filter((path) => /^(?!.*\/\.tmp\/).*\.json$/.test(path)).length === count;
  });
}

Deno.test("a remote configuration is pushed, run with, changed on SIGHUP, and never misused", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerWithOne(exchange);
  const { prefix, configFile } = customer;
  const pushed = await changeRemotely(customer, {});
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.equal(((await Deno.stat(join(prefix, STORED))).mode ?? 0) & 0o777, 0o600);
  await using appliance = spawnAppliance(
    ["run", "--local-files-prefix", prefix, "--log-format", "json", ...NAME],
  );
  await untilDelivered(customer, 30);

  const { ews_endpoint } = JSON.parse(await Deno.readTextFile(configFile));
  const evil = await changeRemotely(customer, { ews_endpoint: "https://evil.example/x.asmx" });
  assert.match(evil.stderr, /Warning: ews_endpoint from .* until they are restarted/);
  appliance.kill("SIGHUP");
  const refused = await appliance.logged(({ msg }) => msg.includes("where credentials go"));
  assert.equal(refused.level, "warn");
  assert.deepEqual(refused["changes"], [
    `ews_endpoint from "${ews_endpoint}" to "https://evil.example/x.asmx"`,
  ]);

  await changeRemotely(customer, {
    ews_endpoint,
    mailboxes: { [ONE]: BUCKET, [TWO]: BUCKET },
  });
  appliance.kill("SIGHUP");
  await appliance.logged(({ msg }) => msg.startsWith("The configuration has changed"));
  await untilDelivered(customer, 70);

  await Deno.writeTextFile(join(prefix, STORED), '{"poll_frequency": "often"}');
  appliance.kill("SIGHUP");
  await appliance.logged(({ msg }) => msg.startsWith("The changed configuration is not used"));

  appliance.kill("SIGTERM");
  const run = await appliance.ended;
  assert.equal(run.code, 0, run.stderr);
  assertPresentable(run, ["Pässwörd 1!"]);
});

Deno.test("a local configuration wins over a remote one, and that is said", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerWithOne(exchange);
  assert.equal((await changeRemotely(customer, { mailboxes: { [TWO]: BUCKET } })).code, 0);
  await Deno.writeTextFile(
    customer.configFile,
    JSON.stringify({
      ...JSON.parse(await Deno.readTextFile(customer.configFile)),
      mailboxes: { [ONE]: BUCKET },
    }),
  );
  const run = await command([...customer.run, ...NAME, "--once"]);
  assert.equal(run.code, 0, run.stderr);
  assert.equal((await readDelivered(customer.prefix)).length, 30);
  assert.ok(run.log.some(({ reason }) => /local .* wins.*config\/acme\/prod/.test(String(reason))));
});

Deno.test("a remote configuration that is missing, invalid or out of reach ends --once in its own way", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerWithOne(exchange);
  const { prefix } = customer;
  const args = ["run", "--local-files-prefix", prefix, "--log-format", "json", ...NAME, "--once"];
  const missing = await command(args);
  assert.equal(missing.code, 4);
  assert.equal(missing.log.at(-1)?.["code"], "RemoteConfigMissing");
  const refused = await changeRemotely(customer, { poll_frequency: "often" });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /poll_frequency = "often"/);
  await Deno.mkdir(join(prefix, "config/acme"), { recursive: true });
  await Deno.copyFile(customer.configFile, join(prefix, STORED));
  const invalid = await command(args);
  assert.equal(invalid.code, 2);
  assert.match(invalid.stderr, /poll_frequency = \\"often\\"/);
});

Deno.test("the platform keeps a configuration, and gives it to run and to config pull", async () => {
  await using exchange = await exchangeWithMail();
  await using set: PlatformCustomer = await platformCustomer(exchange);
  const { customer: { configFile, folder, prefix: _ }, platform, env } = set;
  const place = ["--reinfer-api-endpoint", platform.endpoint, ...NAME];
  const pushed = await command(["config", "push", configFile, ...place], env);
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.match(pushed.stdout, /to .*\/api\/v1\/appliance-configs\/acme\/prod$/m);
  const to = join(folder, "pulled.json");
  assert.equal((await command(["config", "pull", ...place, "--to", to], env)).code, 0);
  assert.deepEqual(await Deno.readFile(to), await Deno.readFile(configFile));
  assert.equal(((await Deno.stat(to)).mode ?? 0) & 0o777, 0o600);
  const printed = await runAppliance(["config", "pull", ...place], env);
  assert.equal(printed.stdout, await Deno.readTextFile(configFile));
  const shown = await command(["config", "validate", ...place], env);
  assert.equal(shown.code, 0, shown.stderr + shown.stdout);
  const effective = await command(["config", "show", ...place], env);
  assert.match(effective.stdout, /^auth_user +=.* remote file$/m);
  const shard = ["--shard-name", "ews-0", "--total-shards", "1"];
  const run = await command(["run", "--log-format", "json", ...place, ...shard, "--once"], env);
  assert.equal(run.code, 0, run.stderr);
  assert.ok(platform.ledger.of(set.bucketId).length > 0);
  assert.deepEqual(platform.buckets.get("owner/bucket")?.lastUpdatedBy, {
    config_owner: "acme",
    config_key: "prod",
    shard_index: 0,
    num_shards: 1,
  });
});
