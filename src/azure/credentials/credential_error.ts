import { SyncError } from "../../core/errors.ts";

/** A credential that is configured and cannot be used: nothing else is tried in its place. */
export function credentialInvalid(reason: string, hint: string, cause?: unknown): SyncError {
  return new SyncError("destination", "AzureCredentialInvalid", reason, { hint, cause });
}
