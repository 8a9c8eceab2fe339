import { LIMITS } from "../core/limits.ts";
import { quoted } from "./printable.ts";
import type { Findings } from "./problem.ts";
import { type ReadFile, readText } from "./read_text.ts";
import type { GivenValue } from "./read_keys.ts";
import type { CONFIG_KEYS } from "./schema.ts";

/** Reads one environment variable. The only way the environment reaches this program's code. */
export type ReadVariable = (name: string) => string | undefined;

/** Variables that override keys of the config file (spec section 1). */
const OVERRIDES: readonly {
  readonly variable: string;
  readonly key: keyof typeof CONFIG_KEYS;
  /** Whether `VARIABLE_FILE` may name a file with the value instead. */
  readonly secret?: true;
}[] = [
  { variable: "REINFER_EWS_AUTH_USER", key: "auth_user" },
  { variable: "REINFER_EWS_AUTH_PASS", key: "auth_password", secret: true },
  { variable: "REINFER_EWS_ACCESS_TYPE", key: "access_type" },
  { variable: "REINFER_EWS_HOST", key: "host" },
  { variable: "REINFER_EWS_PORT", key: "port" },
  {
    variable: "REINFER_EWS_OAUTH_CLIENT_SECRET",
    key: "auth_oauth_client_secret",
    secret: true,
  },
  {
    variable: "REINFER_EWS_OAUTH_PRIVATE_KEY",
    key: "auth_oauth_client_credential_private_key",
    secret: true,
  },
];

/** The value of a variable; an empty one counts as unset (spec section 1). */
export function variableOf(env: ReadVariable, name: string): string | undefined {
  const value = env(name);
  return value === "" ? undefined : value;
}

/** The keys that the environment gives, to be laid over those of the file. */
export async function givenInEnvironment(
  env: ReadVariable,
  readFile: ReadFile,
  findings: Findings,
): Promise<ReadonlyMap<string, GivenValue>> {
  const given = new Map<string, GivenValue>();
  for (const { variable, key, secret } of OVERRIDES) {
    const value = variableOf(env, variable);
    if (value !== undefined) given.set(key, { value, origin: { variable } });
    const fileVariable = `${variable}_FILE`;
    const file = secret ? variableOf(env, fileVariable) : undefined;
    if (file === undefined) continue;
    if (value !== undefined) {
      const message = `excludes ${variable}: unset one of them`;
      findings.problems.push({ at: fileVariable, message });
      continue;
    }
    given.set(key, await secretInFile(file, fileVariable, readFile, findings));
  }
  return given;
}

/** The file that a variable `…_FILE` names for the secret of a key. */
export function secretFileOf(
  key: keyof typeof CONFIG_KEYS,
  env: ReadVariable,
): string | undefined {
  const override = OVERRIDES.find((candidate) => candidate.key === key && candidate.secret);
  return override && variableOf(env, `${override.variable}_FILE`);
}

/** The content of a file that holds one secret, without one newline at its end. */
export async function readSecretFile(
  file: string,
  readFile: ReadFile,
): Promise<{ readonly value: string } | { readonly fault: string }> {
  const read = await readText(file, LIMITS.secretFileBytesMax, readFile);
  if ("fault" in read) return read;
  const value = read.text.replace(/\r?\n$/, "");
  return value === "" ? { fault: "is empty" } : { value };
}

async function secretInFile(
  file: string,
  variable: string,
  readFile: ReadFile,
  findings: Findings,
): Promise<GivenValue> {
  const origin = { variable };
  const read = await readSecretFile(file, readFile);
  if ("value" in read) return { value: read.value, origin };
  findings.problems.push({ at: variable, value: quoted(file), message: `this file ${read.fault}` });
  return { value: undefined, origin, reported: true };
}
