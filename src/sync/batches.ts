import type { ItemDescription } from "../core/email.ts";
import { LIMITS } from "../core/limits.ts";

/** Consecutive slices of at most `size` items. */
export function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from(
    { length: Math.ceil(items.length / size) },
    (_, index) => items.slice(index * size, (index + 1) * size),
  );
}

/**
 * Cuts items into batches that are fetched and delivered together: together no larger, by the sizes
 * Exchange states, than one batch may hold in memory. A large item goes alone, as a stream. Order
 * is kept; nothing is lost or repeated.
 */
export function batchesOf(items: readonly ItemDescription[]): readonly ItemDescription[][] {
  const batches: ItemDescription[][] = [];
  let open: ItemDescription[] = [];
  let openBytes = 0;
  const close = () => {
    if (open.length > 0) batches.push(open);
    open = [];
    openBytes = 0;
  };
  for (const item of items) {
    const bytes = heldBytesOf(item);
    if (isStreamed(item) || openBytes + bytes > LIMITS.batchBytesMax) close();
    open.push(item);
    openBytes += bytes;
    if (isStreamed(item)) close();
  }
  close();
  return batches;
}

/** Bytes a batch is expected to hold in memory while it is delivered. */
export function batchBytesOf(batch: readonly ItemDescription[]): number {
  return batch.reduce((sum, item) => sum + heldBytesOf(item), 0);
}

function isStreamed(item: ItemDescription): boolean {
  return item.sizeBytes > LIMITS.heldMimeBytesMax;
}

function heldBytesOf(item: ItemDescription): number {
  if (isStreamed(item)) return LIMITS.streamedMimeBytes;
  // MIME content is larger than the stored item: attachments become base64 in it.
  const bytes = Math.ceil(item.sizeBytes * 1.4) + LIMITS.emailOverheadBytes;
  return Math.max(bytes, LIMITS.emailBytesMin);
}
