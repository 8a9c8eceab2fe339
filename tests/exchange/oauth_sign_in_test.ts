import assert from "node:assert/strict";
import type { Mailbox } from "../../src/core/mailbox.ts";
import { Secret } from "../../src/core/secret.ts";
import { createExchangeSource } from "../../src/ews/exchange_source.ts";
import { CredentialGate } from "../../src/http/credential_gate.ts";
import { createMsalTokenSource } from "../../src/http/msal_tokens.ts";
import { createOauthTransport } from "../../src/http/oauth_transport.ts";
import { ShiftedClock } from "../../src/http/testing/shifted_clock.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { silentLog } from "../../src/http/testing/warning_log.ts";
import { startSimulatedAuthority } from "../authority/simulated_authority.ts";
import { corpusEmails } from "./corpus.ts";
import { spreadCorpus } from "./corpus_delivery.ts";
import { startSimulatedExchange } from "./simulated_exchange.ts";

const FOREVER = { signal: new AbortController().signal };

undiciCase("a mailbox is read on while tokens expire and are revoked", async () => {
  const clock = new ShiftedClock();
  await using authority = await startSimulatedAuthority({ clock });
  await using exchange = await startSimulatedExchange({ authentication: authority });
  const mailbox: Mailbox = {
    address: exchange.addMailbox("jane@corp.example").address,
    bucket: { owner: "owner", name: "bucket" },
    startFrom: "bucket",
  };
  spreadCorpus(exchange.store.mailboxes(), Math.min(40, corpusEmails().length));
  const { endpoint } = exchange;
  await using tokens = createMsalTokenSource({
    authority: authority.url,
    clientId: authority.clientId,
    credential: { secret: new Secret(authority.secret) },
    scope: `${endpoint.origin}/.default`,
    gate: new CredentialGate(authority.clientId, clock),
    clock,
    log: silentLog,
    caCerts: [authority.caPem],
  });
  const trust = { verify: true, extraRoots: [exchange.caPem!] };
  await using transport = createOauthTransport({ endpoint, tokens, trust, clock });
  const env = { clock, entropy: { next: () => 0 }, log: silentLog };
  const accessType = "impersonation";
  const source = createExchangeSource({ transport, endpoint, accessType, env });

  const { folders } = await source.folders(mailbox, FOREVER);
  let found = 0;
  for (const [index, folder] of folders.entries()) {
    if (index % 3 === 0) clock.advance(authority.lifetimeS * 1000);
    if (index % 3 === 1) authority.revokeTokens();
    const options = { token: undefined, limit: 100, ...FOREVER };
    found += (await source.changes({ mailbox, folder }, options)).changes.length;
  }
  assert.equal(found, 40);
  const renewals = folders.filter((_, index) => index % 3 < 2).length;
  assert.equal(authority.requests.length, 1 + renewals);
  assert.equal(authority.refusedLogons, 0);
});
