import type { TopLevelKeys } from "./exchange_config.ts";
import { NOT_IN_THIS_VERSION, notInThisVersion } from "./not_in_this_version.ts";

/** A line for each feature a valid configuration asks for and this version does not have. */
export function missingInConfig({ values }: TopLevelKeys): readonly string[] {
  const given: Readonly<Record<string, unknown>> = values;
  return NOT_IN_THIS_VERSION
    .flatMap((row) => "key" in row && given[row.key] !== undefined ? [row.key] : [])
    .map(notInThisVersion);
}
