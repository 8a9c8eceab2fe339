import { parseArgs } from "node:util";
import { suggestion } from "./nearest.ts";
import {
  type OptionName,
  type OptionRule,
  OPTIONS,
  type OptionValues,
  RUN_OPTION_NAMES,
} from "./options.ts";
import { quoted, quotedUrl } from "./printable.ts";
import type { Setting } from "./setting.ts";

/** Arguments read one by one; rules between them are not checked here. */
export interface ReadOptions {
  readonly values: OptionValues;
  /** Arguments that are no options, as many as a command takes. */
  readonly positionals: readonly string[];
  /** What is wrong with them, one line each. */
  readonly faults: readonly string[];
}

/** One option as it stands on the command line. */
interface GivenOption {
  /** With its dashes. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** Whether the value was joined to the name with "=". */
  readonly inline: boolean;
}

/**
 * Reads the options after a command; `known` are those the command takes. `--flag=value` and
 * `--flag value` are the same. Unknown options hide all other faults, as what follows one cannot be
 * told apart from its value.
 */
export function readOptions(
  args: readonly string[],
  known: readonly OptionName[],
  positionalsMax = 0,
): ReadOptions {
  const { options, positionals } = splitArguments(args, known);
  const nameOf = (rawName: string) => known.find((name) => rawName === `--${name}`);
  const unknown = options.filter(({ rawName }) => !nameOf(rawName));
  if (unknown.length > 0) {
    return {
      values: {},
      positionals: [],
      faults: unknown.map(({ rawName }) => unknownOption(rawName, known)),
    };
  }
  const faults: string[] = positionals.slice(positionalsMax).map((text) =>
    `Unexpected argument ${quoted(text)}`
  );
  const values = new Map<OptionName, unknown>();
  for (const option of options) {
    const name = nameOf(option.rawName);
    if (name === undefined) continue;
    if (values.has(name)) faults.push(`--${name} is given more than once`);
    const read = readOption(name, option);
    values.set(name, read.value);
    if (read.fault !== undefined) faults.push(read.fault);
  }
  // Each value came from the decoder of its own name, which is what `OptionValues` says.
  return { values: Object.fromEntries(values) as OptionValues, positionals, faults };
}

/** The options of `run` that have a value, given or by default, as `config show` lists them. */
export function optionSettings(values: OptionValues, args: readonly string[]): readonly Setting[] {
  const given = splitArguments(args, RUN_OPTION_NAMES).options;
  return RUN_OPTION_NAMES.flatMap((name): Setting[] => {
    const rule: OptionRule<unknown> = OPTIONS[name];
    const key = `--${name}`;
    if (values[name] !== undefined) {
      const text = given.find(({ rawName }) => rawName === key)?.value;
      return [{ key, value: text === undefined ? "true" : shown(rule, text), origin: "flag" }];
    }
    if (rule.fallback === undefined) return [];
    return [{ key, value: quoted(rule.fallback), origin: "default" }];
  });
}

function splitArguments(args: readonly string[], known: readonly OptionName[]) {
  const rules: Record<OptionName, OptionRule<unknown>> = OPTIONS;
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      known.map((name) => [name, { type: rules[name].placeholder ? "string" : "boolean" }]),
    ),
    // Its own strictness throws at the first fault and names no nearest match.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: GivenOption[] = [];
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    options.push({
      rawName: token.rawName,
      value: token.value,
      inline: token.inlineValue ?? false,
    });
  }
  return { options, positionals };
}

function readOption(
  name: OptionName,
  { value: text, inline }: GivenOption,
): { readonly value?: unknown; readonly fault?: string } {
  const rule: OptionRule<unknown> = OPTIONS[name];
  if (rule.placeholder === undefined) {
    return text === undefined ? { value: rule.decode("") } : { fault: `--${name} takes no value` };
  }
  // `--config --once` is a forgotten value; one that begins with a dash is given with "=".
  const missing = text === undefined || text === "" || (!inline && /^-./.test(text));
  if (missing) return { fault: `--${name} needs a value: ${rule.allowed}` };
  const value = rule.decode(text);
  if (value !== undefined) return { value };
  return { fault: `--${name} = ${shown(rule, text)}: must be ${rule.allowed}` };
}

function shown(rule: OptionRule<unknown>, text: string): string {
  return rule.placeholder === "URL" ? quotedUrl(text) : quoted(text);
}

function unknownOption(rawName: string, known: readonly OptionName[]): string {
  const options = known.map((name) => `--${name}`);
  return `Unknown option ${quoted(rawName)}${suggestion(rawName, options)}`;
}
