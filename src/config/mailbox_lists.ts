import type { AddressList, FolderLists, ParticipantLists } from "../core/mailbox.ts";
import { pathOf, quotedEntry } from "./printable.ts";
import type { Findings } from "./problem.ts";
import type { KeyValues } from "./read_keys.ts";
import type { MAILBOX_KEYS } from "./schema.ts";

type MailboxValues = KeyValues<typeof MAILBOX_KEYS>;

/** Lists that speak of the same things. */
const PAIRS = [
  ["folder_allowlist", "folder_denylist"],
  ["participant_allowlist", "participant_denylist"],
  ["participant_domain_allowlist", "participant_domain_denylist"],
] as const satisfies readonly (readonly [keyof MailboxValues, keyof MailboxValues])[];

/** The lists of folders; undefined if they restrict nothing. An empty list restricts nothing. */
export function folderListsOf(values: MailboxValues): FolderLists | undefined {
  const allow = values.folder_allowlist ?? [];
  const deny = values.folder_denylist ?? [];
  if (allow.length === 0 && deny.length === 0) return undefined;
  return { ...(allow.length > 0 ? { allow } : {}), ...(deny.length > 0 ? { deny } : {}) };
}

/** The lists of participants; undefined if they restrict nothing. */
export function participantListsOf(values: MailboxValues): ParticipantLists | undefined {
  const allow = addressListOf(values.participant_allowlist, values.participant_domain_allowlist);
  const deny = addressListOf(values.participant_denylist, values.participant_domain_denylist);
  if (!allow && !deny) return undefined;
  return { ...(allow ? { allow } : {}), ...(deny ? { deny } : {}) };
}

function addressListOf(
  addresses: readonly string[] = [],
  domains: readonly string[] = [],
): AddressList | undefined {
  if (addresses.length === 0 && domains.length === 0) return undefined;
  return { addresses: distinct(addresses), domains: distinct(domains) };
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.map((text) => text.toLowerCase()))];
}

/** Warns of what is allowed, but most likely not what was meant. */
export function warnOfLists(values: MailboxValues, mailboxPath: string, findings: Findings): void {
  for (const [allow, deny] of PAIRS) {
    for (const key of [allow, deny]) {
      if (values[key]?.length !== 0) continue;
      const message = "is empty and restricts nothing, as if it were absent";
      findings.warnings.push({ at: pathOf(mailboxPath, key), message });
    }
    const allowed = new Set(values[allow]?.map(folded));
    values[deny]?.forEach((entry, index) => {
      if (!allowed.has(folded(entry))) return;
      const at = `${pathOf(mailboxPath, deny)}[${index}]`;
      const message = `is in "${allow}", too; "${deny}" wins`;
      findings.warnings.push({ at, value: quotedEntry(entry), message });
    });
  }
}

/** Equal for entries that mean the same: case makes no difference. */
function folded(entry: string | readonly string[]): string {
  return JSON.stringify(entry).toLowerCase();
}
