import { Secret } from "../../core/secret.ts";
import type { BlobAccess } from "../blob_credential.ts";
import { credentialInvalid } from "./credential_error.ts";

const VARIABLE = "AZURE_STORAGE_CONNECTION_STRING";
const HINT = `Put what az storage account show-connection-string prints into \`${VARIABLE}\``;

/**
 * Reads a connection string ("Configure Azure Storage connection strings"): an account key, or a SAS
 * token, and where the account is. Throws a `SyncError` that repeats nothing of it, also for one
 * that belongs to another account than `account`.
 */
export function accessOfConnectionString(text: string, account: string): BlobAccess {
  const fields = fieldsOf(text);
  const named = fields.get("accountname");
  if (named !== undefined && named !== account) {
    throw invalid(
      "it is for another account than `--private-file-prefix`",
      `Use the connection string of the storage account ${account}`,
    );
  }
  const endpoint = endpointOf(fields, account);
  const sas = fields.get("sharedaccesssignature");
  if (sas !== undefined) return { credential: sasOf(sas), ...endpoint };
  const key = fields.get("accountkey") ?? "";
  if (!/^[A-Za-z0-9+/]{40,}={0,2}$/.test(key)) {
    throw invalid("it holds neither an account key nor a SAS token", HINT);
  }
  return { credential: { kind: "key", accountKey: new Secret(key) }, ...endpoint };
}

/** Names in lower case: the portal and the tools do not agree on theirs. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(";")) {
    const at = part.indexOf("=");
    // A value may hold further equals signs; a key ends in them.
    if (at > 0) fields.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  if (fields.get("usedevelopmentstorage") === "true") {
    throw invalid("UseDevelopmentStorage names no account", "Write the emulator's string out");
  }
  return fields;
}

function endpointOf(
  fields: ReadonlyMap<string, string>,
  account: string,
): { readonly endpoint?: URL } {
  const suffix = fields.get("endpointsuffix");
  const protocol = fields.get("defaultendpointsprotocol") ?? "https";
  const text = fields.get("blobendpoint") ??
    (suffix === undefined ? undefined : `${protocol}://${account}.blob.${suffix}`);
  if (text === undefined) return {};
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw invalid("its endpoint is no http or https URL", HINT);
  }
  const url = new URL(text);
  return { endpoint: new URL(url.origin + url.pathname) };
}

function sasOf(text: string): BlobAccess["credential"] {
  const query = text.replace(/^\?/, "");
  const fields = new URLSearchParams(query);
  if (!fields.get("sig")) throw invalid("its SAS token has no signature", HINT);
  const expiry = fields.get("se") ?? undefined;
  return { kind: "sas", token: new Secret(query), ...(expiry === undefined ? {} : { expiry }) };
}

function invalid(reason: string, hint: string) {
  return credentialInvalid(`${VARIABLE} cannot be used: ${reason}`, hint);
}
