import type { TopLevelKeys } from "./exchange_config.ts";
import { NOT_IN_THIS_VERSION, notInThisVersion } from "./not_in_this_version.ts";
import { quoted } from "./printable.ts";

/** A line for each feature a valid configuration asks for and this version does not have. */
export function missingInConfig(keys: TopLevelKeys): readonly string[] {
  const places = NOT_IN_THIS_VERSION.flatMap((row) =>
    "key" in row ? placeOfKey(row.key, row.value, keys.values) : []
  );
  return places.map(notInThisVersion);
}

function placeOfKey(
  key: string,
  missing: string | undefined,
  values: Readonly<Record<string, unknown>>,
): string[] {
  const value = values[key];
  if (value === undefined) return [];
  if (missing === undefined) return [key];
  return value === missing ? [`${key} = ${quoted(missing)}`] : [];
}
