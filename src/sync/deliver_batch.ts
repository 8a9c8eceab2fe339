import {
  emailRecordOf,
  type ItemDescription,
  needsHeaderForId,
  type RawEmail,
} from "../core/email.ts";
import { assert, SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { MimeContent } from "../core/mime_content.ts";
import { readMimeHeader } from "../core/mime_header.ts";
import type { FolderOf } from "../core/ports.ts";
import { retry } from "../core/retry.ts";
import { batchBytesOf } from "./batches.ts";
import type { Delivery, DeliveryOptions } from "./delivery.ts";
import {
  counted,
  mergeSettlements,
  NOTHING_SETTLED,
  type Settlement,
  skippedItemOf,
} from "./settlement.ts";
import { throwIfStopping } from "./stop.ts";

/** Fetches and stores one batch; what fails for a passing reason is tried again, alone. */
export async function deliverBatch(
  delivery: Delivery,
  at: FolderOf,
  batch: readonly ItemDescription[],
  options: DeliveryOptions,
): Promise<Settlement> {
  const { pace, heldBytes, stop, env } = delivery;
  throwIfStopping(stop);
  await pace.take(batch.length, { signal: stop.begun });
  let pending = batch;
  let total = NOTHING_SETTLED;
  const attempt = async () => {
    const outcome = await heldBytes.run(
      () => new BatchAttempt(delivery, at, options).run(pending),
      {
        signal: stop.aborted,
        weight: batchBytesOf(pending),
        ...(options.urgent ? { urgent: true } : {}),
      },
    );
    total = mergeSettlements(total, outcome.settlement);
    pending = outcome.unsettled;
    if (outcome.error) throw outcome.error.in({ ...contextOf(at), operation: "deliver" });
  };
  await retry(attempt, { env, signal: stop.aborted, budgetMs: LIMITS.retryBudgetMs });
  return total;
}

/**
 * The end of an item whose content or properties cannot be had: gone, or given up for now.
 *
 * @throws SyncError the given one if it reaches further than the item; kind `mailbox` when too many
 *   were given up in a row.
 */
export function giveUp(
  { env, guard }: Pick<Delivery, "env" | "guard">,
  at: FolderOf,
  { itemId, error }: { readonly itemId: string; readonly error: SyncError },
  { again, standIns }: DeliveryOptions,
  item?: ItemDescription,
): Settlement {
  if (error.kind !== "item") throw error.in(contextOf(at));
  if (error.code === "ErrorItemNotFound") return counted({ vanished: 1 });
  const skip = skippedItemOf(itemId, item, error, env.clock.now());
  // It may have been rebuilt under another item id, or when more of it could be read.
  const skipped = [standIns?.has(itemId) ? { ...skip, rebuilt: true } : skip];
  if (again?.has(itemId)) return { ...counted({ stillSkipped: 1 }), skipped };
  guard.skipped({ folderId: at.folder.id, itemId }, error);
  return { ...counted({ skipped: 1 }), skipped };
}

interface AttemptOutcome {
  readonly settlement: Settlement;
  readonly unsettled: readonly ItemDescription[];
  /** Why the unsettled ones are so; always a passing reason. */
  readonly error?: SyncError;
}

interface Fetched {
  readonly item: ItemDescription;
  readonly mime: MimeContent;
  /** Why the content had to be rebuilt. */
  readonly because?: SyncError;
}

interface Failed extends Pick<Fetched, "item" | "because"> {
  /** By the sink: no other content would do. */
  readonly refused?: true;
}

interface EmailOfItems {
  readonly email: RawEmail;
  /** Copies of one email inside a folder are one email: all are settled by it. */
  readonly items: readonly Fetched[];
}

/** One attempt at a batch: fetch, store, and rebuild what cannot be had as it is. */
class BatchAttempt {
  readonly #delivery: Delivery;
  readonly #at: FolderOf;
  readonly #options: DeliveryOptions;
  readonly #settlements: Settlement[] = [];
  readonly #unsettled: { readonly item: ItemDescription; readonly error: SyncError }[] = [];
  /** Emails to be rebuilt, and why. */
  readonly #unreadable = new Map<ItemDescription, SyncError>();

  constructor(delivery: Delivery, at: FolderOf, options: DeliveryOptions) {
    this.#delivery = delivery;
    this.#at = at;
    this.#options = options;
  }

  async run(batch: readonly ItemDescription[]): Promise<AttemptOutcome> {
    await this.#store(await this.#fetch(batch));
    for (const [item, because] of this.#unreadable) await this.#rebuild(item, because);
    const [first] = this.#unsettled;
    return {
      settlement: mergeSettlements(...this.#settlements),
      unsettled: this.#unsettled.map(({ item }) => item),
      ...(first ? { error: first.error } : {}),
    };
  }

  get #call() {
    return { signal: this.#delivery.stop.aborted };
  }

  async #fetch(batch: readonly ItemDescription[]): Promise<readonly Fetched[]> {
    const outcomes = await this.#delivery.source.fetch(this.#at, batch, this.#call);
    assert(outcomes.length === batch.length, "a source gives one outcome for each item");
    return outcomes.flatMap((outcome, index): Fetched[] => {
      const item = batch[index]!;
      if (!("error" in outcome)) return [{ item, mime: outcome.mime }];
      this.#failed({ item }, outcome.error);
      return [];
    });
  }

  async #rebuild(item: ItemDescription, because: SyncError): Promise<void> {
    const outcome = await this.#delivery.source.rebuild(this.#at, item, because, this.#call);
    if ("error" in outcome) this.#failed({ item, because }, outcome.error);
    else await this.#store([{ item, mime: outcome.mime, because }]);
  }

  async #store(fetched: readonly Fetched[]): Promise<void> {
    const emails = await this.#emails(fetched);
    if (emails.length === 0) return;
    const { sink } = this.#delivery;
    const outcomes = await sink.put(emails.map(({ email }) => email), this.#call);
    assert(outcomes.length === emails.length, "a sink gives one outcome for each email");
    for (const [index, outcome] of outcomes.entries()) {
      const { items } = emails[index]!;
      if (outcome.stored) {
        this.#stored(items, outcome.sizeBytes);
        // Only here: of one that was not stored, a call that was given up may still be reading.
        for (const { mime } of items) mime.release?.();
      } else for (const item of items) this.#failed({ ...item, ...outcome }, outcome.error);
    }
  }

  /** One email for each key; reads the header of those whose id is nowhere else. */
  async #emails(fetched: readonly Fetched[]): Promise<readonly EmailOfItems[]> {
    const byKey = new Map<string, EmailOfItems>();
    for (const one of fetched) {
      try {
        const email = await this.#emailOf(one);
        const copies = byKey.get(email.key)?.items ?? [];
        byKey.set(email.key, { email, items: [...copies, one] });
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        this.#failed(one, error);
      }
    }
    return [...byKey.values()];
  }

  async #emailOf({ item, mime, because }: Fetched): Promise<RawEmail> {
    const { mailbox, folder } = this.#at;
    const header = needsHeaderForId(item)
      ? await readMimeHeader(mime, this.#call.signal)
      : undefined;
    const email = { ...emailRecordOf(mailbox, folder, item, header), mime };
    return because ? { ...email, rebuilt: true } : email;
  }

  #stored(items: readonly Fetched[], sizeBytes: number): void {
    const { guard, env } = this.#delivery;
    const rebuilt = items.flatMap(({ item, because }) =>
      because
        ? [{ ...skippedItemOf(item.itemId, item, because, env.clock.now()), rebuilt: true }]
        : []
    );
    // A rebuilt email says nothing about the health of the mailbox.
    if (rebuilt.length === 0) guard.delivered();
    const counts = {
      delivered: 1,
      alreadyStored: items.length - 1,
      bytes: sizeBytes,
      rebuilt: rebuilt.length > 0 ? 1 : 0,
    };
    this.#settlements.push({ counts: counted(counts).counts, skipped: rebuilt });
  }

  #failed({ item, because, refused }: Failed, error: SyncError): void {
    if (error.kind === "retryable") {
      this.#unsettled.push({ item, error });
    } else if (!refused && this.#isWorthRebuilding(item, because, error)) {
      this.#unreadable.set(item, error);
    } else {
      // What failed first is what matters: why the content itself cannot be had.
      const cause = error.kind === "item" && !refused ? because ?? error : error;
      const failure = { itemId: item.itemId, error: cause };
      this.#settlements.push(giveUp(this.#delivery, this.#at, failure, this.#options, item));
    }
  }

  #isWorthRebuilding(
    { itemId }: ItemDescription,
    because: SyncError | undefined,
    error: SyncError,
  ): boolean {
    return error.kind === "item" && !because && error.code !== "ErrorItemNotFound" &&
      !this.#options.again?.get(itemId)?.rebuilt;
  }
}

function contextOf({ mailbox, folder }: FolderOf) {
  return { mailbox: mailbox.address, folder: folder.path };
}
