import { z } from "zod";
import type { SkippedItem } from "../core/skipped_item.ts";
import { present } from "./present.ts";
import { WireTime } from "./wire_time.ts";

const Count = z.int().min(0);

/** A skipped item as a folder's state holds it. */
export const SkippedItemJson = z.object({
  item_id: z.string(),
  id: z.string().optional(),
  received_at: WireTime.optional(),
  size: Count.optional(),
  code: z.string(),
  reason: z.string(),
  skipped_at: WireTime,
  tried_at: WireTime.optional(),
  retries: Count.default(0),
  rebuilt: z.boolean().optional(),
  sought: z.literal(true).optional(),
}).transform((wire): SkippedItem =>
  present({
    itemId: wire.item_id,
    id: wire.id,
    receivedAt: wire.received_at,
    sizeBytes: wire.size,
    code: wire.code,
    reason: wire.reason,
    skippedAt: wire.skipped_at,
    triedAt: wire.tried_at,
    retries: wire.retries,
    rebuilt: wire.rebuilt,
    sought: wire.sought,
  })
);

/** What `SkippedItemJson` reads. */
export function encodeSkippedItem(skip: SkippedItem) {
  return {
    item_id: skip.itemId,
    id: skip.id,
    received_at: skip.receivedAt,
    size: skip.sizeBytes,
    code: skip.code,
    reason: skip.reason,
    skipped_at: skip.skippedAt,
    tried_at: skip.triedAt,
    retries: skip.retries,
    rebuilt: skip.rebuilt,
    sought: skip.sought,
  };
}
