import type { ExchangeConfig } from "./app_config.ts";
import type { ConfigOptions } from "./flags.ts";
import type { LoadedConfig, ValidConfig } from "./load.ts";
import { type Problem, problemLine } from "./problem.ts";
import { originText, type Setting } from "./setting.ts";
import { type Shard, shardOf } from "./shard.ts";

/** What a command prints and how it ends; each text is whole lines, or empty. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Spec section 7: 0 done, 2 usage or config. */
  readonly exitCode: 0 | 2;
}

/** `config validate`: everything that is wrong, or a summary of what is right. */
export function renderConfigValidate(loaded: LoadedConfig, options: ConfigOptions): CommandOutput {
  const warnings = warningLines(loaded.warnings);
  if (loaded.kind === "invalid") {
    const count = counted(loaded.problems.length, "problem");
    const lines = [
      ...warnings,
      ...problemLines(loaded.problems),
      `The configuration has ${count}.`,
    ];
    return { stdout: text(lines), stderr: "", exitCode: 2 };
  }
  const lines = [
    ...warnings,
    `The configuration is valid: ${summary(loaded, options.shard)}.`,
  ];
  return { stdout: text(lines), stderr: "", exitCode: 0 };
}

/**
 * `config show`: one line per effective value with its origin, options first, easy to search. What
 * is wrong goes to standard error instead.
 */
export function renderConfigShow(loaded: LoadedConfig, options: ConfigOptions): CommandOutput {
  const warnings = warningLines(loaded.warnings);
  if (loaded.kind === "invalid") {
    const lines = [...warnings, ...problemLines(loaded.problems)];
    return { stdout: "", stderr: text(lines), exitCode: 2 };
  }
  const lines = [
    `# ${summary(loaded, options.shard)}`,
    ...settingLines([...options.settings, ...loaded.settings]),
  ];
  return { stdout: text(lines), stderr: text(warnings), exitCode: 0 };
}

/** Why `run` does not start: lines for standard error, without warnings; none if it can start. */
export function refusalLines(loaded: LoadedConfig): readonly string[] {
  return loaded.kind === "invalid" ? problemLines(loaded.problems) : [];
}

function summary(valid: ValidConfig, shard: Shard | undefined): string {
  const disabled = valid.disabledCount > 0 ? ` (${valid.disabledCount} more disabled)` : "";
  return [
    counted(valid.addresses.length, "mailbox", "mailboxes") + disabled,
    ...(shard ? [`${shareOf(valid.addresses, shard)} of them in shard ${shardName(shard)}`] : []),
    serverText(valid.exchange),
    ...(valid.warnings.length > 0 ? [counted(valid.warnings.length, "warning")] : []),
  ].join(", ");
}

function serverText({ api, endpoint }: ExchangeConfig): string {
  return api === "graph" ? `Microsoft Graph at ${endpoint.origin}` : `Exchange at ${endpoint.href}`;
}

function shareOf(addresses: readonly string[], shard: Shard): number {
  return addresses.filter((address) => shardOf(address, shard.total) === shard.number).length;
}

function shardName({ number, total }: Shard): string {
  return `${number} (of 0 to ${total - 1})`;
}

/** Beyond this a long key pushes its own value to the right, not everyone's. */
const KEY_COLUMNS_MAX = 40;
const VALUE_COLUMNS_MAX = 30;

function settingLines(settings: readonly Setting[]): readonly string[] {
  const keyColumns = columnsOf(settings.map(({ key }) => key), KEY_COLUMNS_MAX);
  const valueColumns = columnsOf(settings.map(({ value }) => value), VALUE_COLUMNS_MAX);
  return settings.map(({ key, value, origin }) =>
    `${key.padEnd(keyColumns)} = ${value.padEnd(valueColumns)}  ${originText(origin)}`
  );
}

function columnsOf(texts: readonly string[], max: number): number {
  return texts.reduce((columns, { length }) => Math.max(columns, Math.min(length, max)), 0);
}

function warningLines(warnings: readonly Problem[]): readonly string[] {
  return warnings.map((warning) => `Warning: ${problemLine(warning)}`);
}

function problemLines(problems: readonly Problem[]): readonly string[] {
  return problems.map(problemLine);
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
