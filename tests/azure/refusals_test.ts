import assert from "node:assert/strict";
import {
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { SyncError } from "../../src/core/errors.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { sampleEmail, sampleMailbox } from "../contract/sample_emails.ts";
import { azureSubject, type AzureSubjectOptions, CONNECTION_STRING } from "./azure_subject.ts";
import { ACCOUNT, ACCOUNT_KEY, azuriteOfFile } from "./azurite.ts";

const azurite = await azuriteOfFile();
const { signal } = new AbortController();
const HOUR_MS = 3_600_000;
const MAILBOX = sampleMailbox();

function withConnectionString(text: string): AzureSubjectOptions {
  return { variable: (name) => name === "AZURE_STORAGE_CONNECTION_STRING" ? text : undefined };
}

interface SasOptions {
  readonly container: string;
  readonly permissions: string;
  readonly expiresInMs: number;
}

/** A SAS token for one container, as an administrator makes it. */
function sasOf({ container, permissions, expiresInMs }: SasOptions): string {
  const nowMs = Date.now();
  return generateBlobSASQueryParameters({
    containerName: container,
    permissions: ContainerSASPermissions.parse(permissions),
    startsOn: new Date(nowMs - 2 * HOUR_MS),
    expiresOn: new Date(nowMs + expiresInMs),
  }, new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY)).toString();
}

/** With what a probe fails; nothing secret may be in it. */
async function failure(options: AzureSubjectOptions, ...secrets: string[]): Promise<SyncError> {
  await using subject = await azureSubject(azurite, options);
  const thrown = await subject.sink.probe({ signal }).then(() => undefined, (error) => error);
  assert.ok(thrown instanceof SyncError, "the probe fails");
  assert.equal(thrown.kind, "destination");
  assert.ok(thrown.hint);
  const said = JSON.stringify([thrown.message, thrown.hint, subject.lines]);
  for (const secret of [ACCOUNT_KEY, "sig=", ...secrets]) assert.ok(!said.includes(secret), said);
  return thrown;
}

undiciCase("a SAS token for the container does for everything", async () => {
  await using place = await azureSubject(azurite);
  const { container } = place;
  const sas = sasOf({ container, permissions: "racwdl", expiresInMs: HOUR_MS });
  const options = withConnectionString(`SharedAccessSignature=?${sas}`);
  await using subject = await azureSubject(azurite, { ...options, container });
  await using held = await subject.states.open(MAILBOX, { signal });
  const emails = await subject.sink.open(MAILBOX, { signal });
  const email = sampleEmail("<a@x>");
  await emails.put([email], { signal });
  assert.deepEqual(await Array.fromAsync(emails.keys({ signal })), [email.key]);
  assert.equal((await subject.stored(MAILBOX)).length, 1);
  assert.deepEqual(held.loaded, []);
});

undiciCase("a SAS token that has expired says when", async () => {
  await using place = await azureSubject(azurite);
  const { container } = place;
  const sas = sasOf({ container, permissions: "racwdl", expiresInMs: -HOUR_MS });
  const options = withConnectionString(`SharedAccessSignature=${sas}`);
  const { code, message } = await failure({ ...options, container }, sas);
  assert.equal(code, "SasExpired");
  assert.match(message, /expired at \d{4}-\d\d-\d\dT/);
});

undiciCase("a SAS token that may only read is named as such", async () => {
  await using place = await azureSubject(azurite);
  const { container } = place;
  const sas = sasOf({ container, permissions: "rl", expiresInMs: HOUR_MS });
  const options = withConnectionString(`SharedAccessSignature=${sas}`);
  const { code, message, hint } = await failure({ ...options, container }, sas);
  assert.equal(code, "AuthorizationPermissionMismatch");
  assert.match(message, /the SAS token does not allow this request/);
  assert.match(hint ?? "", /permissions rwdlac/);
});

undiciCase("a wrong account key is never repeated, and told with what else it can be", async () => {
  const key = new Uint8Array(64).fill(7).toBase64();
  const options = withConnectionString(`AccountName=${ACCOUNT};AccountKey=${key}`);
  // The service itself says AuthenticationFailed.
  const { code, hint } = await failure(options, key);
  assert.equal(code, "AuthorizationFailure");
  assert.match(hint ?? "", /check that the account key is the current one/);
});

undiciCase("a container that is not there is named with the command that creates it", async () => {
  const container = `none-${crypto.randomUUID()}`;
  const { code, hint } = await failure({ container });
  assert.equal(code, "ContainerNotFound");
  assert.ok(hint?.endsWith(`--account-name ${ACCOUNT} --name ${container}`), hint);
});

undiciCase("a container that is taken away and given back pauses the destination", async () => {
  await using subject = await azureSubject(azurite);
  const { sink, states, reader } = subject;
  await sink.probe({ signal });
  await reader.deleteContainer();
  await assert.rejects(sink.probe({ signal }), { kind: "destination", code: "ContainerNotFound" });
  await assert.rejects(states.open(MAILBOX, { signal }), { code: "ContainerNotFound" });
  await reader.createContainer();
  await sink.probe({ signal });
});

undiciCase(
  "an account that nobody knows, and a place where nobody listens, are named",
  async () => {
    // Names below `.invalid` are nobody's (RFC 2606).
    const unknown = new URL("https://devstoreaccount1.blob.core.invalid");
    const { code, message } = await failure({ endpoint: unknown });
    assert.equal(code, "StorageAccountUnknown");
    assert.match(message, /no storage account "devstoreaccount1"/);
    const nobody = new URL("http://127.0.0.1:1/devstoreaccount1");
    assert.equal((await failure({ endpoint: nobody })).code, "ConnectionRefused");
    const open = new URL("http://blob.example.com");
    assert.equal((await failure({ endpoint: open })).code, "BlobEndpointUnencrypted");
  },
);

undiciCase("another server in the service's place is named as such, whatever it says", async () => {
  let status = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<html>Sign in to the network</html>", { status }),
  );
  const endpoint = new URL(`http://127.0.0.1:${server.addr.port}/${ACCOUNT}`);
  const foreign = { kind: "destination", code: "NotBlobStorage" };
  for (status of [302, 200, 201]) {
    assert.equal((await failure({ endpoint })).code, foreign.code);
    await using subject = await azureSubject(azurite, { endpoint });
    const { sink, states, objects } = subject;
    await assert.rejects(states.open(MAILBOX, { signal }), foreign);
    await assert.rejects(states.read(MAILBOX, { signal }), foreign);
    await assert.rejects(objects.read("data/a", { signal, bytesMax: 9 }), foreign);
    const put = (await sink.open(MAILBOX, { signal })).put([sampleEmail("<a@x>")], { signal });
    await assert.rejects(put, foreign);
  }
  await server.shutdown();
});

undiciCase("the endpoint of a connection string counts where no other is given", async () => {
  const text = `${CONNECTION_STRING};BlobEndpoint=${azurite.endpoint}/`;
  const options = { ...withConnectionString(text), withoutEndpoint: true };
  await using subject = await azureSubject(azurite, options);
  await subject.sink.probe({ signal });
});
