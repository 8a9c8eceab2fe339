import { addCounts, type DeliveryCounts, NO_COUNTS, settledOf } from "../core/observer.ts";
import type { FolderOf } from "../core/ports.ts";
import { nextTryAt, type SkippedItem } from "../core/skipped_item.ts";
import {
  advanceSkipped,
  type FolderSyncState,
  type Settlement as PageSettlement,
} from "../core/sync_state.ts";
import { deliver } from "./deliver.ts";
import type { DeliveryOptions } from "./delivery.ts";
import type { FolderPass, PassResult } from "./folder_pass.ts";
import { mergeSettlements, type Settlement } from "./settlement.ts";

/** Items of a page, and why they are delivered. */
export interface PagePart {
  readonly itemIds: readonly string[];
  readonly options?: DeliveryOptions;
}

/** How far one pass over a folder has come: its state, what it delivered, what it may yet take. */
export class PassProgress {
  readonly #pass: FolderPass;
  readonly #at: FolderOf;
  #state: FolderSyncState;
  #counts: DeliveryCounts = NO_COUNTS;
  #remaining: number;
  #heldCommit: (() => Promise<void>) | undefined;

  constructor(pass: FolderPass, at: FolderOf, state: FolderSyncState) {
    this.#pass = pass;
    this.#at = at;
    this.#state = state;
    this.#remaining = pass.itemsMax;
  }

  get state(): FolderSyncState {
    return this.#state;
  }

  /** Items this pass may still take. */
  get remaining(): number {
    return Math.max(0, this.#remaining);
  }

  get signal() {
    return { signal: this.#pass.stop.aborted };
  }

  result(backlog: boolean): PassResult {
    const counts = this.#counts;
    return { counts, backlog, ...(this.#heldCommit ? { heldCommit: this.#heldCommit } : {}) };
  }

  /** Makes a state durable by which nothing was settled. */
  async moveTo(state: FolderSyncState): Promise<void> {
    await this.#pass.states.commit(state, this.signal);
    this.#state = state;
  }

  /** Takes over a state by which only times moved. */
  async note(state: FolderSyncState): Promise<void> {
    await this.#pass.states.note(state, this.signal);
    this.#state = state;
  }

  /**
   * Settles a page and commits it with the state that `advance` makes of it. `taken`: its items
   * count as taken by this pass. Resolves to false if the page is not committed (yet), which ends
   * the pass.
   */
  async settle(
    parts: readonly PagePart[],
    advance: (settlement: PageSettlement) => FolderSyncState,
    { taken = true }: { readonly taken?: boolean } = {},
  ): Promise<boolean> {
    const settlement = await this.#deliver(parts);
    const itemIds = parts.flatMap((part) => part.itemIds);
    this.#counts = addCounts(this.#counts, settlement.counts);
    if (taken) this.#remaining -= settledOf(settlement.counts);
    if (!this.#isBelieved(parts, settlement)) return false;
    const next = advance({ itemIds, skipped: settlement.skipped });
    const commit = async () => {
      await this.moveTo(next);
      this.#remember(itemIds, settlement);
      this.#report(settlement);
    };
    if (isDoubtful(settlement.counts)) {
      this.#heldCommit = commit;
      return false;
    }
    await commit();
    return true;
  }

  /**
   * Tries items again that are on the record of skips of `state`, which is the current one unless that
   * record has changed, and makes durable what came of it.
   */
  async tryAgain(itemIds: readonly string[], state = this.#state): Promise<void> {
    const settlement = await this.#deliver([{ itemIds }], state);
    this.#counts = addCounts(this.#counts, settlement.counts);
    await this.moveTo(advanceSkipped(state, { itemIds, skipped: settlement.skipped }));
    this.#report(settlement);
  }

  async #deliver(
    parts: readonly PagePart[],
    { skipped } = this.#state,
  ): Promise<Settlement> {
    // However an item on the record comes up, it is known that it could not be had before.
    const onRecord = new Map(skipped.map((skip) => [skip.itemId, skip]));
    const known = onRecord.size > 0 ? { again: onRecord } : {};
    const settlements: Settlement[] = [];
    for (const { itemIds, options } of parts) {
      settlements.push(await deliver(this.#pass, this.#at, itemIds, { ...options, ...known }));
    }
    return mergeSettlements(...settlements);
  }

  /** See `VanishedPages`. */
  #isBelieved(parts: readonly PagePart[], { counts }: Settlement): boolean {
    const { mailbox, folder } = this.#at;
    const itemIds = parts.flatMap((part) => part.itemIds);
    if (this.#pass.vanished.accepts(folder.id, itemIds, counts.vanished)) return true;
    this.#pass.env.log.warn("All items of a page have vanished; it is asked for again.", {
      mailbox: mailbox.address,
      folder: folder.path,
      items: itemIds.length,
    });
    return false;
  }

  /** What EWS shows again it names a change itself. */
  #remember(itemIds: readonly string[], { counts }: Settlement): void {
    const { source, settled } = this.#pass;
    // Which of them vanished is not known; those may come yet.
    if (source.api !== "ews" && counts.vanished === 0) settled.note(this.#at, itemIds);
  }

  /** Once the record is durable, what came on it is said aloud. */
  #report({ skipped }: Settlement): void {
    const { mailbox, folder } = this.#at;
    const now = new Set(skipped.map(({ itemId }) => itemId));
    for (const item of this.#state.skipped.filter(({ itemId }) => now.has(itemId))) {
      const [level, said] = saidOf(item);
      this.#pass.env.log[level](said, {
        mailbox: mailbox.address,
        folder: folder.path,
        itemId: item.itemId,
        receivedAt: item.receivedAt?.toISOString(),
        sizeBytes: item.sizeBytes,
        code: item.code,
        reason: item.reason,
        retries: item.retries,
        nextTryAt: nextTryAt(item)?.toISOString(),
      });
    }
  }
}

function saidOf({ retries, rebuilt }: SkippedItem): ["error" | "warn", string] {
  if (retries > 0) return ["warn", "Email still cannot be had as it is."];
  return rebuilt
    ? ["warn", "Email rebuilt from what Exchange gives of it."]
    : ["error", "Email skipped."];
}

/** Nothing of the page could be delivered, and not for want of trying. */
function isDoubtful({ delivered, skipped }: DeliveryCounts): boolean {
  return skipped > 0 && delivered === 0;
}
