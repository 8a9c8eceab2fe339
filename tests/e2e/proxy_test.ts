import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { SimulatedProxy } from "../proxy/simulated_proxy.ts";
import { assertPresentable, onlyError, type Run, runAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";

// Only the proxy resolves this name: whatever arrives came through it.
const HOST = "exchange.test";
const EMAILS = 40;
const PROXY_PASSWORD = "prxy-p@ss/wörd";
const SECRETS = ["Pässwörd 1!", PROXY_PASSWORD, encodeURIComponent(PROXY_PASSWORD)];

interface Setting extends AsyncDisposable {
  readonly exchange: SimulatedExchange;
  readonly proxy: SimulatedProxy;
  readonly customer: Customer;
}

/** An Exchange with mail that requires channel binding and can be reached by a proxy only. */
async function setting(credentials?: string): Promise<Setting> {
  const disposables = new AsyncDisposableStack();
  const exchange = disposables.use(
    await startSimulatedExchange({ certificate: { hosts: [HOST] } }),
  );
  spreadCorpus([exchange.addMailbox("a@corp.example")], EMAILS);
  const { port, pathname } = exchange.endpoint;
  const proxy = disposables.use(
    new SimulatedProxy({
      hosts: { [`${HOST}:${port}`]: Number(port) },
      ...(credentials === undefined ? {} : { credentials }),
    }),
  );
  const ews_endpoint = `https://${HOST}:${port}${pathname}`;
  const customer = disposables.use(await customerOf(exchange, { ews_endpoint }));
  return {
    exchange,
    proxy,
    customer,
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

async function once({ run: args }: Customer, env: Record<string, string>): Promise<Run> {
  const run = await runAppliance([...args, "--once"], env);
  assertPresentable(run, SECRETS);
  return run;
}

Deno.test("mail comes through a proxy with credentials; the proxy's password is not shown", async () => {
  await using set = await setting(`CORP\\svc:${PROXY_PASSWORD}`);
  const { proxy, customer } = set;
  const userInfo = `CORP%5Csvc:${encodeURIComponent(PROXY_PASSWORD)}`;
  const run = await once(customer, { HTTPS_PROXY: `http://${userInfo}@${proxy.url.host}` });
  assert.equal(run.code, 0, run.stderr);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
  assert.ok(proxy.requests.every(({ method }) => method === "CONNECT"));
});

Deno.test("a proxy that wants credentials is one line that says so, and Exchange is not asked", async () => {
  await using set = await setting(`svc:${PROXY_PASSWORD}`);
  const { exchange, proxy, customer } = set;
  const run = await once(customer, { https_proxy: proxy.url.host });
  assert.equal(run.code, 1);
  assert.equal(onlyError(run).code, "ProxyAuthenticationRequired");
  assert.equal(exchange.connections, 0);
});

Deno.test("refused proxy credentials are sent once", async () => {
  await using set = await setting(`svc:${PROXY_PASSWORD}`);
  const { proxy, customer } = set;
  const run = await once(customer, { HTTPS_PROXY: `http://svc:hunter2@${proxy.url.host}` });
  assert.equal(run.code, 1);
  assert.equal(onlyError(run).code, "ProxyCredentialsRefused");
  assert.doesNotMatch(run.stdout + run.stderr, /hunter2/);
  assert.equal(proxy.requests.length, 1);
});

Deno.test("a proxy that is not there is named; NO_PROXY goes around it", async () => {
  await using set = await setting();
  const { proxy, customer } = set;
  const gone = proxy.url.host;
  await proxy[Symbol.asyncDispose]();
  const run = await once(customer, { HTTPS_PROXY: gone });
  assert.equal(run.code, 1);
  const line = onlyError(run);
  assert.equal(line.code, "ProxyConnectionRefused");
  assert.ok(String(line.reason).startsWith(`Cannot connect to proxy "${gone}": refused`));
  const around = await once(customer, { HTTPS_PROXY: gone, NO_PROXY: ".test" });
  assert.equal(onlyError(around).code, "HostNotFound");
});

Deno.test("an unusable proxy is a config error, with exit code 2 and without the password", async () => {
  await using set = await setting();
  const { exchange, customer } = set;
  const run = await once(customer, { HTTPS_PROXY: "socks5://svc:hunter2@proxy:1080" });
  assert.equal(run.code, 2);
  assert.match(run.stdout + run.stderr, /HTTPS_PROXY: .*SOCKS is not supported/);
  assert.doesNotMatch(run.stdout + run.stderr, /hunter2/);
  assert.equal(exchange.connections, 0);
});
