import type { ItemDescription } from "../core/email.ts";
import { LIMITS } from "../core/limits.ts";

/** Which items to fetch together, and which to leave until they are opened. */
export interface ContentPlan {
  readonly requests: readonly (readonly string[])[];
  readonly streamed: readonly string[];
}

/**
 * Cuts items into requests of at most `itemsMax` items and `LIMITS.fetchBytesMax` stated bytes, of
 * more than `LIMITS.fetchItemsMin` items only for `LIMITS.fetchManyBytesMax`. An item that is likely
 * to exceed `LIMITS.heldMimeBytesMax` is left to be streamed.
 */
export function planContent(items: readonly ItemDescription[], itemsMax: number): ContentPlan {
  const streamed: string[] = [];
  const requests: string[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    const { itemId, sizeBytes } = item;
    if (isStreamed(item)) {
      streamed.push(itemId);
      continue;
    }
    const request = requests.at(-1);
    bytes += sizeBytes;
    if (request && request.length < itemsMax && bytes <= bytesMaxOf(request.length + 1)) {
      request.push(itemId);
    } else {
      requests.push([itemId]);
      bytes = sizeBytes;
    }
  }
  return { requests, streamed };
}

function bytesMaxOf(items: number): number {
  return items <= LIMITS.fetchItemsMin ? LIMITS.fetchBytesMax : LIMITS.fetchManyBytesMax;
}

/**
 * Whether content is likely to be too large to be held. Exchange states sizes as stored; attachments
 * grow by a third on their way into MIME.
 */
export function isStreamed({ sizeBytes }: Pick<ItemDescription, "sizeBytes">): boolean {
  return sizeBytes * 4 / 3 > LIMITS.heldMimeBytesMax;
}
