import { emailRecordOf, type ItemDescription, needsHeaderForId } from "../core/email.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Folder, Mailbox } from "../core/mailbox.ts";
import type { DescribeOutcome } from "../core/ports.ts";
import type { SkippedItem } from "../core/skipped_item.ts";
import type { BackfillPosition } from "../core/sync_state.ts";
import { chunksOf } from "./batches.ts";
import { isFolderSelected } from "./folder_selection.ts";
import { isFiltered, isWanted } from "./is_wanted.ts";
import { KeySet } from "./key_set.ts";
import { type ParticipantFilter, participantFilter } from "./participant_filter.ts";
import { throwIfStopping } from "./stop.ts";
import type {
  FolderVerification,
  MailboxVerification,
  MissingEmail,
  Verification,
} from "./verification.ts";

/** Missing ones kept in mind before they are looked up again: some megabytes. */
const SUSPECTS_MAX = 10_000;

/** So many missing emails are named, and as many skipped ones. */
const NAMED_MAX = 20;

/**
 * Compares what a mailbox holds with what the sink holds, by ids alone: no content is fetched. What
 * arrives, moves or is deleted meanwhile is not called missing.
 *
 * @throws SyncError of any kind but `item`; `StopBegun`.
 */
export async function verifyMailbox(
  verification: Verification,
  mailbox: Mailbox,
): Promise<MailboxVerification> {
  const { source, stop } = verification;
  const stored = await storedKeys(verification);
  const walk = new MailboxWalk(verification, mailbox, stored);
  const { folders } = await source.folders(mailbox, { signal: stop.aborted });
  for (const folder of folders) {
    if (isFolderSelected(folder.path, mailbox.folders)) await walk.compare(folder);
  }
  return await walk.conclude();
}

async function storedKeys({ sink, stop }: Verification): Promise<KeySet> {
  const keys = new KeySet();
  for await (const key of sink.keys({ signal: stop.aborted })) keys.add(key);
  return keys;
}

type Tally = { -readonly [Name in keyof FolderVerification]: FolderVerification[Name] };

/** A missing email until it has been looked up again. */
interface Suspect extends MissingEmail {
  /** Absent: the name it is stored under is told by its content alone. */
  readonly key?: string;
  readonly tally: Tally;
}

class MailboxWalk {
  readonly #verification: Verification;
  readonly #mailbox: Mailbox;
  readonly #stored: KeySet;
  readonly #filter: ParticipantFilter | undefined;
  readonly #tallies: Tally[] = [];
  /** The record of skips, as a repair changes it. */
  readonly #skipped: Map<string, SkippedItem>;
  readonly #firstMissing: MissingEmail[] = [];
  readonly #firstSkipped: MissingEmail[] = [];
  #suspects: Suspect[] = [];
  #repaired = 0;

  constructor(verification: Verification, mailbox: Mailbox, stored: KeySet) {
    this.#verification = verification;
    this.#mailbox = mailbox;
    this.#stored = stored;
    this.#skipped = new Map(verification.skipped);
    this.#filter = mailbox.participants && participantFilter(mailbox.participants);
  }

  /** By received time; by the change list where the server cannot order the folder. */
  async compare(folder: Folder): Promise<void> {
    let tally = emptyTally(folder);
    try {
      await this.#comparePages(tally, this.#listed(folder));
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      if (error.code === "ListingUnavailable") {
        // What the listing had come to is gone through again.
        this.#suspects = this.#suspects.filter((suspect) => suspect.tally !== tally);
        tally = emptyTally(folder);
        await this.#comparePages(tally, this.#changed(folder));
        // Otherwise it was deleted or moved out of sight meanwhile: so are its emails.
      } else if (error.code !== "FolderGone") throw error;
    }
    this.#tallies.push(tally);
  }

  async #comparePages(
    tally: Tally,
    pages: AsyncIterable<readonly string[]>,
  ): Promise<void> {
    for await (const itemIds of pages) await this.#comparePage(tally, itemIds);
  }

  async conclude(): Promise<MailboxVerification> {
    await this.#settleSuspects();
    const { since } = this.#verification;
    return {
      mailbox: this.#mailbox,
      folders: this.#tallies,
      firstMissing: this.#firstMissing,
      firstSkipped: this.#firstSkipped,
      repaired: this.#repaired,
      ...(since ? {} : { extra: this.#stored.size - this.#stored.seen }),
    };
  }

  async *#listed(folder: Folder): AsyncGenerator<readonly string[]> {
    const { source, stop } = this.#verification;
    let position: BackfillPosition | undefined;
    do {
      throwIfStopping(stop);
      const page = await source.list({ mailbox: this.#mailbox, folder }, {
        signal: stop.aborted,
        order: "received",
        position,
        since: this.#since,
        until: undefined,
        limit: LIMITS.listPageItemsMax,
      });
      yield page.itemIds;
      position = page.next;
    } while (position);
  }

  async *#changed(folder: Folder): AsyncGenerator<readonly string[]> {
    const { source, stop } = this.#verification;
    let token: string | undefined;
    for (let complete = false; !complete;) {
      throwIfStopping(stop);
      const options = { signal: stop.aborted, token, limit: LIMITS.syncPageChangesMax };
      const page = await source.changes({ mailbox: this.#mailbox, folder }, options);
      yield page.changes.filter(({ kind }) => kind !== "delete").map(({ itemId }) => itemId);
      ({ token, complete } = page);
    }
  }

  get #since(): Date | undefined {
    const [since, start] = [this.#verification.since, this.#mailbox.startTimestamp];
    if (!since || !start) return since ?? start;
    return since >= start ? since : start;
  }

  async #comparePage(tally: Tally, itemIds: readonly string[]): Promise<void> {
    for (const chunk of chunksOf(itemIds, LIMITS.describeItemsMax)) {
      for (const outcome of await this.#describe(tally.folder, chunk)) {
        this.#compare(tally, outcome);
      }
    }
    this.#verification.onProgress(tally.folder, tally.emails);
    if (this.#suspects.length >= SUSPECTS_MAX) await this.#settleSuspects();
  }

  #describe(folder: Folder, itemIds: readonly string[]): Promise<readonly DescribeOutcome[]> {
    const { source, stop } = this.#verification;
    throwIfStopping(stop);
    return source.describe({ mailbox: this.#mailbox, folder }, itemIds, { signal: stop.aborted });
  }

  #compare(tally: Tally, outcome: DescribeOutcome): void {
    const { folder } = tally;
    if ("error" in outcome) {
      if (isGone(outcome)) return;
      tally.emails++;
      this.#suspects.push({ folder, itemId: outcome.itemId, tally });
      return;
    }
    const { item } = outcome;
    const { id, key } = emailRecordOf(this.#mailbox, folder, item);
    const isStored = this.#stored.see(key);
    if (!isWanted(item, this.#since)) return;
    if (isFiltered(item, this.#filter)) {
      tally.filtered++;
      return;
    }
    tally.emails++;
    const needsHeader = needsHeaderForId(item);
    if (isStored) tally.stored++;
    else if (needsHeader && !this.#isSkipped(item)) tally.untold++;
    else {
      const names = needsHeader ? {} : { id, key };
      const { itemId } = item;
      this.#suspects.push({ folder, itemId, tally, ...names, ...receivedAtOf(item) });
    }
  }

  /** What was rebuilt is stored, though the original is still waited for. */
  #isSkipped({ itemId }: { readonly itemId: string }): boolean {
    const skip = this.#skipped.get(itemId);
    return skip !== undefined && !skip.rebuilt;
  }

  async #settleSuspects(): Promise<void> {
    let { unstored } = await this.#lookUpAgain(this.#suspects);
    this.#suspects = [];
    if (this.#verification.repair) unstored = await this.#repair(unstored);
    for (const suspect of unstored) {
      const skip = this.#skipped.get(suspect.itemId);
      const [named, part] = this.#isSkipped(suspect)
        ? [this.#firstSkipped, "skipped"] as const
        : [this.#firstMissing, "missing"] as const;
      suspect.tally[part]++;
      if (named.length < NAMED_MAX) named.push(skip ? { ...suspect, skip } : suspect);
    }
  }

  /** Delivers what is not stored; resolves to what is not stored still. */
  async #repair(unstored: readonly Suspect[]): Promise<readonly Suspect[]> {
    const { repair } = this.#verification;
    for (const [folder, group] of Map.groupBy(unstored, ({ folder }) => folder)) {
      const itemIds = group.map(({ itemId }) => itemId);
      const skipped = await repair!({ mailbox: this.#mailbox, folder }, itemIds);
      for (const itemId of itemIds) this.#skipped.delete(itemId);
      for (const skip of skipped) this.#skipped.set(skip.itemId, skip);
    }
    const after = await this.#lookUpAgain(unstored);
    // What no look can tell was delivered, or else it is on the record now.
    const isDelivered = (suspect: Suspect) =>
      suspect.key === undefined && !this.#isSkipped(suspect);
    const delivered = after.unstored.filter(isDelivered);
    for (const { tally } of delivered) tally.stored++;
    this.#repaired += after.stored + delivered.length;
    return after.unstored.filter((suspect) => !isDelivered(suspect));
  }

  /** Tells what is there and not stored; all else is counted as what it is. */
  async #lookUpAgain(
    suspects: readonly Suspect[],
  ): Promise<{ readonly unstored: readonly Suspect[]; readonly stored: number }> {
    if (suspects.length === 0) return { unstored: [], stored: 0 };
    // In this order: what is moved in between was stored, or is found by its new id.
    const present = await this.#stillThere(suspects);
    const keys = await storedKeys(this.#verification);
    const isStored = ({ key }: Suspect) => key !== undefined && keys.has(key);
    const stored = present.filter(isStored);
    for (const { tally } of stored) tally.stored++;
    return { unstored: present.filter((one) => !isStored(one)), stored: stored.length };
  }

  async #stillThere(suspects: readonly Suspect[]): Promise<readonly Suspect[]> {
    const present: Suspect[] = [];
    for (const [folder, group] of Map.groupBy(suspects, ({ folder }) => folder)) {
      for (const chunk of chunksOf(group, LIMITS.describeItemsMax)) {
        const outcomes = await this.#describe(folder, chunk.map(({ itemId }) => itemId));
        outcomes.forEach((outcome, at) => {
          const suspect = chunk[at]!;
          if (isGone(outcome)) suspect.tally.emails--;
          else present.push(suspect);
        });
      }
    }
    return present;
  }
}

function emptyTally(folder: Folder): Tally {
  return { folder, emails: 0, stored: 0, missing: 0, skipped: 0, untold: 0, filtered: 0 };
}

function isGone(outcome: DescribeOutcome): boolean {
  return "error" in outcome && outcome.error.code === "ErrorItemNotFound";
}

function receivedAtOf({ receivedAt }: ItemDescription) {
  return receivedAt ? { receivedAt } : {};
}
