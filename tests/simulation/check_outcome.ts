import { createHash } from "node:crypto";
import type { SkippedItem } from "../../src/core/skipped_item.ts";
import type { SourceApi } from "../../src/core/sync_state.ts";
import { isDamaged } from "../exchange/damage.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import type { StoredEmail } from "./durable_destination.ts";
import { expectedKey } from "./expected_key.ts";
import type { FinalEmail, Outcome } from "./simulation.ts";
import type { Property, Violation } from "./violation.ts";

/** Emails a run must come to at least: of a mailbox without any, everything is true. */
const EMAILS_MIN = 10;

/** What does not hold at the end of a run, beside what was seen on the way. */
export function checkOutcome(outcome: Outcome): readonly Violation[] {
  return [
    ...outcome.offences,
    ...endings(outcome),
    ...wrongEmails(outcome),
    ...strangers(outcome),
    ...unfinishedFolders(outcome),
    ...leaks(outcome),
  ];
}

/** Every email is delivered unchanged, or is rebuilt or skipped and on the record as that. */
function wrongEmails({ destination, mailboxes, emails, api }: Outcome): readonly Violation[] {
  const states = mailboxes.flatMap((address) => destination.statesOf(address))
    .filter(({ goneSince }) => !goneSince);
  const record = Map.groupBy(states.flatMap(({ skipped }) => skipped), ({ itemId }) => itemId);
  const found = emails.length < EMAILS_MIN ? [violation("P1", "there is hardly any email")] : [];
  for (const email of emails) {
    const stored = destination.emails.get(expectedKey(email.mailbox, email.item));
    const skips = record.get(email.shownId) ?? [];
    record.delete(email.shownId);
    const wrong = problemOf(email, stored, skips[0]) ?? problemOfRepetition(email, skips, api);
    if (wrong) found.push(violation(wrong[0], `${wrong[1]}: ${nameOf(email)}`));
  }
  for (const itemId of record.keys()) {
    found.push(violation("P5", `on the record, and not in the mailbox: ${itemId}`));
  }
  return found;
}

/**
 * Of an email of which nothing can be read nobody can say whether it still lies where it was. Graph
 * describes none whose attachments cannot be listed.
 */
function problemOfRepetition(
  { damage }: FinalEmail,
  skips: readonly SkippedItem[],
  api: SourceApi,
): readonly [Property, string] | undefined {
  const isPlaceless = damage !== undefined &&
    isDamaged(damage, api === "graph" ? ["attachments"] : []);
  return skips.length > 1 && !isPlaceless ? ["P5", "on the record twice"] : undefined;
}

function nameOf({ mailbox, folder, item: { subject, id } }: FinalEmail): string {
  return `${mailbox} ${folder.join("/")} "${subject}" ${id}`;
}

/** What is wrong with the end of an email, in a few words. */
function problemOf(
  { item, damage }: FinalEmail,
  stored: StoredEmail | undefined,
  skip: SkippedItem | undefined,
): readonly [Property, string] | undefined {
  const sha256 = createHash("sha256").update(bytesOf(item.mime!)).digest("hex");
  const isAsItIs = stored !== undefined && !stored.rebuilt && stored.sha256 === sha256;
  if (damage) {
    return isAsItIs || skip ? problemOfSkip(stored, skip) : ["P1", "lost, or not on the record"];
  }
  if (!stored) return ["P1", "lost"];
  if (!isAsItIs) {
    return stored.rebuilt ? ["P1", "only rebuilt"] : ["P2", "its content is not the server's"];
  }
  return skip ? ["P5", "readable, and on the record"] : undefined;
}

function problemOfSkip(
  stored: StoredEmail | undefined,
  skip: SkippedItem | undefined,
): readonly [Property, string] | undefined {
  if (skip?.rebuilt && !stored) return ["P1", "lost, and on the record as rebuilt"];
  // What was never described under its present id may be any email: that it is in the destination as
  // far as it could be rebuilt is not known, and not to be claimed.
  const isKnown = skip?.id !== undefined || skip?.receivedAt !== undefined;
  const isUnmarked = stored?.rebuilt && !skip?.rebuilt && (!skip || isKnown);
  return isUnmarked ? ["P5", "rebuilt, and not on the record as that"] : undefined;
}

function strangers({ destination, keys }: Outcome): readonly Violation[] {
  return [...destination.emails.keys()].filter((key) => !keys.has(key))
    .map((key) => violation("P3", `no email of the mailboxes has the key ${key}`));
}

function unfinishedFolders({ destination, mailboxes }: Outcome): readonly Violation[] {
  return mailboxes.flatMap((address) => destination.statesOf(address))
    .filter(({ goneSince, phase }) => !goneSince && phase.name !== "following")
    .map(({ folder, phase }) => violation("P6", `${folder.path.join("/")} is ${phase.name}`));
}

function endings({ log }: Outcome): readonly Violation[] {
  return log.filter((line) => line.startsWith("ended:"))
    .map((line) => violation(/goes backwards/.test(line) ? "P4" : "P6", line));
}

function leaks({ log, secrets }: Outcome): readonly Violation[] {
  const leaked = log.filter((line) => secrets.some((secret) => line.includes(secret)));
  return leaked.slice(0, 1).map((line) => violation("P9", line));
}

function violation(property: Property, details: string): Violation {
  return { property, details };
}
