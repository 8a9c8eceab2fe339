import assert from "node:assert/strict";
import { join } from "node:path";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { filesBelow } from "../files_below.ts";
import {
  assertPresentable,
  type LogLine,
  type Run,
  runAppliance,
  type RunningAppliance,
  spawnAppliance,
} from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";

const EMAILS = 40;
const WRONG_PASSWORD = "wrong-Passwörd";
const RESTARTS = "--restart-on-unrecoverable-errors";
/** How long a stop may take (spec section 7), and the process to end after it. */
const STOP_MS_MAX = 10_000;

async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  const addresses = ["a@corp.example", "b@corp.example", "c@corp.example"];
  spreadCorpus(addresses.map((address) => exchange.addMailbox(address)), EMAILS);
  return exchange;
}

/** The failure of one life, after which another begins. */
function isRestart({ msg }: LogLine): boolean {
  return msg === "Cannot go on; starting again.";
}

function livesOf({ log }: Run): number {
  return log.filter(({ msg }) => msg === "Starting.").length;
}

/** Sends SIGTERM, and fails if the process does not end in time. */
async function stopped(running: RunningAppliance): Promise<Run> {
  running.kill("SIGTERM");
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    running.kill("SIGKILL");
    late.reject(new Error(`Not ended ${STOP_MS_MAX} ms after SIGTERM`));
  }, STOP_MS_MAX);
  try {
    return await Promise.race([running.ended, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when all emails have been served, and the pass that asked for them is over. */
async function delivered(exchange: SimulatedExchange, running: RunningAppliance): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  exchange.intercept = (_request, next) => {
    if (exchange.ledger.totals().mimeServed >= EMAILS) resolve();
    return next();
  };
  const tooEarly = running.ended.then(({ code, stderr }) => {
    throw new Error(`Ended with ${code}: ${stderr}`);
  });
  tooEarly.catch(() => undefined);
  await Promise.race([promise, tooEarly]);
}

/** Puts a state into the customer's mailbox that a later version wrote; resolves to its path. */
async function putNewerState({ prefix }: Customer): Promise<string> {
  const folder = join(prefix, "state/owner/bucket/b@corp.example");
  const path = join(folder, `folder-${"0".repeat(32)}.json`);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(path, JSON.stringify({ version: 99, written_by: "reinfer-ews 99.0" }));
  return path;
}

Deno.test("with restarts, a destination that is unusable at start is taken as soon as it is mended", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  await Deno.writeTextFile(customer.prefix, "a file where a folder belongs");
  await using running = spawnAppliance([...customer.run, RESTARTS]);
  const line = await running.logged(isRestart);
  assert.equal(line.level, "error");
  assert.equal(line.code, "TargetMissing");
  assert.ok(line.hint, "the line says what to do");
  assert.equal(exchange.ledger.totals().logons, 0, "nothing is fetched that cannot be stored");
  await Deno.remove(customer.prefix);
  await delivered(exchange, running);
  const run = await stopped(running);
  assert.equal(run.code, 0, run.stderr);
  assertPresentable(run, [exchange.account.password]);
  assert.equal(livesOf(run), run.log.filter(isRestart).length + 1, "each life follows a failure");
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  assert.equal(exchange.ledger.totals().mimeServed, EMAILS, "nothing is fetched twice");
});

Deno.test("with restarts, a mailbox's failure that ends a life leaves the others and their locks whole", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  const newer = await putNewerState(customer);
  await using running = spawnAppliance([...customer.run, RESTARTS]);
  const line = await running.logged(isRestart);
  assert.equal(line.code, "StateFormatNewer");
  assert.equal(line.mailbox, "b@corp.example");
  await Deno.remove(newer);
  await delivered(exchange, running);
  const run = await stopped(running);
  assert.equal(run.code, 0, run.stderr);
  const others = run.log.filter((logged) => logged.level === "error" && !isRestart(logged));
  assert.deepEqual(others, [], "no mailbox is found locked, or otherwise in trouble");
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
});

Deno.test("with restarts, refused credentials are tried once, held, and SIGTERM ends the pause", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { auth_password: WRONG_PASSWORD });
  await using running = spawnAppliance([...customer.run, RESTARTS]);
  const line = await running.logged(isRestart);
  assert.equal(line.code, "CredentialsRefused");
  assert.match(String(line.hint), /auth_user.*auth_password/);
  const delayMs = Number(line.delayMs);
  assert.ok(delayMs > 800_000 && delayMs <= 900_000, `what is left of 15 minutes, not ${delayMs}`);
  const run = await stopped(running);
  assert.equal(run.code, 0, run.stderr);
  assertPresentable(run, [WRONG_PASSWORD, exchange.account.password]);
  assert.equal(livesOf(run), 1, "no life began before the pause was over");
  assert.equal(exchange.ledger.totals().logons, 1);
  assert.equal(exchange.ledger.totals().logonsRefused, 1);
  const files = await filesBelow(customer.prefix);
  assert.deepEqual(files, [], "nothing was written");
});

Deno.test("with eight mailboxes waiting, refused credentials are tried once", async () => {
  await using exchange = await startSimulatedExchange({ latencyMs: 20 });
  const addresses = Array.from({ length: 8 }, (_, n) => `m${n}@corp.example`);
  spreadCorpus(addresses.map((address) => exchange.addMailbox(address)), 80);
  await using customer = await customerOf(exchange, { auth_password: WRONG_PASSWORD });
  await using running = spawnAppliance([...customer.run, RESTARTS]);
  await running.logged(isRestart);
  const run = await stopped(running);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(exchange.ledger.totals().logonsRefused, 1);
});

Deno.test("with restarts, SIGTERM ends the pause after any other failure as well", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { poll_frequency: 0.2 });
  await Deno.writeTextFile(customer.prefix, "");
  await using running = spawnAppliance([...customer.run, RESTARTS]);
  await running.logged((line) => isRestart(line) && Number(line.restart) >= 2);
  const run = await stopped(running);
  assert.equal(run.code, 0, run.stderr);
});

Deno.test("without restarts, and with --once, what cannot be recovered ends with the code of its kind", async () => {
  await using exchange = await exchangeWithMail();
  await using unusable = await customerOf(exchange, { poll_frequency: 0.2 });
  await Deno.writeTextFile(unusable.prefix, "");
  await using newer = await customerOf(exchange, { poll_frequency: 0.2 });
  await putNewerState(newer);
  await using refused = await customerOf(exchange, { auth_password: WRONG_PASSWORD });
  const cases: readonly [readonly string[], number, string][] = [
    [unusable.run, 4, "TargetMissing"],
    [[...unusable.run, "--once", RESTARTS], 4, "TargetMissing"],
    [newer.run, 2, "StateFormatNewer"],
    [[...newer.run, "--once", RESTARTS], 2, "StateFormatNewer"],
    [[...refused.run, "--once", RESTARTS], 3, "CredentialsRefused"],
  ];
  for (const [args, code, reason] of cases) {
    const run = await runAppliance(args);
    assert.equal(run.code, code, run.stderr);
    const [line, ...more] = run.log.filter(({ level }) => level === "error");
    assert.equal(line?.code, reason);
    assert.equal(line?.exitCode, code);
    assert.deepEqual(more, [], "it is said once");
    assert.ok(line?.hint, "the line says what to do");
    assert.equal(livesOf(run), 1);
  }
});
