import type { Mailbox } from "../../core/mailbox.ts";
import { OtherApiSource } from "./other_api_source.ts";
import type { MemorySource } from "./memory_source.ts";

const PREFIX = "graph ";

/** Mailboxes in memory as the other api shows them: no item id or token is the same. */
export function graphView(source: MemorySource): OtherApiSource {
  return new OtherApiSource(source, {
    itemIdOf: (_, itemId) => PREFIX + itemId,
    sourceItemOf: (mailbox: Mailbox, itemId) => {
      const id = itemId.slice(PREFIX.length);
      const folderId = source.folderOf(mailbox, id)?.id;
      return folderId === undefined ? undefined : { id, folderId };
    },
    roleOf: () => undefined,
  });
}
