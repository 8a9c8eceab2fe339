import {
  type EmailRecord,
  emailRecordOf,
  type ItemDescription,
  needsHeaderForId,
  type RawEmail,
} from "../core/email.ts";
import type { Env } from "../core/env.ts";
import { assert, SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { MimeContent } from "../core/mime_content.ts";
import { readMimeHeader } from "../core/mime_header.ts";
import {
  addCounts,
  type DeliveryCounts,
  NO_COUNTS,
  type Observer,
  settledOf,
} from "../core/observer.ts";
import type { FolderOf, MailboxSink, MailSource } from "../core/ports.ts";
import { retry } from "../core/retry.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { SkippedItem } from "../core/sync_state.ts";
import { batchBytesOf, batchesOf, chunksOf } from "./batches.ts";
import { mapBounded } from "../core/map_bounded.ts";
import type { Pace } from "./pace.ts";
import { type Stop, throwIfStopping } from "./stop.ts";

/** What delivering the items of one mailbox needs. */
export interface Delivery {
  readonly source: MailSource;
  readonly sink: MailboxSink;
  readonly env: Env;
  readonly observer: Observer;
  readonly pace: Pace;
  /** MIME bytes held in memory, whole process. */
  readonly heldBytes: Semaphore;
  /** `reinfer_batch_size`. */
  readonly batchSize: number;
  readonly stop: Stop;
}

/** What became of a page: every item of it is counted once. */
export interface Settlement {
  readonly counts: DeliveryCounts;
  readonly skipped: readonly SkippedItem[];
}

const NOTHING: Settlement = { counts: NO_COUNTS, skipped: [] };

/**
 * Settles items of one folder: each is stored in the sink, recognised as stored, found not to be an
 * email, gone, or skipped on the record. Resolves only when all are; rejects when nothing can be
 * said about some of them, so that the page they came with is not committed.
 *
 * @throws SyncError of any kind but `item`; `StopBegun` when a stop leaves items unsettled.
 */
export async function deliver(
  delivery: Delivery,
  at: FolderOf,
  itemIds: readonly string[],
): Promise<Settlement> {
  const chunks = chunksOf([...new Set(itemIds)], delivery.batchSize);
  const settlements = await mapBounded(
    chunks,
    LIMITS.batchesInFlight,
    (chunk) => deliverChunk(delivery, at, chunk),
  );
  return settlements.reduce((a, b) => merge(a, b), NOTHING);
}

async function deliverChunk(
  delivery: Delivery,
  at: FolderOf,
  itemIds: readonly string[],
): Promise<Settlement> {
  throwIfStopping(delivery.stop);
  const { items, settlement: undescribed } = await describe(delivery, at, itemIds);
  const { missing, alreadyStored } = await recognise(delivery, at, items);
  const known = count({ alreadyStored });
  let total = merge(undescribed, known);
  delivery.observer.settled(at.mailbox, at.folder, total.counts);
  for (const batch of batchesOf(missing)) {
    const settlement = await deliverBatch(delivery, at, batch);
    delivery.observer.settled(at.mailbox, at.folder, settlement.counts);
    total = merge(total, settlement);
  }
  assert(settledOf(total.counts) === itemIds.length, "every item of a page is settled once");
  return total;
}

/** Sorts out what is no email to sync, what is gone and what cannot even be described. */
async function describe(
  { source, stop, env }: Delivery,
  at: FolderOf,
  itemIds: readonly string[],
): Promise<{ items: ItemDescription[]; settlement: Settlement }> {
  const items: ItemDescription[] = [];
  let settlement = NOTHING;
  for (const outcome of await source.describe(at, itemIds, { signal: stop.aborted })) {
    if ("error" in outcome) {
      settlement = merge(settlement, settlementOf(outcome, undefined, env, at));
    } else if (isWanted(outcome.item, at.mailbox.startTimestamp)) {
      items.push(outcome.item);
    } else {
      settlement = merge(settlement, count({ ignored: 1 }));
    }
  }
  return { items, settlement };
}

function isWanted(item: ItemDescription, startTimestamp: Date | undefined): boolean {
  if (!item.isMail || item.isDraft) return false;
  const receivedAt = item.receivedAt ?? item.createdAt;
  return !startTimestamp || !receivedAt || receivedAt >= startTimestamp;
}

/** Tells what the sink has already, so that no stored content is fetched again. */
async function recognise(
  { sink, stop }: Delivery,
  at: FolderOf,
  items: readonly ItemDescription[],
): Promise<{ missing: ItemDescription[]; alreadyStored: number }> {
  const records = new Map<ItemDescription, EmailRecord>();
  for (const item of items) {
    if (!needsHeaderForId(item)) records.set(item, emailRecordOf(at.mailbox, at.folder, item));
  }
  const stored = records.size === 0
    ? new Set<string>()
    : await sink.refresh([...records.values()], { signal: stop.aborted });
  const missing = items.filter((item) => !stored.has(records.get(item)?.key ?? ""));
  return { missing, alreadyStored: items.length - missing.length };
}

/** Fetches and stores one batch; what fails for a passing reason is tried again, alone. */
async function deliverBatch(
  delivery: Delivery,
  at: FolderOf,
  batch: readonly ItemDescription[],
): Promise<Settlement> {
  const { pace, heldBytes, stop, env } = delivery;
  throwIfStopping(stop);
  await pace.take(batch.length, { signal: stop.begun });
  let pending = batch;
  let total = NOTHING;
  const attempt = async () => {
    const { settlement, unsettled, error } = await heldBytes.run(
      () => attemptBatch(delivery, at, pending),
      { signal: stop.aborted, weight: batchBytesOf(pending) },
    );
    total = merge(total, settlement);
    pending = unsettled;
    if (error) throw error.in({ ...contextOf(at), operation: "deliver" });
  };
  await retry(attempt, { env, signal: stop.aborted, budgetMs: LIMITS.retryBudgetMs });
  return total;
}

interface Attempt {
  readonly settlement: Settlement;
  readonly unsettled: readonly ItemDescription[];
  /** Why the unsettled ones are so; always a passing reason. */
  readonly error?: SyncError;
}

async function attemptBatch(
  delivery: Delivery,
  at: FolderOf,
  batch: readonly ItemDescription[],
): Promise<Attempt> {
  const { source, env, stop } = delivery;
  const retryables: { item: ItemDescription; error: SyncError }[] = [];
  let settlement = NOTHING;
  const settle = (item: ItemDescription, error: SyncError) => {
    if (error.kind === "retryable") retryables.push({ item, error });
    else {settlement = merge(
        settlement,
        settlementOf({ itemId: item.itemId, error }, item, env, at),
      );}
  };

  const fetched: { item: ItemDescription; mime: MimeContent }[] = [];
  const outcomes = await source.fetch(at, batch, { signal: stop.aborted });
  for (const [index, outcome] of outcomes.entries()) {
    const item = batch[index]!;
    if ("error" in outcome) settle(item, outcome.error);
    else fetched.push({ item, mime: outcome.mime });
  }

  const emails = await rawEmails(at, fetched, stop.aborted, settle);
  for (const { items, outcome } of await put(delivery, emails)) {
    if (outcome.stored) {
      const copies = count({ alreadyStored: items.length - 1 });
      settlement = merge(settlement, count({ delivered: 1, bytes: outcome.sizeBytes }), copies);
    } else {
      for (const item of items) settle(item, outcome.error);
    }
  }
  return {
    settlement,
    unsettled: retryables.map(({ item }) => item),
    ...(retryables[0] ? { error: retryables[0].error } : {}),
  };
}

interface EmailOfItems {
  readonly email: RawEmail;
  /** Copies of one email inside a folder are one email: all are settled by it. */
  readonly items: ItemDescription[];
}

async function rawEmails(
  at: FolderOf,
  fetched: readonly { item: ItemDescription; mime: MimeContent }[],
  signal: AbortSignal,
  settle: (item: ItemDescription, error: SyncError) => void,
): Promise<readonly EmailOfItems[]> {
  const byKey = new Map<string, EmailOfItems>();
  for (const { item, mime } of fetched) {
    try {
      const header = needsHeaderForId(item) ? await readMimeHeader(mime, signal) : undefined;
      const email = { ...emailRecordOf(at.mailbox, at.folder, item, header), mime };
      const earlier = byKey.get(email.key)?.items ?? [];
      byKey.set(email.key, { email, items: [...earlier, item] });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      settle(item, error);
    }
  }
  return [...byKey.values()];
}

async function put({ sink, stop }: Delivery, emails: readonly EmailOfItems[]) {
  if (emails.length === 0) return [];
  const outcomes = await sink.put(emails.map(({ email }) => email), { signal: stop.aborted });
  assert(outcomes.length === emails.length, "a sink gives one outcome for each email");
  return emails.map(({ items }, index) => ({ items, outcome: outcomes[index]! }));
}

/** The end of an item that was not delivered: gone, or skipped on the record and in the log. */
function settlementOf(
  { itemId, error }: { readonly itemId: string; readonly error: SyncError },
  item: ItemDescription | undefined,
  env: Env,
  at: FolderOf,
): Settlement {
  if (error.kind !== "item") throw error.in(contextOf(at));
  if (error.code === "ErrorItemNotFound") return count({ vanished: 1 });
  env.log.error("Email skipped.", {
    mailbox: at.mailbox.address,
    folder: at.folder.path,
    itemId,
    receivedAt: item?.receivedAt?.toISOString(),
    sizeBytes: item?.sizeBytes,
    code: error.code,
    reason: error.message,
    hint: error.hint,
  });
  const skipped: SkippedItem = {
    itemId,
    ...(item?.internetMessageId ? { id: item.internetMessageId.trim() } : {}),
    ...(item?.receivedAt ? { receivedAt: item.receivedAt } : {}),
    ...(item ? { sizeBytes: item.sizeBytes } : {}),
    code: error.code,
    reason: error.message,
    skippedAt: env.clock.now(),
  };
  return { counts: { ...NO_COUNTS, skipped: 1 }, skipped: [skipped] };
}

function contextOf({ mailbox, folder }: FolderOf) {
  return { mailbox: mailbox.address, folder: folder.path };
}

function count(counts: Partial<DeliveryCounts>): Settlement {
  return { counts: { ...NO_COUNTS, ...counts }, skipped: [] };
}

function merge(...settlements: readonly Settlement[]): Settlement {
  return {
    counts: settlements.map(({ counts }) => counts).reduce(addCounts),
    skipped: settlements.flatMap(({ skipped }) => skipped),
  };
}
