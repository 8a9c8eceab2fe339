import assert from "node:assert/strict";
import { join } from "node:path";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { ConnectionCut } from "../exchange/http_server.ts";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { filesBelow } from "../files_below.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { assertPresentable, spawnAppliance } from "./appliance.ts";
import { type Customer, customerOf } from "./customer.ts";

const ONE = "one@corp.example";
const TWO = "two@corp.example";
const BUCKET = { bucket: { owner: "owner", name: "bucket" } };

async function changeConfig({ configFile }: Customer, keys: Readonly<Record<string, unknown>>) {
  const before = JSON.parse(await Deno.readTextFile(configFile));
  await Deno.writeTextFile(configFile, JSON.stringify({ ...before, ...keys }));
}

/** Emails are there once their `.json` is; unfinished ones lie aside. */
async function untilDelivered({ prefix }: Customer, count: number): Promise<void> {
  await waitUntil(async () => {
    const paths = await filesBelow(join(prefix, "data"));
    return paths.filter((path) => /^(?!.*\/\.tmp\/).*\.json$/.test(path)).length === count;
  });
}

Deno.test("SIGHUP applies a changed configuration inside the process, and keeps the old one for a wrong one", async () => {
  await using exchange = await startSimulatedExchange();
  spreadCorpus([exchange.addMailbox(ONE)], 30);
  spreadCorpus([exchange.addMailbox(TWO)], 40);
  await using customer = await customerOf(exchange, {
    mailboxes: { [ONE]: BUCKET },
    poll_frequency: 0.1,
  });
  await using appliance = spawnAppliance(customer.run);
  await untilDelivered(customer, 30);

  await changeConfig(customer, { poll_frequency: "often" });
  appliance.kill("SIGHUP");
  const { reason } = await appliance.logged(({ msg }) => msg.startsWith("The changed config"));
  assert.match(String(reason), /^poll_frequency = "often": must be/);

  await changeConfig(customer, {
    poll_frequency: 0.1,
    mailboxes: { [ONE]: BUCKET, [TWO]: BUCKET },
  });
  appliance.kill("SIGHUP");
  await appliance.logged(({ msg }) => msg.startsWith("The configuration has changed"));
  await untilDelivered(customer, 70);

  appliance.kill("SIGTERM");
  const { code, log } = await appliance.ended;
  assert.equal(code, 0);
  assert.equal(log.filter(({ msg }) => msg === "Starting.").length, 2);
  assert.equal(exchange.ledger.totals().mimeServed, 70, "nothing is fetched again");
});

Deno.test("a password that is replaced in its file is taken up when the old one is refused", async () => {
  await using exchange = await startSimulatedExchange();
  const mailbox = exchange.addMailbox(ONE);
  const inbox = mailbox.distinguishedFolder("inbox").id;
  mailbox.deliver(inbox, numberedEmail(1));
  await using customer = await customerOf(exchange, { auth_password: null, poll_frequency: 0.1 });
  const file = join(customer.folder, "password");
  await Deno.writeTextFile(file, `${exchange.account.password}\n`);
  await using appliance = spawnAppliance(customer.run, { REINFER_EWS_AUTH_PASS_FILE: file });
  await untilDelivered(customer, 1);

  await Deno.writeTextFile(file, "another Pässwörd\n");
  exchange.account = { ...exchange.account, password: "another Pässwörd" };
  mailbox.deliver(inbox, numberedEmail(2));
  // The connection that is signed in would go on for ever.
  exchange.intercept = () => {
    exchange.intercept = undefined;
    throw new ConnectionCut();
  };
  await untilDelivered(customer, 2);

  appliance.kill("SIGTERM");
  const run = await appliance.ended;
  assert.equal(run.code, 0, run.stderr);
  assertPresentable(run, ["Pässwörd"]);
  assert.ok(exchange.ledger.totals().logonsRefused <= 1, "the old one is tried once at most");
});
