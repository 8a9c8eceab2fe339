import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { type BlobErrorContext, blobErrorOf, unreachableOf } from "./blob_errors.ts";
import { ANSWERING_CODES, type BlobPlace, KNOWN_REFUSALS } from "./blob_refusals.ts";

const NOW = new Date("2024-03-01T12:00:00Z");
const PRINCIPAL = "6f1f9d7e-0000-4000-8000-000000000001";

function context(
  credential: BlobPlace["credential"],
  more: Partial<BlobErrorContext> = {},
): BlobErrorContext {
  const place = { account: "acme01", container: "mail", credential, principal: PRINCIPAL };
  return { place, address: "acme01.blob.core.windows.net:443", now: NOW, ...more };
}

/** What a refusal of the service becomes. */
function refused(
  code: string,
  headers: Readonly<Record<string, string>> = {},
  at = context("token"),
): SyncError {
  const fields = { "x-ms-error-code": code, "x-ms-request-id": "0b7c1234-01", ...headers };
  return blobErrorOf({ status: 403, headers: new Map(Object.entries(fields)) }, at);
}

Deno.test("every refusal that is known has its own code, a cause and a remedy", () => {
  for (const code of [...KNOWN_REFUSALS.keys(), ...ANSWERING_CODES]) {
    for (const credential of ["key", "sas", "token"] as const) {
      const error = refused(code, {}, context(credential));
      assert.equal(error.code, code);
      assert.ok(error.message.includes("acme01/mail"), error.message);
      assert.ok(error.message.includes("HTTP 403") && error.message.includes("0b7c1234-01"));
      assert.match(error.hint ?? "", /^[A-Z].*[^.]$/s);
      assert.match(error.kind, /^(?:retryable|destination)$/);
    }
  }
});

Deno.test("a missing role is named with the command that assigns it to whoever signed in", () => {
  const { hint } = refused("AuthorizationPermissionMismatch");
  assert.equal(
    hint,
    'Assign it, and wait up to ten minutes: az role assignment create --role "Storage Blob Data ' +
      `Contributor" --assignee-object-id ${PRINCIPAL} --scope "$(az storage account show --name ` +
      'acme01 --query id --output tsv)/blobServices/default/containers/mail"',
  );
});

Deno.test("a missing container is named with the command that creates it", () => {
  assert.match(
    refused("ContainerNotFound").hint ?? "",
    /az storage container create .*--account-name acme01 --name mail$/,
  );
});

Deno.test("a failed authentication is told by what signs: key, SAS token or access token", () => {
  const codeOf = (at: BlobErrorContext) => refused("AuthenticationFailed", {}, at).code;
  assert.equal(codeOf(context("key")), "StorageKeyRefused");
  assert.equal(codeOf(context("token")), "AuthenticationFailed");
  assert.equal(codeOf(context("sas")), "SasRefused");
  assert.equal(codeOf(context("sas", { sasExpiry: "2024-03-01T11:59:59Z" })), "SasExpired");
  assert.equal(codeOf(context("sas", { sasExpiry: "2024-03-02" })), "SasRefused");
});

Deno.test("a failed authentication under clocks that differ is the clock's", () => {
  const at = (date: string) => refused("AuthenticationFailed", { date }, context("key"));
  const error = at("Fri, 01 Mar 2024 12:20:00 GMT");
  assert.equal(error.code, "ClockWrong");
  assert.match(error.message, /2024-03-01T12:00:00.000Z.*2024-03-01T12:20:00.000Z/);
  assert.equal(at("Fri, 01 Mar 2024 12:04:00 GMT").code, "StorageKeyRefused");
  assert.equal(at("").code, "StorageKeyRefused");
});

Deno.test("what passes by itself is retryable, with the delay the service names", () => {
  const busy = refused("ServerBusy", { "retry-after": "7" });
  assert.deepEqual([busy.kind, busy.retryAfterMs], ["retryable", 7_000]);
  assert.equal(refused("ServerBusy", { "x-ms-retry-after-ms": "250" }).retryAfterMs, 250);
  const date = "Fri, 01 Mar 2024 12:00:30 GMT";
  assert.equal(refused("ServerBusy", { "retry-after": date }).retryAfterMs, 30_000);
  assert.equal(refused("ServerBusy", { "retry-after": "soon" }).retryAfterMs, undefined);
  const answer = (status: number) => ({ status, headers: new Map([["x-ms-version", "x"]]) });
  assert.equal(blobErrorOf(answer(503), context("key")).kind, "retryable");
  assert.equal(blobErrorOf(answer(429), context("key")).kind, "retryable");
  assert.equal(blobErrorOf(answer(405), context("key")).kind, "destination");
});

Deno.test("what answers in the service's place is told apart from it", () => {
  const error = blobErrorOf({ status: 403, headers: new Map([["server", "x"]]) }, context("key"));
  assert.equal(error.code, "NotBlobStorage");
  assert.match(error.hint ?? "", /REINFER_EWS_AZURE_BLOB_ENDPOINT/);
});

Deno.test("nothing that a server makes up reaches a message", () => {
  const error = refused("sig=s3cret\nx", { "x-ms-request-id": "a\u001b[2Jb" });
  assert.equal(error.code, "Http403");
  for (const text of ["s3cret", "\u001b", "\n"]) assert.ok(!error.message.includes(text));
});

Deno.test("an account that nobody knows is named; an authority that nobody knows is not it", () => {
  const unknown = (address: string) =>
    new SyncError("retryable", "HostNotFound", `Cannot connect to "${address}": no such host`);
  const at = context("token");
  assert.equal(unreachableOf(unknown(at.address), at).code, "StorageAccountUnknown");
  const authority = unreachableOf(unknown("login.microsoftonline.com:443"), at);
  assert.deepEqual([authority.code, authority.kind], ["HostNotFound", "destination"]);
});
