import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { SkippedItem } from "../../src/core/skipped_item.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import type { StoredEmail } from "./durable_destination.ts";
import { expectedKey, type FinalEmail, type Outcome } from "./simulation.ts";

/**
 * Asserts that everything is delivered unchanged, or is rebuilt or skipped and on the record as that,
 * once, because it cannot be read; and that nothing is on the record that can be.
 */
export function assertComplete({ destination, mailboxes, emails, log }: Outcome): void {
  assert.ok(emails.length > 15, "the mailboxes hold something to sync");
  assert.deepEqual(
    log.filter((line) => line.startsWith("ended:")),
    [],
    "no process ends by itself",
  );
  const tail = () => log.slice(-30).join("\n");
  const states = mailboxes.flatMap((address) => destination.statesOf(address))
    .filter(({ goneSince }) => !goneSince);
  const record = new Map<string, SkippedItem>();
  for (const skip of states.flatMap(({ skipped }) => skipped)) {
    assert.ok(!record.has(skip.itemId), `on the record twice\n${tail()}`);
    record.set(skip.itemId, skip);
  }
  for (const email of emails) {
    const stored = destination.emails.get(expectedKey(email));
    const skip = record.get(email.shownId);
    record.delete(email.shownId);
    const problem = problemOf(email, stored, skip);
    const name = `${email.mailbox} ${email.folder.join("/")} ${email.item.subject}`;
    assert.equal(problem, undefined, `${problem}: ${name} ${email.item.id}\n${tail()}`);
  }
  assert.deepEqual([...record], [], `on the record, and not in the mailbox\n${tail()}`);
  for (const { folder, phase } of states) {
    assert.equal(phase.name, "following", `${folder.path.join("/")} is not done\n${tail()}`);
  }
}

/** What is wrong with the end of an email, in a few words. */
function problemOf(
  { item, damage }: FinalEmail,
  stored: StoredEmail | undefined,
  skip: SkippedItem | undefined,
): string | undefined {
  const sha256 = createHash("sha256").update(bytesOf(item.mime!)).digest("hex");
  const isAsItIs = stored !== undefined && !stored.rebuilt && stored.sha256 === sha256;
  if (damage) return isAsItIs || skip ? problemOfSkip(stored, skip) : "lost, or not on the record";
  if (!stored) return "lost";
  if (!isAsItIs) return stored.rebuilt ? "only rebuilt" : "its content is not the server's";
  return skip ? "readable, and on the record" : undefined;
}

function problemOfSkip(
  stored: StoredEmail | undefined,
  skip: SkippedItem | undefined,
): string | undefined {
  if (skip?.rebuilt && !stored) return "lost, and on the record as rebuilt";
  return stored?.rebuilt && !skip?.rebuilt ? "rebuilt, and not on the record as that" : undefined;
}
