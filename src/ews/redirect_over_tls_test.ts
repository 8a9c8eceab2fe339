import assert from "node:assert/strict";
import type { Intercept } from "../../tests/exchange/exchange_connection.ts";
import {
  type SimulatedExchange,
  startSimulatedExchange,
} from "../../tests/exchange/simulated_exchange.ts";
import { WALL_CLOCK } from "../../tests/exchange/wall_clock.ts";
import { Secret } from "../core/secret.ts";
import { CredentialGate } from "../http/credential_gate.ts";
import { createNtlmTransport } from "../http/ntlm_transport.ts";
import { undiciCase } from "../http/testing/undici_case.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { createExchangeSource } from "./exchange_source.ts";
import { ALICE } from "./testing/simulated_source.ts";

const redirectTo = (location: string): Intercept => () => ({
  status: 301,
  headers: { location, "content-type": "text/html" },
  body: "<html><body>Object moved</body></html>",
});

/** Probes a mailbox with NTLM over TLS, so many times. */
async function probe(exchange: SimulatedExchange, times = 1): Promise<void> {
  const { endpoint, account, caPem } = exchange;
  await using transport = createNtlmTransport({
    endpoint,
    user: account.principalName,
    password: new Secret(account.password),
    gate: new CredentialGate(account.principalName, WALL_CLOCK),
    trust: { verify: true, extraRoots: [caPem!] },
    clock: WALL_CLOCK,
  });
  const source = createExchangeSource({
    transport,
    endpoint,
    accessType: "impersonation",
    env: { ...testEnv(), clock: WALL_CLOCK },
  });
  for (let time = 0; time < times; time++) await source.probe(ALICE, NO_ABORT);
}

undiciCase(
  "a redirect within the server is followed on the same connection with the same sign-in",
  async () => {
    await using exchange = await startSimulatedExchange();
    exchange.addMailbox(ALICE.address);
    let requests = 0;
    exchange.intercept = (request, next) =>
      ++requests === 2 ? redirectTo("/ews/exchange.asmx?moved")(request, next) : next();
    await probe(exchange, 3);
    assert.equal(requests, 4);
    assert.equal(exchange.connections, 1);
    const { logons, logonsRefused } = exchange.ledger.totals();
    assert.deepEqual([logons, logonsRefused], [1, 0]);
  },
);

undiciCase(
  "a redirect to another server brings no connection to it, and no credentials",
  async () => {
    await using exchange = await startSimulatedExchange();
    await using other = await startSimulatedExchange();
    exchange.addMailbox(ALICE.address);
    exchange.intercept = redirectTo(other.endpoint.href);
    await assert.rejects(probe(exchange), (error) => {
      assert.ok(error instanceof Error && "code" in error && "hint" in error);
      assert.equal(error.code, "HttpRedirect");
      return String(error.hint).includes(other.endpoint.host);
    });
    assert.equal(other.connections, 0);
  },
);
