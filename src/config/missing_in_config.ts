import type { TopLevelKeys } from "./exchange_config.ts";
import { NOT_IN_THIS_VERSION, notInThisVersion } from "./not_in_this_version.ts";
import { pathOf, quoted } from "./printable.ts";
import type { MailboxEntry } from "./read_mailboxes.ts";

/** A line for each feature a valid configuration asks for and this version does not have. */
export function missingInConfig(
  keys: TopLevelKeys,
  enabled: readonly MailboxEntry[],
): readonly string[] {
  const places = NOT_IN_THIS_VERSION.flatMap((row): string[] => {
    if ("key" in row) return placeOfKey(row.key, row.value, keys.values);
    if ("mailboxKey" in row) return placeOfMailboxKey(row.mailboxKey, row.value, enabled);
    return [];
  });
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

/** One line for all mailboxes: a thousand of them usually have the same keys. */
function placeOfMailboxKey(
  key: string,
  missing: boolean | undefined,
  enabled: readonly MailboxEntry[],
): string[] {
  const users = enabled.filter(({ values }) => {
    const value = (values as Readonly<Record<string, unknown>>)[key];
    return missing === undefined ? value !== undefined : value === missing;
  });
  const [first] = users;
  if (!first) return [];
  const path = pathOf(pathOf("mailboxes", first.mailbox.address), key);
  const place = missing === undefined ? path : `${path} = ${missing}`;
  return [users.length === 1 ? place : `${place} (and ${users.length - 1} more)`];
}
