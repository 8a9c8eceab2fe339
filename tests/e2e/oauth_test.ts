import assert from "node:assert/strict";
import { join } from "node:path";
import { refusal } from "../authority/authority_answers.ts";
import { clientCertificate } from "../authority/client_certificate.ts";
import {
  type SimulatedAuthority,
  startSimulatedAuthority,
} from "../authority/simulated_authority.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { type Customer, customerOf, readDelivered } from "./customer.ts";
import { assertDiagnosed, checkOf } from "./diagnosis.ts";

const EMAILS = 60;

interface Tenant extends AsyncDisposable {
  readonly exchange: SimulatedExchange;
  readonly authority: SimulatedAuthority;
  readonly customer: Customer;
  /** The environment of the appliance: what it trusts. */
  readonly env: Readonly<Record<string, string>>;
}

/** An Exchange that takes tokens of an authority, and a customer who signs in with a secret. */
async function tenant(keys: Readonly<Record<string, unknown>> = {}): Promise<Tenant> {
  const disposables = new AsyncDisposableStack();
  const authority = disposables.use(await startSimulatedAuthority());
  const exchange = disposables.use(await startSimulatedExchange({ authentication: authority }));
  spreadCorpus([exchange.addMailbox("a@corp.example")], EMAILS);
  const customer = disposables.use(
    await customerOf(exchange, {
      auth_type: "oauth2",
      auth_user: null,
      auth_password: null,
      auth_oauth_authority: authority.url.href,
      auth_oauth_client_id: authority.clientId,
      auth_oauth_client_secret: authority.secret,
      ...keys,
    }),
  );
  const roots = join(customer.folder, "authority.pem");
  await Deno.writeTextFile(roots, authority.caPem);
  return {
    exchange,
    authority,
    customer,
    env: { SSL_CERT_FILE: roots },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

/** Tokens and assertions begin so, and the middle of any PEM key is base64. */
const SECRETS = ["s3cret~of", "token.1.", "eyJ", "MIIE"];

async function once({ customer, env }: Tenant, more: Record<string, string> = {}): Promise<Run> {
  const args = [...customer.run, "--once", "--debug-level", "2"];
  const run = await runAppliance(args, { ...env, ...more });
  assertPresentable(run, SECRETS);
  return run;
}

async function assertAllDelivered({ customer }: Tenant, run: Run): Promise<void> {
  assert.equal(run.code, 0, run.stderr);
  assert.equal((await readDelivered(customer.prefix)).length, EMAILS);
}

Deno.test("mail comes with a client secret, also one that lies in a file", async () => {
  await using set = await tenant();
  await assertAllDelivered(set, await once(set));
  const file = join(set.customer.folder, "secret");
  await Deno.writeTextFile(file, `${set.authority.secret}\n`);
  const config = JSON.parse(await Deno.readTextFile(set.customer.configFile));
  delete config.auth_oauth_client_secret;
  await Deno.writeTextFile(set.customer.configFile, JSON.stringify(config));
  await assertAllDelivered(set, await once(set, { REINFER_EWS_OAUTH_CLIENT_SECRET_FILE: file }));
  assert.equal(set.authority.refusedLogons, 0);
});

Deno.test("mail comes with a certificate, however key and thumbprint are written", async () => {
  const { certificatePem, keyPem, rsaKeyPem, sha1, sha256 } = await clientCertificate();
  const ways = [
    { key: keyPem, thumbprint: sha1 },
    { key: rsaKeyPem.replaceAll("\n", "\\n"), thumbprint: sha256.replaceAll(":", "") },
  ];
  for (const { key, thumbprint } of ways) {
    await using set = await tenant({
      auth_oauth_client_secret: null,
      auth_oauth_client_credential_private_key: key,
      auth_oauth_client_credential_thumbprint: thumbprint,
    });
    set.authority.certificates = [certificatePem];
    await assertAllDelivered(set, await once(set));
    assert.equal(set.authority.refusedLogons, 0);
  }
});

Deno.test("tokens that expire during the sync are renewed before Exchange refuses one", async () => {
  await using set = await tenant();
  set.authority.lifetimeS = 2;
  set.exchange.latencyMs = 40;
  await assertAllDelivered(set, await once(set));
  assert.ok(set.authority.requests.length > 1, "there was more than one token");
  assert.equal(set.exchange.ledger.totals().logonsRefused, 0);
});

Deno.test("a token that is revoked in mid-sync is replaced at once", async () => {
  await using set = await tenant();
  let requests = 0;
  set.exchange.intercept = (_request, next) => {
    if (++requests === 30) set.authority.revokeTokens();
    return next();
  };
  await assertAllDelivered(set, await once(set));
  assert.equal(set.authority.requests.length, 2);
});

Deno.test("an authority that is out of order for a while is waited for", async () => {
  await using set = await tenant();
  let failures = 2;
  set.authority.fault = () =>
    failures-- > 0 ? { status: 503, headers: { "Retry-After": "1" }, body: "" } : undefined;
  await assertAllDelivered(set, await once(set));
});

Deno.test("check says that a token was issued, and what it permits", async () => {
  await using set = await tenant();
  const { code, lines } = await checkOf(set.customer, { env: set.env, secrets: SECRETS });
  assert.equal(code, 0, JSON.stringify(lines));
  const token = lines.find(({ check }) => check === "token");
  assert.deepEqual([token?.of, token?.verdict], ["localhost", "pass"]);
  assert.ok(lines.some(({ check, finding }) => check === "sign-in" && /oauth2/.test(finding)));
});

/** What administrators meet, by the number of the error, and what it must be called. */
const REFUSALS: readonly (readonly [number, string, RegExp])[] = [
  [7000215, "OauthSecretWrong", /auth_oauth_client_secret/],
  [7000222, "OauthSecretExpired", /new client secret/],
  [700016, "OauthAppUnknown", /auth_oauth_client_id/],
  [65001, "OauthConsentMissing", /full_access_as_app.*consent/],
  [90002, "OauthTenantUnknown", /auth_oauth_authority/],
  [700027, "OauthCertificateUnknown", /Upload the certificate/],
  [53003, "OauthConditionalAccess", /Conditional Access/],
];

for (const [number, code, remedy] of REFUSALS) {
  Deno.test(`check and run name the cause and the remedy of AADSTS${number}, at one refused logon each`, async () => {
    await using set = await tenant();
    set.authority.fault = () => refusal(number);
    const expected = { code, check: "token", remedy, exitCode: 3 };
    await assertDiagnosed(set.customer, expected, { env: set.env, secrets: SECRETS });
    assert.equal(set.authority.refusedLogons, 2, "one by check, one by run");
  });
}

Deno.test("Exchange's refusal of a token is told apart from the authority's", async () => {
  await using set = await tenant();
  set.exchange.intercept = () => ({
    status: 403,
    headers: { "X-EWS-Policy-Reason": "EWS is blocked for this app" },
    body: "",
  });
  const expected = {
    code: "EwsBlockedByPolicy",
    check: "sign-in",
    remedy: /-EwsAllowedAppIDs/,
    exitCode: 1,
  };
  await assertDiagnosed(set.customer, expected, { env: set.env, secrets: SECRETS });
});

Deno.test("an authority whose certificate nobody trusts is named, not Exchange", async () => {
  await using set = await tenant();
  const expected = { code: "TlsUntrusted", check: "token", remedy: /SSL_CERT_FILE/, exitCode: 1 };
  await assertDiagnosed(set.customer, expected, { secrets: SECRETS });
});
