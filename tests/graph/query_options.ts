import { ERRORS, NotModelled } from "./graph_errors.ts";

/** Names a request may use: OData options with `$`, and options of the operation's own. */
export type OptionName =
  | "$select"
  | "$expand"
  | "$filter"
  | "$orderby"
  | "$top"
  | "$skip"
  | "$count"
  | "$skiptoken"
  | "$deltatoken"
  | "changeType"
  | "includeHiddenFolders";

export type QueryOptions = ReadonlyMap<OptionName, string>;

const NAMES: readonly OptionName[] = [
  "$select",
  "$expand",
  "$filter",
  "$orderby",
  "$top",
  "$skip",
  "$count",
  "$skiptoken",
  "$deltatoken",
  "changeType",
  "includeHiddenFolders",
];

/** Which options an operation takes, and which it refuses as Graph does. */
export interface OptionRules {
  readonly allowed: readonly OptionName[];
  readonly refused?: readonly (OptionName | "$search")[];
}

/**
 * The options of a query string. Names are compared without case, as Graph does. Throws `GraphError`
 * for one that is unknown, given twice, or not meant for this operation.
 */
export function queryOptionsOf(query: string, rules: OptionRules): QueryOptions {
  const options = new Map<OptionName, string>();
  for (const [given, value] of new URLSearchParams(query)) {
    const name = NAMES.find((known) => known.toLowerCase() === given.toLowerCase());
    if (name === undefined || !rules.allowed.includes(name)) throw refusal(given, rules);
    if (options.has(name)) {
      throw ERRORS.badRequest(`Query option '${name}' was specified more than once.`);
    }
    options.set(name, value);
  }
  return options;
}

function refusal(given: string, { refused = [] }: OptionRules): Error {
  const name = given.toLowerCase();
  if (refused.some((option) => option.toLowerCase() === name)) {
    return ERRORS.invalidQuery(
      `The following parameters are not supported for this request: '${given}'.`,
    );
  }
  const isOption = name === "$search" || NAMES.some((known) => known.toLowerCase() === name);
  if (name.startsWith("$") && !isOption) {
    return ERRORS.badRequest(`The query parameter '${given}' is not supported.`);
  }
  return new NotModelled(`the query option "${given}"`);
}

/** `$top`, `$skip`: a whole number within bounds; undefined where it is not given. */
export function wholeNumberOf(
  options: QueryOptions,
  name: OptionName,
  bounds: { readonly min: number; readonly max: number },
): number | undefined {
  const text = options.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < bounds.min) {
    throw ERRORS.badRequest(`Invalid value '${text}' for ${name} query option found.`);
  }
  if (value > bounds.max) {
    throw ERRORS.invalidQuery(
      `The limit of '${bounds.max}' for ${name} query has been exceeded. The value from the ` +
        `incoming request is '${text}'.`,
    );
  }
  return value;
}

export function booleanOf(options: QueryOptions, name: OptionName): boolean {
  const text = options.get(name)?.toLowerCase() ?? "false";
  if (text !== "true" && text !== "false") {
    throw ERRORS.badRequest(`Invalid value '${text}' for ${name} query option found.`);
  }
  return text === "true";
}

/** The names of `$select`, each of them known; undefined where everything is wanted. */
export function selectedOf(
  options: QueryOptions,
  type: string,
  isKnown: (name: string) => boolean,
): ReadonlySet<string> | undefined {
  const text = options.get("$select");
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) if (!isKnown(name)) throw ERRORS.unknownProperty(name, type);
  return new Set(names);
}
