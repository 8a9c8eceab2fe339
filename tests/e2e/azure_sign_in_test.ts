import assert from "node:assert/strict";
import { refusal } from "../authority/authority_answers.ts";
import { clientCertificate } from "../authority/client_certificate.ts";
import { encryptedKeyOf } from "../azure/encrypted_key.ts";
import { type BlobRefusal, startRefusingService } from "../azure/refusing_service.ts";
import { SimulatedProxy } from "../proxy/simulated_proxy.ts";
import { onlyError } from "./appliance.ts";
import { expected } from "./azure_customer.ts";
import { AZURE_HOSTS, azureTenant, type Machine } from "./azure_tenant.ts";
import { assertDiagnosed, type Expected } from "./diagnosis.ts";
import { fakeAzureCli } from "./fake_azure_cli.ts";

const tenant = await azureTenant();
const { identity, application } = tenant;
const mail = expected(tenant);
const registered = await clientCertificate();
identity.certificates = [registered.certificatePem];
Deno.test.afterAll(async () => {
  await tenant[Symbol.asyncDispose]();
});

type Variables = Readonly<Record<string, string>>;

const SECRET: Variables = { ...application, AZURE_CLIENT_SECRET: identity.secret };
const CERTIFICATE: Variables = {
  ...application,
  AZURE_CLIENT_CERTIFICATE_PATH: await tenant.file(
    "application.pem",
    registered.keyPem + registered.certificatePem,
  ),
};
const PASSWORD = "pass phräse";
const LOCKED_CERTIFICATE: Variables = {
  ...application,
  AZURE_CLIENT_CERTIFICATE_PATH: await tenant.file(
    "locked.pem",
    registered.certificatePem + encryptedKeyOf(registered.keyPem, PASSWORD),
  ),
  AZURE_CLIENT_CERTIFICATE_PASSWORD: PASSWORD,
};
const WORKLOAD: Variables = {
  ...application,
  AZURE_FEDERATED_TOKEN_FILE: await tenant.file("token", identity.federatedToken),
};
const APP: Variables = {
  IDENTITY_ENDPOINT: new URL("/msi/token", identity.metadata).href,
  IDENTITY_HEADER: identity.identityHeader,
};
const VIRTUAL_MACHINE: Variables = {
  AZURE_POD_IDENTITY_AUTHORITY_HOST: identity.metadata.origin,
};

/** What `check` calls a way, and how its user proves itself to who issues tokens. */
const WAYS: readonly (readonly [string, Variables, string])[] = [
  ["environment (AZURE_CLIENT_SECRET)", SECRET, "secret"],
  ["environment (AZURE_CLIENT_CERTIFICATE_PATH)", CERTIFICATE, "certificate"],
  ["environment (AZURE_CLIENT_CERTIFICATE_PATH)", LOCKED_CERTIFICATE, "certificate"],
  ["workload identity (AZURE_FEDERATED_TOKEN_FILE)", WORKLOAD, "federated"],
  ["managed identity", APP, "app"],
  ["managed identity", VIRTUAL_MACHINE, "virtual machine"],
];

async function assertNamedByCheck(machine: Machine, way: string): Promise<void> {
  const { code, line } = await machine.destination();
  assert.deepEqual([code, line.verdict], [0, "pass"], line.finding);
  assert.ok(line.finding.endsWith(`; signed in with: ${way}`), line.finding);
}

async function assertMailComes(machine: Machine, way: string): Promise<void> {
  const run = await machine.once();
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(await machine.contents(), mail);
  const said = run.log.filter(({ msg }) => msg === "Signed in to Azure.");
  assert.deepEqual(said.map(({ credential }) => credential), [way]);
}

for (const [number, [way, variables, proof]] of WAYS.entries()) {
  Deno.test(`mail comes with ${way}, one sign-in each, and check names it (${number + 1})`, async () => {
    const machine = tenant.machine(variables);
    const before = identity.asked;
    await assertNamedByCheck(machine, way);
    await assertMailComes(machine, way);
    assert.deepEqual(identity.issued.slice(-2), [proof, proof]);
    assert.equal(identity.asked - before, 2);
  });
}

Deno.test("mail comes with whoever has signed in with the Azure CLI, where nothing else is", async () => {
  await using cli = await fakeAzureCli(identity.token());
  const machine = tenant.machine({ PATH: cli.path, AZURE_TENANT_ID: identity.tenantId });
  const before = identity.asked;
  await assertNamedByCheck(machine, "Azure CLI");
  await assertMailComes(machine, "Azure CLI");
  const call = "account get-access-token --output json --resource https://storage.azure.com " +
    `--tenant ${identity.tenantId}`;
  assert.deepEqual(await cli.calls(), [call, call]);
  assert.equal(identity.asked, before);
});

Deno.test("of several ways the first counts: secret, certificate, workload, managed identity", async () => {
  await using cli = await fakeAzureCli(identity.token());
  let variables: Variables = { PATH: cli.path };
  const before = identity.issued.length;
  for (const added of [APP, WORKLOAD, CERTIFICATE, SECRET]) {
    variables = { ...variables, ...added };
    const { line } = await tenant.machine(variables).destination();
    assert.equal(line.verdict, "pass", line.finding);
  }
  const proofs = ["app", "federated", "certificate", "secret"];
  assert.deepEqual(identity.issued.slice(before), proofs);
  assert.deepEqual(await cli.calls(), []);
});

Deno.test("tokens that expire in mid-sync are renewed, with what the cluster has put into the file", async () => {
  const { exchange } = tenant;
  const machine = tenant.machine(WORKLOAD);
  const { asked, issued: { length: before } } = identity;
  identity.lifetimeS = 1;
  exchange.latencyMs = 40;
  // Behind the first token, which is judged already: from then on only the next one is good.
  identity.fault = () => {
    identity.federatedToken = "header.of-the-next-hour.signature";
    Deno.writeTextFileSync(WORKLOAD.AZURE_FEDERATED_TOKEN_FILE!, identity.federatedToken);
    return undefined;
  };
  try {
    await assertMailComes(machine, "workload identity (AZURE_FEDERATED_TOKEN_FILE)");
  } finally {
    identity.lifetimeS = 3600;
    exchange.latencyMs = 0;
    identity.fault = undefined;
  }
  assert.ok(identity.issued.length > before + 1, "there was more than one token");
  assert.deepEqual(new Set(identity.issued.slice(before)), new Set(["federated"]));
  assert.equal(identity.asked - asked, identity.issued.length - before, "none was refused");
});

Deno.test("Azure's own addresses are reached through a proxy, and this machine's service is not", async () => {
  const { authority, blobs } = AZURE_HOSTS;
  await using proxy = new SimulatedProxy({
    hosts: {
      [`${authority}:443`]: Number(identity.authority.port),
      [`${blobs}:443`]: Number(new URL(tenant.azurite.endpoint).port),
    },
  });
  const azure = {
    HTTPS_PROXY: proxy.url.origin,
    HTTP_PROXY: proxy.url.origin,
    AZURE_AUTHORITY_HOST: "",
    REINFER_EWS_AZURE_BLOB_ENDPOINT: "",
  };
  const tunnelled = () => new Set(proxy.requests.splice(0).map(({ path }) => path));
  await assertMailComes(
    tenant.machine({ ...SECRET, ...azure }),
    "environment (AZURE_CLIENT_SECRET)",
  );
  assert.deepEqual(tunnelled(), new Set([`${authority}:443`, `${blobs}:443`]));
  await assertMailComes(tenant.machine({ ...APP, ...azure }), "managed identity");
  assert.deepEqual(tunnelled(), new Set([`${blobs}:443`]));
});

interface Failure extends Pick<Expected, "code" | "remedy"> {
  readonly name: string;
  readonly variables: Variables;
  /** In place of what the identity services would answer: the number of an error. */
  readonly refused?: number;
  /** In place of the Blob service. */
  readonly blobs?: BlobRefusal;
  /** For what tokens are issued. */
  readonly audience?: string;
  /** Requests for a token that each process may make. */
  readonly signIns: number;
}

const expired = await clientCertificate({ notAfter: new Date("2021-01-01") });
const stranger = await clientCertificate();
identity.certificates = [registered.certificatePem, expired.certificatePem];

const FAILURES: readonly Failure[] = [
  {
    name: "a wrong client secret",
    variables: { ...SECRET, AZURE_CLIENT_SECRET: "wr0ng~secret" },
    code: "OauthSecretWrong",
    remedy: /value of a client secret, not its ID, into AZURE_CLIENT_SECRET/,
    signIns: 1,
  },
  {
    name: "a certificate that has expired",
    variables: {
      ...application,
      AZURE_CLIENT_CERTIFICATE_PATH: await tenant.file(
        "expired.pem",
        expired.keyPem + expired.certificatePem,
      ),
    },
    code: "OauthCertificateRevoked",
    remedy: /Upload a new certificate .*AZURE_CLIENT_CERTIFICATE_PATH/,
    signIns: 1,
  },
  {
    name: "a certificate that nobody has registered",
    variables: {
      ...application,
      AZURE_CLIENT_CERTIFICATE_PATH: await tenant.file(
        "stranger.pem",
        stranger.keyPem + stranger.certificatePem,
      ),
    },
    code: "OauthCertificateUnknown",
    remedy: /Upload the certificate .*AZURE_CLIENT_CERTIFICATE_PATH/,
    signIns: 1,
  },
  {
    name: "a password that does not open the key",
    variables: { ...LOCKED_CERTIFICATE, AZURE_CLIENT_CERTIFICATE_PASSWORD: "wr0ng~password" },
    code: "AzureCredentialInvalid",
    remedy: /AZURE_CLIENT_CERTIFICATE_PASSWORD/,
    signIns: 0,
  },
  {
    name: "a service account that the application does not trust",
    variables: WORKLOAD,
    refused: 700213,
    code: "OauthFederationUnknown",
    remedy: /federated credential/,
    signIns: 1,
  },
  {
    name: "a machine without an identity",
    variables: { ...APP, AZURE_CLIENT_ID: crypto.randomUUID() },
    code: "AzureCredentialInvalid",
    remedy: /Assign a managed identity/,
    signIns: 1,
  },
  {
    name: "nothing to sign in with",
    variables: {},
    code: "AzureCredentialMissing",
    remedy: /AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET/,
    signIns: 0,
  },
  {
    name: "a missing role",
    variables: SECRET,
    blobs: { status: 403, code: "AuthorizationPermissionMismatch" },
    code: "AuthorizationPermissionMismatch",
    remedy:
      /--role "Storage Blob Data Contributor" --assignee-object-id [0-9a-f-]{36} .*containers\/mail/,
    signIns: 1,
  },
  {
    name: "a token for another service, as the emulator refuses it",
    variables: SECRET,
    audience: "https://graph.microsoft.com",
    code: "AuthenticationFailed",
    remedy: /AZURE_TENANT_ID/,
    signIns: 1,
  },
  {
    name: "a token for another service, as Azure refuses it",
    variables: SECRET,
    blobs: { status: 401, code: "InvalidAuthenticationInfo" },
    code: "InvalidAuthenticationInfo",
    remedy: /AZURE_TENANT_ID/,
    // A 401 is answered by one newer token.
    signIns: 2,
  },
];

for (const { name, signIns, ...failure } of FAILURES) {
  Deno.test(`${name} is said by check and run alike, in one error, and not asked about again`, async () => {
    const { blobs, refused, audience } = failure;
    await using service = blobs && startRefusingService(identity, blobs);
    const endpoint = service && { REINFER_EWS_AZURE_BLOB_ENDPOINT: service.endpoint };
    const machine = tenant.machine({ ...failure.variables, ...endpoint });
    const { audience: usual, asked } = identity;
    if (audience !== undefined) identity.audience = audience;
    if (refused !== undefined) identity.fault = () => refusal(refused);
    try {
      await assertUnusable(machine, failure);
    } finally {
      identity.fault = undefined;
      identity.audience = usual;
    }
    assert.equal(identity.asked - asked, 2 * signIns, "by check and by run");
  });
}

Deno.test("an authority that cannot be reached is named as such", async () => {
  const nobody = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = nobody.addr;
  nobody.close();
  const machine = tenant.machine({ ...SECRET, AZURE_AUTHORITY_HOST: `https://localhost:${port}` });
  // Both wait for it a while.
  const [{ code, line }, run] = await Promise.all([machine.destination(), machine.once()]);
  const said = onlyError(run);
  assert.deepEqual([code, line.code, run.code, said.code], [
    4,
    "ConnectionRefused",
    4,
    "ConnectionRefused",
  ]);
  for (const remedy of [line.remedy, said.hint]) {
    assert.match(String(remedy), new RegExp(`localhost:${port}.*AZURE_AUTHORITY_HOST`));
  }
});

/** The destination is what fails, with exit code 4; nothing else does, and nothing else is said. */
async function assertUnusable(
  machine: Machine,
  { code, remedy }: Pick<Expected, "code" | "remedy">,
): Promise<void> {
  const { lines, run } = await assertDiagnosed(
    machine,
    { code, remedy, check: "destination", exitCode: 4 },
    { ...machine.options, secrets: [...machine.options.secrets, "wr0ng", PASSWORD] },
  );
  assert.deepEqual(lines.filter(({ verdict }) => verdict === "fail").map(({ check }) => check), [
    "destination",
  ]);
  assert.equal(onlyError(run).code, code);
}
