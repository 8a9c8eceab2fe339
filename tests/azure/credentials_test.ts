import assert from "node:assert/strict";
import { join } from "node:path";
import { SyncError } from "../../src/core/errors.ts";
import type { CommandResult } from "../../src/azure/credentials/azure_cli.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { SimulatedProxy } from "../proxy/simulated_proxy.ts";
import { clientCertificate } from "../authority/client_certificate.ts";
import { sampleEmail, sampleMailbox } from "../contract/sample_emails.ts";
import { azureSubject, CONNECTION_STRING } from "./azure_subject.ts";
import { ACCOUNT, startAzurite } from "./azurite.ts";
import { encryptedKeyOf } from "./encrypted_key.ts";
import { startIdentityServices } from "./identity_services.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const EMAIL = sampleEmail("<a@x>");
const NOT_THERE = new URL("http://127.0.0.1:1");

const files = await Deno.makeTempDir();
const identity = await startIdentityServices();
const fileWith = async (name: string, text: string) => {
  const path = join(files, name);
  await Deno.writeTextFile(path, text);
  return path;
};
const azurite = await startAzurite({
  tls: {
    certificate: await fileWith("server.pem", identity.certificatePem),
    key: await fileWith("server.key", identity.keyPem),
  },
});
Deno.test.afterAll(async () => {
  await azurite[Symbol.asyncDispose]();
  await identity[Symbol.asyncDispose]();
  await Deno.remove(files, { recursive: true });
});

const APPLICATION = {
  AZURE_AUTHORITY_HOST: identity.authority.origin,
  AZURE_TENANT_ID: identity.tenantId,
  AZURE_CLIENT_ID: identity.clientId,
};

interface Machine {
  readonly variables?: Readonly<Record<string, string>>;
  /** Of the Instance Metadata Service; default: there is none. */
  readonly instanceMetadata?: URL;
  readonly az?: CommandResult;
  /** Between this machine and everything else. */
  readonly proxy?: URL;
}

/** A destination on the emulator, over TLS, on a machine that is so. */
async function on({ variables = {}, instanceMetadata = NOT_THERE, az, proxy }: Machine) {
  const commands: string[] = [];
  const subject = await azureSubject(azurite, {
    caCerts: [identity.caPem],
    readerCaCerts: [identity.caPem],
    variable: (name) => variables[name],
    readFile: (path) => Deno.readFile(path),
    runCommand: (program, args) => {
      commands.push([program, ...args].join(" "));
      return Promise.resolve(az);
    },
    instanceMetadata,
    proxyFor: () => proxy && { url: proxy },
  });
  return { ...subject, commands };
}

/** Delivers an email there; resolves to how whoever did it has proved itself. */
async function signInOn(machine: Machine): Promise<readonly string[]> {
  await using subject = await on(machine);
  const before = identity.issued.length;
  await using _held = await subject.states.open(MAILBOX, { signal });
  await (await subject.sink.open(MAILBOX, { signal })).put([EMAIL], { signal });
  assert.equal((await subject.stored(MAILBOX)).length, 1);
  return identity.issued.slice(before);
}

/** The error with which a machine cannot sign in. */
async function failureOn(machine: Machine): Promise<SyncError> {
  await using subject = await on(machine);
  const thrown = await subject.sink.probe({ signal }).then(() => undefined, (error) => error);
  assert.ok(thrown instanceof SyncError, "signing in fails");
  assert.equal(thrown.kind, "destination");
  assert.ok(thrown.hint);
  const said = JSON.stringify([thrown.message, thrown.hint, subject.lines]);
  for (const secret of [identity.secret, identity.federatedToken, identity.identityHeader, "eyJ"]) {
    assert.ok(!said.includes(secret), said);
  }
  return thrown;
}

undiciCase("an application signs in with its secret, once for everything", async () => {
  const variables = { ...APPLICATION, AZURE_CLIENT_SECRET: identity.secret };
  assert.deepEqual(await signInOn({ variables }), ["secret"]);
});

undiciCase("an application signs in with its certificate, its key encrypted or not", async () => {
  const { certificatePem, keyPem } = await clientCertificate();
  const stranger = await clientCertificate();
  identity.certificates = [certificatePem];
  const encrypted = encryptedKeyOf(keyPem, "pass phrase");
  const path = await fileWith(
    "plain.pem",
    `${keyPem}\n${stranger.certificatePem}\n${certificatePem}`,
  );
  const secretPath = await fileWith("encrypted.pem", `${certificatePem}\n${encrypted}`);
  const plain = { ...APPLICATION, AZURE_CLIENT_CERTIFICATE_PATH: path };
  assert.deepEqual(await signInOn({ variables: plain }), ["certificate"]);
  const chained = { ...plain, AZURE_CLIENT_SEND_CERTIFICATE_CHAIN: "true" };
  assert.deepEqual(await signInOn({ variables: chained }), ["certificate"]);
  const locked = {
    ...APPLICATION,
    AZURE_CLIENT_CERTIFICATE_PATH: secretPath,
    AZURE_CLIENT_CERTIFICATE_PASSWORD: "pass phrase",
  };
  assert.deepEqual(await signInOn({ variables: locked }), ["certificate"]);
  const wrong = await failureOn({
    variables: { ...locked, AZURE_CLIENT_CERTIFICATE_PASSWORD: "wr0ng" },
  });
  assert.match(wrong.message, /decrypted with AZURE_CLIENT_CERTIFICATE_PASSWORD/);
  assert.ok(!wrong.message.includes("wr0ng"));
  const oldForm = keyPem.replace("KEY-----", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n");
  const oldPath = await fileWith("old.pem", certificatePem + oldForm);
  const old = await failureOn({
    variables: { ...locked, AZURE_CLIENT_CERTIFICATE_PATH: oldPath },
  });
  assert.match(old.message, /encrypted in an old form/);
  identity.certificates = [];
  const { code, hint } = await failureOn({ variables: plain });
  assert.equal(code, "OauthCertificateUnknown");
  assert.match(hint ?? "", /AZURE_CLIENT_CERTIFICATE_PATH/);
});

undiciCase("a pod signs in with the token that its cluster puts into a file", async () => {
  const path = await fileWith("token", identity.federatedToken);
  const variables = { ...APPLICATION, AZURE_FEDERATED_TOKEN_FILE: path };
  assert.deepEqual(await signInOn({ variables }), ["federated"]);
  await Deno.writeTextFile(path, " \n");
  assert.match((await failureOn({ variables })).message, /AZURE_FEDERATED_TOKEN_FILE: .* is empty/);
  const lost = { ...APPLICATION, AZURE_FEDERATED_TOKEN_FILE: join(files, "none") };
  const { message } = await failureOn({ variables: lost });
  assert.match(message, /AZURE_FEDERATED_TOKEN_FILE: ".*none" cannot be read/);
});

undiciCase("a machine signs in with the identity that Azure gives it", async () => {
  const instanceMetadata = identity.metadata;
  assert.deepEqual(await signInOn({ instanceMetadata }), ["virtual machine"]);
  const chosen = { AZURE_CLIENT_ID: identity.clientId };
  assert.deepEqual(await signInOn({ instanceMetadata, variables: chosen }), ["virtual machine"]);
  const pod = { AZURE_POD_IDENTITY_AUTHORITY_HOST: instanceMetadata.origin };
  assert.deepEqual(await signInOn({ variables: pod }), ["virtual machine"]);
  const app = {
    IDENTITY_ENDPOINT: new URL("/msi/token", instanceMetadata).href,
    IDENTITY_HEADER: identity.identityHeader,
  };
  assert.deepEqual(await signInOn({ variables: app }), ["app"]);
});

undiciCase(
  "whoever signed in with the Azure CLI is who signs in, where nothing else is",
  async () => {
    const stdout = JSON.stringify({
      accessToken: identity.token(),
      expires_on: Math.floor(Date.now() / 1000) + 3600,
      tokenType: "Bearer",
    });
    await using subject = await on({
      az: { code: 0, stdout, stderr: "" },
      variables: { AZURE_TENANT_ID: identity.tenantId },
    });
    await subject.sink.probe({ signal });
    assert.deepEqual(subject.commands, [
      "az account get-access-token --output json --resource https://storage.azure.com --tenant " +
      identity.tenantId,
    ]);
  },
);

undiciCase(
  "authority and service are reached through a proxy, this machine's own service is not",
  async () => {
    const services = [new URL(azurite.endpoint), identity.authority];
    const hosts = Object.fromEntries(services.map(({ host, port }) => [host, Number(port)]));
    await using proxy = new SimulatedProxy({ hosts });
    const variables = { ...APPLICATION, AZURE_CLIENT_SECRET: identity.secret };
    assert.deepEqual(await signInOn({ variables, proxy: proxy.url }), ["secret"]);
    const tunnels = new Set(proxy.requests.map(({ method, path }) => `${method} ${path}`));
    assert.deepEqual(tunnels, new Set(services.map(({ host }) => `CONNECT ${host}`)));
    const asked = proxy.requests.length;
    const machine = { instanceMetadata: identity.metadata, proxy: proxy.url };
    assert.deepEqual(await signInOn(machine), ["virtual machine"]);
    const others = proxy.requests.slice(asked).map(({ path }) => path);
    assert.deepEqual(new Set(others), new Set([services[0]!.host]));
  },
);

undiciCase("a certificate that is not trusted is a matter of this machine's roots", async () => {
  await using subject = await azureSubject(azurite, { readerCaCerts: [identity.caPem] });
  await assert.rejects(subject.sink.probe({ signal }), (thrown) => {
    assert.ok(thrown instanceof SyncError);
    assert.match(thrown.hint ?? "", /SSL_CERT_FILE/);
    assert.ok(!/ews_ssl/.test(thrown.hint ?? ""), thrown.hint);
    return thrown.kind === "destination";
  });
});

undiciCase("an account key needs nobody to sign in to", async () => {
  const variables = { AZURE_STORAGE_CONNECTION_STRING: CONNECTION_STRING };
  assert.deepEqual(await signInOn({ variables }), []);
});

undiciCase(
  "where there is nothing to sign in with, one error names all that was looked for",
  async () => {
    const { code, message, hint } = await failureOn({});
    assert.equal(code, "AzureCredentialMissing");
    const looked = [
      "AZURE_CLIENT_SECRET",
      "AZURE_FEDERATED_TOKEN_FILE",
      "managed identity",
      "az is",
    ];
    for (const words of looked) assert.ok(message.includes(words), message);
    assert.match(hint ?? "", /AZURE_STORAGE_CONNECTION_STRING/);
    const signedOut = {
      code: 1,
      stdout: "",
      stderr: "ERROR: Please run 'az login' to setup account.",
    };
    assert.match((await failureOn({ az: signedOut })).message, /nobody has signed in \(az login\)/);
  },
);

undiciCase("what is configured and fails is reported, and nothing takes its place", async () => {
  const instanceMetadata = identity.metadata;
  const before = identity.issued.length;
  const wrong = { ...APPLICATION, AZURE_CLIENT_SECRET: "wr0ng" };
  const { code, message, hint } = await failureOn({ variables: wrong, instanceMetadata });
  assert.equal(code, "OauthSecretWrong");
  assert.match(message, /AADSTS7000215/);
  assert.match(hint ?? "", /AZURE_CLIENT_SECRET/);
  assert.ok(!/auth_oauth/.test(hint ?? ""), hint);
  const { AZURE_TENANT_ID: _, ...incomplete } = wrong;
  const lacking = await failureOn({ variables: incomplete, instanceMetadata });
  assert.equal(lacking.message, "AZURE_CLIENT_SECRET is set and AZURE_TENANT_ID is not");
  const stranger = { AZURE_CLIENT_ID: crypto.randomUUID() };
  const pod = { ...stranger, AZURE_POD_IDENTITY_AUTHORITY_HOST: instanceMetadata.origin };
  assert.match((await failureOn({ variables: pod })).message, /gives no token: HTTP 400/);
  assert.deepEqual(identity.issued.slice(before), []);
});

undiciCase("what answers in the authority's place is named by what is set here", async () => {
  const variables = { ...APPLICATION, AZURE_CLIENT_SECRET: identity.secret };
  const pages = [{ status: 404, headers: {}, body: "<html>" }, {
    status: 200,
    headers: {},
    body: "x".repeat(2_000_000),
  }];
  for (const page of pages) {
    identity.fault = () => page;
    const { code, hint } = await failureOn({ variables });
    assert.equal(code, "AuthorityAnswerInvalid");
    assert.match(hint ?? "", /AZURE_AUTHORITY_HOST/);
    assert.ok(!/auth_oauth/.test(hint ?? ""), hint);
  }
  identity.fault = undefined;
});

undiciCase("an authority that is out of order for a moment is asked again", async () => {
  let failures = 2;
  identity.fault = () => failures-- > 0 ? { status: 503, headers: {}, body: "" } : undefined;
  const variables = { ...APPLICATION, AZURE_CLIENT_SECRET: identity.secret };
  assert.deepEqual(await signInOn({ variables }), ["secret"]);
  failures = 2;
  assert.deepEqual(await signInOn({ instanceMetadata: identity.metadata }), ["virtual machine"]);
  identity.fault = undefined;
});

undiciCase("a connection string is read with care, and never repeated", async () => {
  const key = "c2VjcmV0".repeat(8);
  const cases: readonly (readonly [string, RegExp])[] = [
    [`AccountName=other;AccountKey=${key}`, /another account/],
    [`AccountName=${ACCOUNT};AccountKey=short`, /neither an account key nor a SAS token/],
    [`AccountName=${ACCOUNT}`, /neither an account key nor a SAS token/],
    [`SharedAccessSignature=sv=2024`, /no signature/],
    [`BlobEndpoint=ftp://x;AccountKey=${key}`, /no http or https URL/],
    ["UseDevelopmentStorage=true", /names no account/],
  ];
  for (const [text, reason] of cases) {
    const variables = { AZURE_STORAGE_CONNECTION_STRING: text };
    const { message, hint } = await failureOn({ variables });
    assert.match(message, reason);
    assert.ok(!`${message}${hint}`.includes(key), message);
  }
});
