import assert from "node:assert/strict";
import { Secret } from "../../src/core/secret.ts";
import { CredentialGate } from "../../src/http/credential_gate.ts";
import { createNtlmTransport } from "../../src/http/ntlm_transport.ts";
import type { HttpProxy } from "../../src/http/proxy.ts";
import { TestAuthority } from "../../src/http/testing/certificates.ts";
import { textOf } from "../../src/http/testing/text_of.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { systemClock } from "../../src/runtime/system.ts";
import {
  type SimulatedExchange,
  type SimulatedExchangeOptions,
  startSimulatedExchange,
} from "../exchange/simulated_exchange.ts";
import { SimulatedProxy, type SimulatedProxyOptions } from "./simulated_proxy.ts";

const HOST = "exchange.test";
const FOREVER = { signal: new AbortController().signal };
const FIND_FOLDER = `<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"
  xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">
  <soap:Header><t:RequestServerVersion Version="Exchange2016"/></soap:Header>
  <soap:Body><m:GetFolder>
    <m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>
    <m:FolderIds><t:DistinguishedFolderId Id="inbox">
      <t:Mailbox><t:EmailAddress>a@corp.example</t:EmailAddress></t:Mailbox>
    </t:DistinguishedFolderId></m:FolderIds>
  </m:GetFolder></soap:Body>
</soap:Envelope>`;

/** Asks for a folder `count` times, one after the other, and gives the statuses. */
async function ask(
  exchange: SimulatedExchange,
  proxy: HttpProxy,
  count: number,
): Promise<readonly number[]> {
  const { protocol, port, pathname } = exchange.endpoint;
  const endpoint = new URL(`${protocol}//${HOST}:${port}${pathname}`);
  await using transport = createNtlmTransport({
    endpoint,
    user: exchange.account.principalName,
    password: new Secret(exchange.account.password),
    gate: new CredentialGate(exchange.account.principalName, systemClock),
    trust: { verify: true, extraRoots: exchange.caPem ? [exchange.caPem] : [] },
    clock: systemClock,
    proxy,
  });
  const statuses: number[] = [];
  for (let asked = 0; asked < count; asked++) {
    const response = await transport.send({
      method: "POST",
      url: endpoint,
      headers: { "content-type": "text/xml; charset=utf-8" },
      body: new TextEncoder().encode(FIND_FOLDER),
    }, FOREVER);
    assert.match(await textOf(response), /NoError/);
    statuses.push(response.status);
  }
  return statuses;
}

/** An Exchange that only the proxy can reach. */
async function behindProxy(options: SimulatedExchangeOptions, ofProxy: SimulatedProxyOptions = {}) {
  const exchange = await startSimulatedExchange({ certificate: { hosts: [HOST] }, ...options });
  exchange.addMailbox("a@corp.example");
  const { port } = exchange.endpoint;
  const proxy = new SimulatedProxy({ ...ofProxy, hosts: { [`${HOST}:${port}`]: Number(port) } });
  return { exchange, proxy };
}

undiciCase("NTLM with the channel binding that Exchange requires works in a tunnel", async () => {
  const { exchange, proxy } = await behindProxy({ channelBinding: "required" });
  await using _exchange = exchange;
  await using _proxy = proxy;
  assert.deepEqual(await ask(exchange, { url: proxy.url }, 3), [200, 200, 200]);
  assert.equal(exchange.ledger.totals().logons, 1);
  assert.equal(exchange.connections, 1);
  assert.equal(proxy.requests.length, 1);
});

undiciCase("and in a tunnel of an https proxy that asks for credentials", async () => {
  const authority = await TestAuthority.create();
  const { exchange, proxy } = await behindProxy({ channelBinding: "required" }, {
    certificate: await authority.issue(),
    credentials: "svc-proxy:secret",
  });
  await using _exchange = exchange;
  await using _proxy = proxy;
  const given = {
    url: proxy.url,
    user: "svc-proxy",
    password: new Secret("secret"),
    extraRoots: [authority.pem],
  };
  assert.deepEqual(await ask(exchange, given, 3), [200, 200, 200]);
  assert.equal(exchange.ledger.totals().logons, 1);
});

undiciCase("NTLM over http works through a proxy that keeps connections together", async () => {
  const { exchange, proxy } = await behindProxy({ tls: false });
  await using _exchange = exchange;
  await using _proxy = proxy;
  assert.deepEqual(await ask(exchange, { url: proxy.url }, 3), [200, 200, 200]);
  assert.equal(exchange.ledger.totals().logons, 1);
});
