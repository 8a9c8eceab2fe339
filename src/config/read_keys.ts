import { suggestion } from "./nearest.ts";
import { pathOf, quoted, quotedEntry, quotedUrl } from "./printable.ts";
import type { Findings } from "./problem.ts";
import type { JsonObject, KeyRule, KeyRules } from "./schema.ts";
import type { Origin, Setting } from "./setting.ts";

/** A value before it is checked, and where it is from. */
export interface GivenValue {
  readonly value: unknown;
  readonly origin: Exclude<Origin, "default">;
  /** There is no usable value, which is reported already. */
  readonly reported?: true;
}

export type GivenKeys = ReadonlyMap<string, GivenValue>;

/** Decoded values by key: one with a fallback is never absent. */
export type KeyValues<Rules extends KeyRules> = {
  readonly [Key in keyof Rules]: Rules[Key] extends { readonly fallback: unknown }
    ? DecodedBy<Rules[Key]>
    : DecodedBy<Rules[Key]> | undefined;
};
type DecodedBy<Rule> = Rule extends KeyRule<infer T> ? T : never;

export interface ReadKeys<Rules extends KeyRules> {
  readonly values: KeyValues<Rules>;
  /** Whether a key was given, valid or not: what is invalid is not also called missing. */
  readonly isGiven: (key: keyof Rules & string) => boolean;
  /** What `config show` lists of them, in the order of the rules. */
  readonly settings: readonly Setting[];
}

/** The keys of an object in the file; `null` counts as absent. */
export function givenInFile(object: JsonObject): Map<string, GivenValue> {
  return new Map(
    Object.entries(object)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, { value, origin: "file" }]),
  );
}

/**
 * Decodes each key by its own rule, so that one invalid value hides no other problem. Unknown keys
 * are warnings: customers' files hold keys of other versions.
 */
export function readKeys<Rules extends KeyRules>(
  rules: Rules,
  given: GivenKeys,
  parent: string,
  findings: Findings,
): ReadKeys<Rules> {
  warnOfUnknownKeys(rules, given, parent, findings);
  const values: Record<string, unknown> = {};
  const settings: Setting[] = [];
  for (const [key, rule] of Object.entries(rules)) {
    const found = given.get(key);
    const path = pathOf(parent, key);
    values[key] = found ? decode(rule, found, path, findings) ?? rule.fallback : rule.fallback;
    if (values[key] === undefined || rule.shown === "nested") continue;
    settings.push(...settingsOf(rule, path, found));
  }
  // Each value came from the rule of its own key, which is what `KeyValues` says.
  return { values: values as KeyValues<Rules>, isGiven: (key) => given.has(key), settings };
}

/** One line for a value, and for a list one for each entry. */
function settingsOf(
  rule: KeyRule<unknown>,
  path: string,
  found: GivenValue | undefined,
): readonly Setting[] {
  const value = found ? found.value : rule.fallback;
  const origin = found?.origin ?? "default";
  if (rule.shown !== "list" || !Array.isArray(value)) {
    return [{ key: path, value: shownBy(rule, value), origin }];
  }
  if (value.length === 0) return [{ key: path, value: "[]", origin }];
  return value.map((entry, index) => ({
    key: `${path}[${index}]`,
    value: quotedEntry(entry),
    origin,
  }));
}

function decode(rule: KeyRule<unknown>, found: GivenValue, path: string, findings: Findings) {
  if (found.reported) return undefined;
  const read = rule.schema.safeParse(found.value);
  if (read.success) return read.data;
  const places = new Map(read.error.issues.map(({ path }) => [path.join("."), path]));
  for (const place of places.values()) {
    const inside = place.reduce<unknown>(elementOf, found.value);
    const at = path + place.map((step) => `[${String(step)}]`).join("");
    findings.problems.push({
      at: withVariable(at, found.origin),
      value: shownBy(rule, inside),
      message: `must be ${rule.allowed}`,
    });
  }
  return undefined;
}

function elementOf(value: unknown, step: PropertyKey): unknown {
  return Array.isArray(value) ? value[Number(step)] : value;
}

function withVariable(path: string, origin: Origin): string {
  return typeof origin === "string" ? path : `${path} (${origin.variable})`;
}

function shownBy(rule: KeyRule<unknown>, value: unknown): string {
  if (rule.shown === "secret") return "[secret]";
  return rule.shown === "url" ? quotedUrl(value) : quoted(value);
}

function warnOfUnknownKeys(
  rules: KeyRules,
  given: GivenKeys,
  parent: string,
  findings: Findings,
): void {
  const known = Object.keys(rules);
  for (const key of given.keys()) {
    if (Object.hasOwn(rules, key)) continue;
    const message = `unknown key, ignored${suggestion(key, known)}`;
    findings.warnings.push({ at: pathOf(parent, key), message });
  }
}
