import assert from "node:assert/strict";
import { join } from "node:path";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import {
  type SimulatedExchange,
  type SimulatedExchangeOptions,
  startSimulatedExchange,
} from "../exchange/simulated_exchange.ts";
import {
  assertPresentable,
  onlyError,
  type Run,
  runAppliance,
  spawnAppliance,
} from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";
import { filesBelow } from "../files_below.ts";
import { SMALL_DISKS, smallDisk } from "./small_disk.ts";

const WRONG_PASSWORD = "wrong-Passwörd";

/** A server with three mailboxes and a little mail. */
async function exchangeWithMail(options: SimulatedExchangeOptions = {}, emails = 60) {
  const exchange = await startSimulatedExchange(options);
  const addresses = ["a@corp.example", "b@corp.example", "c@corp.example"];
  spreadCorpus(addresses.map((address) => exchange.addMailbox(address)), emails);
  return exchange;
}

async function once(customer: Customer, env: Record<string, string> = {}): Promise<Run> {
  const run = await runAppliance([...customer.run, "--once"], env);
  assertPresentable(run, [WRONG_PASSWORD, "Pässwörd 1!"]);
  return run;
}

async function assertNothingWritten({ prefix }: Customer): Promise<void> {
  assert.deepEqual(await filesBelow(prefix), []);
}

function logons({ ledger }: SimulatedExchange): number {
  return ledger.totals().logons;
}

Deno.test("a wrong password is one line, exit code 3, and exactly one logon attempt", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { auth_password: WRONG_PASSWORD });
  const run = await once(customer);
  assert.equal(run.code, 3);
  const line = onlyError(run);
  assert.equal(line.code, "CredentialsRefused");
  assert.match(String(line.hint), /auth_user.*auth_password/);
  assert.equal(logons(exchange), 1);
  await assertNothingWritten(customer);
});

Deno.test("without --once a refused password is held, not tried again, and SIGTERM ends it", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { auth_password: WRONG_PASSWORD });
  await using running = spawnAppliance(customer.run);
  const line = await running.logged(({ level }) => level === "error");
  assert.equal(line.code, "CredentialsRefused");
  assert.equal(line.exitCode, 3);
  assert.equal(line.endsInMs, 900_000);
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 0);
  assert.equal(logons(exchange), 1);
});

Deno.test("a wrong host is one line and exit code 1", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, {
    ews_endpoint: "https://exchange.invalid/EWS/Exchange.asmx",
  });
  const run = await once(customer);
  assert.equal(run.code, 1);
  const line = onlyError(run);
  assert.match(String(line.reason), /exchange\.invalid/);
  assert.ok(line.hint, "the line says what to do");
  await assertNothingWritten(customer);
});

Deno.test("a port where nobody listens is one line and exit code 1", async () => {
  await using exchange = await exchangeWithMail();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using customer = await customerOf(exchange, {
    ews_endpoint: `https://127.0.0.1:${port}/EWS/Exchange.asmx`,
  });
  const run = await once(customer);
  assert.equal(run.code, 1);
  assert.equal(onlyError(run).code, "ConnectionRefused");
});

Deno.test("an untrusted certificate is one line that names the key to set; nothing is sent", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, { ews_ssl_ca_file: null });
  const run = await once(customer);
  assert.equal(run.code, 1);
  const line = onlyError(run);
  assert.equal(line.code, "TlsUntrusted");
  assert.match(String(line.hint), /ews_ssl_ca_file/);
  assert.equal(logons(exchange), 0);
  await assertNothingWritten(customer);
});

Deno.test("a certificate for another host is told apart from an unknown issuer", async () => {
  await using exchange = await exchangeWithMail({ certificate: { hosts: ["mail.contoso.com"] } });
  await using customer = await customerOf(exchange);
  const run = await once(customer);
  assert.equal(run.code, 1);
  assert.equal(onlyError(run).code, "TlsHostnameMismatch");
  assert.equal(logons(exchange), 0);
});

Deno.test("roots of SSL_CERT_FILE are trusted, and with ews_ssl_verify false any certificate", async () => {
  await using exchange = await exchangeWithMail();
  await using byRoots = await customerOf(exchange, { ews_ssl_ca_file: null });
  const caFile = join(byRoots.folder, "ca.pem");
  assert.equal((await once(byRoots, { SSL_CERT_FILE: caFile })).code, 0);
  await using unverified = await customerOf(exchange, {
    ews_ssl_ca_file: null,
    ews_ssl_verify: "false",
  });
  const run = await once(unverified);
  assert.equal(run.code, 0, run.stderr);
  assert.ok(run.log.some(({ level }) => level === "warn"), "it is said loudly");
  assert.equal((await readDelivered(unverified.prefix)).length, 60);
});

Deno.test("a server without NTLM is one line, exit code 3, and no credentials are sent", async () => {
  await using exchange = await exchangeWithMail({ authentication: "basic" });
  await using customer = await customerOf(exchange);
  const run = await once(customer);
  assert.equal(run.code, 3);
  assert.equal(onlyError(run).code, "NtlmNotOffered");
  assert.equal(logons(exchange), 0);
  await assertNothingWritten(customer);
});

Deno.test("all of a config's six mistakes are said at once, one line each, exit code 2", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange, {
    auth_type: "kerberos",
    poll_frequency: "often",
    emails_per_folder: 0,
    max_concurrent_uploads: 64,
    access_type: "owner",
    mailboxes: { "a@corp.example": { bucket: { owner: "no spaces", name: "n" } } },
  });
  const run = await once(customer);
  assert.equal(run.code, 2);
  const lines = run.stderr.trimEnd().split("\n");
  assert.equal(lines.length, 6, run.stderr);
  for (
    const key of [
      "auth_type",
      "poll_frequency",
      "emails_per_folder",
      "max_concurrent_uploads",
      "access_type",
      'mailboxes["a@corp.example"].bucket.owner',
    ]
  ) assert.equal(lines.filter((line) => line.includes(key)).length, 1, key);
  assert.equal(exchange.connections, 0);
  await assertNothingWritten(customer);
});

Deno.test("a mailbox that is denied and one that is missing are named; the third completes", async () => {
  await using exchange = await exchangeWithMail();
  exchange.rights.denyImpersonation(exchange.account, "a@corp.example");
  const bucket = { owner: "o", name: "n" };
  await using customer = await customerOf(exchange, {
    mailboxes: {
      "a@corp.example": { bucket },
      "nobody@corp.example": { bucket },
      "c@corp.example": { bucket },
    },
  });
  const run = await once(customer);
  assert.equal(run.code, 1);
  const errors = run.log.filter(({ level }) => level === "error");
  assert.deepEqual(errors.map(({ mailbox, code }) => [mailbox, code]).sort(), [
    ["a@corp.example", "ErrorImpersonateUserDenied"],
    ["nobody@corp.example", "ErrorNonExistentMailbox"],
  ]);
  for (const { hint } of errors) assert.ok(hint, "each line says what to do");
  const expected = expectedEmails(exchange.store).filter(({ mailbox }) => mailbox[0] === "c");
  assert.ok(expected.length > 0);
  assert.equal((await readDelivered(customer.prefix)).length, expected.length);
});

Deno.test("two instances on one place: the second stands back with one line", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await using first = spawnAppliance(customer.run);
  await first.logged(({ msg }) => msg === "Folder pass finished.");
  await using second = await customerOf(exchange, {
    mailboxes: { "a@corp.example": { bucket: { owner: "owner", name: "bucket" } } },
  });
  const args = second.run.map((arg) => arg === second.prefix ? customer.prefix : arg);
  const run = await runAppliance([...args, "--once"]);
  assert.equal(run.code, 1);
  assert.equal(onlyError(run).code, "MailboxLocked");
  first.kill("SIGTERM");
  assert.equal((await first.ended).code, 0);
});

Deno.test("a read-only target is one line, exit code 4", { ignore: !SMALL_DISKS }, async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await using _disk = await smallDisk(customer.prefix, { readOnly: true });
  const run = await once(customer);
  assert.equal(run.code, 4);
  const line = onlyError(run);
  assert.equal(line.code, "ReadOnlyTarget");
  assert.ok(line.hint, "the line says what to do");
  assert.equal(logons(exchange), 0, "nothing is fetched that cannot be stored");
});

Deno.test("a full target is one line, exit code 4, and nothing half-written", {
  ignore: !SMALL_DISKS,
}, async () => {
  await using exchange = await exchangeWithMail({}, 1_000);
  await using customer = await customerOf(exchange);
  await using _disk = await smallDisk(customer.prefix, { bytes: 2 * 1024 * 1024 });
  const run = await once(customer);
  assert.equal(run.code, 4);
  assert.equal(onlyError(run).code, "DiskFull");
  const delivered = await readDelivered(customer.prefix);
  assert.ok(delivered.length > 0 && delivered.length < 1_000);
  for (const { json, sha256 } of delivered) assert.equal(sha256, json.mime_sha256);
  const unfinished = (await filesBelow(customer.prefix)).filter((path) => path.includes(".tmp"));
  assert.deepEqual(unfinished, []);
  assert.equal(exchange.ledger.totals().logonsRefused, 0);
});
