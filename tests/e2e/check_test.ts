import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import {
  type SimulatedExchange,
  type SimulatedExchangeOptions,
  startSimulatedExchange,
} from "../exchange/simulated_exchange.ts";
import { WALL_CLOCK } from "../exchange/wall_clock.ts";
import { SimulatedProxy } from "../proxy/simulated_proxy.ts";
import { runAppliance } from "./appliance.ts";
import { customerOf, runCommand } from "./customer.ts";
import { assertDiagnosed, checkOf, type Expected } from "./diagnosis.ts";

const ADDRESS = "a@corp.example";
const SECRETS = ["Pässwörd 1!", "wr0ng"];
const BUCKET = { bucket: { owner: "owner", name: "bucket" } };

async function exchangeWithMail(options?: SimulatedExchangeOptions): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange(options);
  spreadCorpus([exchange.addMailbox(ADDRESS)], 30);
  return exchange;
}

Deno.test("check says that all is well, and reads no email and changes nothing", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  const { code, lines } = await checkOf(customer, { secrets: SECRETS });
  assert.equal(code, 0, JSON.stringify(lines));
  assert.deepEqual(
    [...new Set(lines.map(({ check, verdict }) => `${check} ${verdict}`))],
    ["config", "connection", "clock", "sign-in", "mailbox", "destination", "state"]
      .map((check) => `${check} pass`),
  );
  const [mailbox] = lines.filter(({ check }) => check === "mailbox");
  assert.match(mailbox!.finding, /mail folders; will begin with the oldest of \d+ items/);
  assert.equal(exchange.ledger.totals().mimeServed, 0);
  const operations = Object.keys(exchange.ledger.totals().requestsByOperation);
  assert.deepEqual(operations.sort(), ["FindFolder", "GetFolder"]);
});

Deno.test("check counts from where the sync begins, and says where one goes on", async () => {
  await using exchange = await exchangeWithMail();
  const mailboxes = { [ADDRESS]: { ...BUCKET, start_timestamp: "2100-01-01" } };
  await using customer = await customerOf(exchange, { mailboxes });
  const findingOf = async () =>
    (await checkOf(customer, { secrets: SECRETS })).lines
      .find(({ check }) => check === "mailbox")!.finding;
  assert.match(await findingOf(), /will begin at 2100-01-01 00:00Z: 0 items since/);
  assert.equal((await runAppliance([...customer.run, "--once"])).code, 0);
  assert.match(await findingOf(), /goes on from the state of \d+ folders/);
});

Deno.test("a destination that fails is said once, and not of every mailbox whose state lies there", async () => {
  await using exchange = await exchangeWithMail();
  await using customer = await customerOf(exchange);
  await Deno.writeTextFile(customer.prefix, "a file where a folder should be");
  const { code, lines } = await checkOf(customer, { secrets: SECRETS });
  assert.equal(code, 4);
  const verdicts = lines.map(({ check, verdict }) => `${check} ${verdict}`);
  assert.deepEqual(verdicts.slice(-3), ["mailbox pass", "destination fail", "state skip"]);
});

Deno.test("for people it is one line for each thing, with what to do below what fails", async () => {
  await using exchange = await exchangeWithMail();
  const mailboxes = { [ADDRESS]: BUCKET, "gone@corp.example": BUCKET };
  await using customer = await customerOf(exchange, { mailboxes });
  const run = await runCommand(customer, "check");
  assert.equal(run.code, 1, run.stderr);
  assert.match(run.stdout, /^ok {3}sign-in {5}svc-ews@corp\.example: accepted \(ntlm\)$/m);
  assert.match(run.stdout, /^FAIL mailbox {5}gone@corp\.example: .*\(ErrorNonExistentMailbox\)$/m);
  assert.match(run.stdout, /^ {17}What to do: .*Get-Mailbox gone@corp\.example/m);
  assert.match(run.stdout, /\nNot ready: \d+ ok, 1 failed\.\n$/);
  const only = await runCommand(customer, "check", "--mailbox", ADDRESS);
  assert.equal(only.code, 0, only.stdout);
  assert.match(only.stdout, /\nReady: \d+ ok\.\n$/);
});

interface Case {
  readonly what: string;
  readonly server?: SimulatedExchangeOptions;
  /** Breaks something on the server. */
  readonly prepare?: (exchange: SimulatedExchange) => void;
  /** Keys of the config. */
  readonly keys?: (exchange: SimulatedExchange) => Readonly<Record<string, unknown>>;
  readonly expected: Expected;
}

const CASES: readonly Case[] = [
  {
    what: "a wrong password",
    keys: () => ({ auth_password: "wr0ng" }),
    expected: {
      code: "CredentialsRefused",
      check: "sign-in",
      remedy: /auth_user.*auth_password/,
      exitCode: 3,
    },
  },
  {
    what: "a mailbox that does not exist",
    keys: () => ({ mailboxes: { "gone@corp.example": BUCKET } }),
    expected: {
      code: "ErrorNonExistentMailbox",
      check: "mailbox",
      remedy: /Get-Mailbox (gone@corp\.example|ADDRESS)/,
      exitCode: 1,
    },
  },
  {
    what: "an account that may not impersonate",
    prepare: ({ rights, account }) => rights.denyImpersonation(account, ADDRESS),
    expected: {
      code: "ErrorImpersonateUserDenied",
      check: "mailbox",
      remedy: /New-ManagementRoleAssignment.*ApplicationImpersonation.*(svc-ews@corp|ACCOUNT)/,
      exitCode: 1,
    },
  },
  {
    what: "a delegate without Full Access",
    prepare: ({ rights, account }) => rights.denyFullAccess(account, ADDRESS),
    keys: () => ({ access_type: "delegate" }),
    expected: {
      code: "MailboxNotAccessible",
      check: "mailbox",
      remedy: /Add-MailboxPermission -Identity (a@corp|MAILBOX).*-User (svc-ews@corp|ACCOUNT)/,
      exitCode: 1,
    },
  },
  {
    what: "a certificate of an unknown authority",
    keys: () => ({ ews_ssl_ca_file: null }),
    expected: {
      code: "TlsUntrusted",
      check: "connection",
      remedy: /ews_ssl_ca_file/,
      exitCode: 1,
    },
  },
  {
    what: "a certificate for another name",
    server: { certificate: { hosts: ["mail.corp.example"] } },
    expected: {
      code: "TlsHostnameMismatch",
      check: "connection",
      remedy: /name/,
      exitCode: 1,
    },
  },
  {
    what: "a certificate that has expired",
    server: { certificate: { notAfter: new Date(Date.now() - 60_000) } },
    expected: { code: "TlsExpired", check: "connection", remedy: /[Rr]enew/, exitCode: 1 },
  },
  {
    what: "a server that speaks no TLS",
    server: { tls: false },
    keys: ({ endpoint }) => ({ ews_endpoint: endpoint.href.replace("http:", "https:") }),
    expected: { code: "TlsNotSpoken", check: "connection", remedy: /http:\/\//, exitCode: 1 },
  },
  {
    what: "a host that does not exist",
    keys: () => ({ ews_endpoint: "https://exchange.invalid/EWS/Exchange.asmx" }),
    expected: { code: "HostNotFound", check: "dns", remedy: /DNS/, exitCode: 1 },
  },
  {
    what: "an account for which EWS is blocked",
    prepare: (exchange) => {
      exchange.intercept = () => ({ status: 403, headers: {}, body: "" });
    },
    expected: { code: "Http403", check: "sign-in", remedy: /EwsEnabled/, exitCode: 1 },
  },
];

for (const { what, server, prepare, keys, expected } of CASES) {
  Deno.test(`check and run name the cause and the remedy of ${what}`, async () => {
    await using exchange = await exchangeWithMail(server);
    prepare?.(exchange);
    await using customer = await customerOf(exchange, keys?.(exchange) ?? {});
    await assertDiagnosed(customer, expected, { secrets: SECRETS });
  });
}

Deno.test("check and run name what is wrong with a proxy, and what comes through it is looked at", async () => {
  const host = "exchange.test";
  await using exchange = await exchangeWithMail({ certificate: { hosts: [host] } });
  const { port, pathname } = exchange.endpoint;
  const hosts = { [`${host}:${port}`]: Number(port) };
  await using proxy = new SimulatedProxy({ hosts, credentials: "svc:prxy" });
  const keys = { ews_endpoint: `https://${host}:${port}${pathname}` };
  await using customer = await customerOf(exchange, keys);
  const through = (userInfo: string) => ({
    env: { HTTPS_PROXY: `http://${userInfo}${proxy.url.host}` },
    secrets: [...SECRETS, "prxy"],
  });

  const fine = await checkOf(customer, through("svc:prxy@"));
  assert.equal(fine.code, 0, JSON.stringify(fine.lines));
  const [line] = fine.lines.filter(({ check }) => check === "proxy");
  assert.equal(line?.finding, `reached through ${proxy.url.origin}`);

  const failure = { check: "connection", exitCode: 1 };
  await assertDiagnosed(customer, {
    ...failure,
    code: "ProxyAuthenticationRequired",
    remedy: /HTTPS_PROXY/,
  }, through(""));
  await assertDiagnosed(customer, {
    ...failure,
    code: "ProxyCredentialsRefused",
    remedy: /HTTPS_PROXY/,
  }, through("svc:wr0ng@"));
  proxy.switches.rawAnswer = new TextEncoder().encode("HTTP/1.1 403 Forbidden\r\n\r\n");
  await assertDiagnosed(customer, {
    ...failure,
    code: "ProxyForbidden",
    remedy: /NO_PROXY/,
  }, through("svc:prxy@"));
});

Deno.test("a clock that is off is said, with both times, and is no failure", async () => {
  const clock = { ...WALL_CLOCK, now: () => new Date(Date.now() - 20 * 60_000) };
  await using exchange = await exchangeWithMail({ clock });
  await using customer = await customerOf(exchange);
  const { code, lines } = await checkOf(customer, { secrets: SECRETS });
  assert.equal(code, 0, JSON.stringify(lines));
  const [line] = lines.filter(({ check }) => check === "clock");
  assert.equal(line?.verdict, "warn");
  assert.match(line?.finding ?? "", /^1\d\d\d s ahead of the server's, which is \d{4}-/);
  assert.match(line?.remedy ?? "", /NTP/);
});
