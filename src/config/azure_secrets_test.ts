import assert from "node:assert/strict";
import { Secret } from "../core/secret.ts";
import { azureSecretsOf } from "./azure_secrets.ts";
import type { AzureConfig } from "./destination_config.ts";

function secretsOf(
  variables: Readonly<Record<string, string>>,
  more: Partial<AzureConfig> = {},
): readonly string[] {
  return azureSecretsOf({
    kind: "azure",
    location: { account: "acme01", container: "mail", prefix: "" },
    variable: (name) => variables[name],
    readFile: () => Promise.reject(new Error("No file is read")),
    proxyFor: () => undefined,
    ...more,
  });
}

Deno.test("what the environment holds of secrets for Azure is known, and nothing else of it", () => {
  const secrets = {
    AZURE_CLIENT_SECRET: "s3cret",
    AZURE_CLIENT_CERTIFICATE_PASSWORD: "pass phrase",
    IDENTITY_HEADER: "header of the app",
  };
  const names = { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "client", AZURE_CLIENT_SECRET: "" };
  assert.deepEqual(secretsOf(names), []);
  assert.deepEqual(secretsOf({ ...names, ...secrets }), Object.values(secrets));
});

Deno.test("of a connection string also what proves anything by itself", () => {
  const withKey = "AccountName=acme01;AccountKey=a2V5==;EndpointSuffix=core.windows.net";
  assert.deepEqual(secretsOf({ AZURE_STORAGE_CONNECTION_STRING: withKey }), [withKey, "a2V5=="]);
  const sas = "?sv=2024&sp=rw&sig=c2ln%3D&se=2030";
  const withSas = `BlobEndpoint=https://acme01.blob.core.windows.net;SharedAccessSignature=${sas}`;
  assert.deepEqual(
    secretsOf({ AZURE_STORAGE_CONNECTION_STRING: withSas }),
    [withSas, sas, "c2ln%3D"],
  );
});

Deno.test("the password of the proxy on the way to the account is one, too", () => {
  const proxyFor = ({ hostname }: URL) =>
    hostname === "acme01.blob.core.windows.net"
      ? { url: new URL("http://proxy"), user: "svc", password: new Secret("prxy") }
      : undefined;
  assert.deepEqual(secretsOf({}, { proxyFor }), ["prxy"]);
  assert.deepEqual(secretsOf({}, { proxyFor, endpoint: new URL("https://blobs.example") }), []);
});
