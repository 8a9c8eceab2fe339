import { assert } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { ExchangeConfig, SyncConfig } from "./app_config.ts";
import { givenInEnvironment, type ReadVariable, variableOf } from "./environment.ts";
import { readExchange, type TopLevelKeys } from "./exchange_config.ts";
import { parseJson } from "./json_text.ts";
import { missingInConfig } from "./missing_in_config.ts";
import { pathOf, quoted } from "./printable.ts";
import { type Findings, noFindings, type Problem } from "./problem.ts";
import { givenInFile, type GivenValue, readKeys } from "./read_keys.ts";
import { type MailboxEntry, readMailboxes } from "./read_mailboxes.ts";
import { type ReadFile, readText } from "./read_text.ts";
import { CONFIG_KEYS, isJsonObject, type JsonObject } from "./schema.ts";
import type { Setting } from "./setting.ts";

/** Where the configuration comes from. */
export interface ConfigSource {
  /** From `--config`; absent: the variable REINFER_EWS_CONFIG names the file. */
  readonly configFile?: string;
  readonly env: ReadVariable;
  readonly readFile: ReadFile;
}

export type LoadedConfig =
  /** Something is wrong; exit code 2. */
  | {
    readonly kind: "invalid";
    readonly problems: readonly Problem[];
    readonly warnings: readonly Problem[];
  }
  /** Nothing is wrong, but `run` refuses it, with a line for each feature; exit code 2. */
  | ValidConfig & { readonly kind: "not in this version"; readonly features: readonly string[] }
  | ValidConfig & { readonly kind: "ready"; readonly config: SyncConfig };

/** What is known of a configuration in which nothing is wrong. */
export interface ValidConfig {
  readonly warnings: readonly Problem[];
  /** Every effective value with its origin, for `config show`. */
  readonly settings: readonly Setting[];
  /** Addresses of the mailboxes to sync, in the order of the file. */
  readonly addresses: readonly string[];
  /** How many mailboxes are left out by `"enabled": false`. */
  readonly disabledCount: number;
  readonly exchange: ExchangeConfig;
}

/**
 * Loads the effective configuration: environment over local file over defaults (spec sections 1
 * and 2). Whatever is wrong is in the result, all of it at once; never rejects.
 */
export async function loadConfig(
  { configFile, env, readFile }: ConfigSource,
): Promise<LoadedConfig> {
  const findings = noFindings();
  const fromEnvironment = await givenInEnvironment(env, readFile, findings);
  const file = configFile ?? variableOf(env, "REINFER_EWS_CONFIG");
  const object = await readConfigFile(file, readFile, findings);
  if (!object) return { kind: "invalid", ...findings };
  return effectiveConfig(object, fromEnvironment, env, findings);
}

/** The JSON object in the file, or undefined with a problem that says why there is none. */
async function readConfigFile(
  file: string | undefined,
  readFile: ReadFile,
  findings: Findings,
): Promise<JsonObject | undefined> {
  const fail = (at: string, message: string) => void findings.problems.push({ at, message });
  if (file === undefined) {
    return fail("Config file", "none is named; give --config FILE or set REINFER_EWS_CONFIG");
  }
  const at = `Config file ${quoted(file)}`;
  const read = await readText(file, LIMITS.configBytesMax, readFile);
  if ("fault" in read) return fail(at, `it ${read.fault}`);
  const json = parseJson(read.text);
  if ("fault" in json) {
    const { line, column, reason } = json.fault;
    return fail(at, `it is not JSON: line ${line}, column ${column}: ${reason}`);
  }
  if (!isJsonObject(json.value)) return fail(at, "it must hold one JSON object");
  for (const { path, line } of json.duplicates) reportDuplicate(path, line, findings);
  return json.value;
}

/** A mailbox given twice is an error (spec section 2); for other keys the last one counts. */
function reportDuplicate(path: readonly string[], line: number, findings: Findings): void {
  const at = path.reduce(pathOf, "");
  if (path.length === 2 && path[0] === "mailboxes") {
    findings.problems.push({ at, message: `this mailbox is given again on line ${line}` });
  } else {
    findings.warnings.push({ at, message: `given again on line ${line}; the last one counts` });
  }
}

function effectiveConfig(
  object: JsonObject,
  fromEnvironment: ReadonlyMap<string, GivenValue>,
  env: ReadVariable,
  findings: Findings,
): LoadedConfig {
  const given = new Map([...givenInFile(object), ...fromEnvironment]);
  const keys = readKeys(CONFIG_KEYS, given, "", findings);
  const exchange = readExchange(keys, env, findings);
  if (!keys.isGiven("mailboxes")) {
    findings.problems.push({
      at: "mailboxes",
      message: `missing: ${CONFIG_KEYS.mailboxes.allowed}`,
    });
  }
  const { entries, settings } = keys.values.mailboxes
    ? readMailboxes(keys.values.mailboxes, findings)
    : { entries: [], settings: [] };
  if (findings.problems.length > 0) return { kind: "invalid", ...findings };
  assert(exchange.config !== undefined, "a connection without problems is complete");
  const enabled = entries.filter(({ values }) => values.enabled);
  const valid: ValidConfig = {
    warnings: findings.warnings,
    settings: [...keys.settings, ...exchange.settings, ...settings],
    addresses: enabled.map(({ mailbox }) => mailbox.address),
    disabledCount: entries.length - enabled.length,
    exchange: exchange.config,
  };
  const features = missingInConfig(keys);
  if (features.length > 0) return { ...valid, kind: "not in this version", features };
  return { ...valid, kind: "ready", config: syncConfigOf(keys, exchange.config, enabled) };
}

function syncConfigOf(
  { values }: TopLevelKeys,
  exchange: SyncConfig["exchange"],
  enabled: readonly MailboxEntry[],
): SyncConfig {
  return {
    exchange,
    mailboxes: enabled.map(({ mailbox }) => mailbox),
    pollFrequencyMs: Math.round(values.poll_frequency * 1000),
    notifications: values.notifications,
    pollMessageSleepMs: Math.round(values.poll_message_sleep * 1000),
    maxConcurrentUploads: values.max_concurrent_uploads,
    emailsPerFolder: values.emails_per_folder,
    batchSize: values.reinfer_batch_size,
    attachmentUploads: enabled.filter(({ values }) => values.upload_attachments)
      .map(({ mailbox }) => mailbox.address),
  };
}
