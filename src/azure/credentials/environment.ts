import { SyncError } from "../../core/errors.ts";
import { foreignText } from "../../http/foreign_text.ts";
import type { AzureVariable } from "../azure_variables.ts";
import { credentialInvalid } from "./credential_error.ts";

/** Reads one environment variable. */
export type ReadVariable = (name: string) => string | undefined;

/** Reads a file of text, at most `bytesMax` of it plus one; rejects with the system's error. */
export type ReadFile = (path: string, bytesMax: number) => Promise<Uint8Array>;

/** The value of a variable; an empty one counts as unset (spec section 1). */
export function variableOf(variable: ReadVariable, name: AzureVariable): string | undefined {
  const value = variable(name);
  return value === "" ? undefined : value;
}

/** Tokens, keys with their chains: all of them are far smaller. */
const FILE_BYTES_MAX = 256 * 1024;

/** The text of the file that a variable names. Rejects with a `SyncError` that names both. */
export async function textOfFile(
  path: string,
  variableName: AzureVariable,
  readFile: ReadFile,
): Promise<string> {
  const hint = `Let ${variableName} name a file that this program's user may read`;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, FILE_BYTES_MAX);
  } catch (cause) {
    if (cause instanceof SyncError) throw cause;
    const reason = foreignText(cause instanceof Error ? cause.message : String(cause));
    throw credentialInvalid(`${variableName}: "${path}" cannot be read: ${reason}`, hint, cause);
  }
  if (bytes.byteLength > FILE_BYTES_MAX) {
    throw credentialInvalid(`${variableName}: "${path}" is too large`, hint);
  }
  return new TextDecoder().decode(bytes);
}
