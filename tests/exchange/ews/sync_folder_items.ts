import type { AnswerPart } from "../answer_bytes.ts";
import type { ItemChange } from "../change_log.ts";
import type { Call, FolderOfMailbox, Operation, ResponseMessage } from "./call.ts";
import type { ContentReader } from "./content_reader.ts";
import { EwsError } from "./ews_errors.ts";
import { type FolderReference, openFolder, readFolderId } from "./folder_ids.ts";
import { readItemId } from "./get_item.ts";
import { itemElement, itemIdElement } from "./item_element.ts";
import { type ItemShape, readItemShape } from "./shapes.ts";
import { idElement, textElement } from "./xml_text.ts";

/** MaxSyncChangesReturnedType. */
const CHANGES_MAX = 512;

interface SyncRequest {
  readonly shape: ItemShape;
  readonly reference: FolderReference;
  readonly syncState: string | undefined;
  readonly ignoredItemIds: ReadonlySet<string>;
  readonly limit: number;
}

export const syncFolderItems: Operation = {
  name: "SyncFolderItems",
  read(request) {
    const shape = readItemShape(request.required("m:ItemShape"));
    const folderId = request.required("m:SyncFolderId");
    const reference = readFolderId(folderId.oneOf(["t:FolderId", "t:DistinguishedFolderId"]));
    folderId.end();
    const syncState = request.optional("m:SyncState")?.text();
    const ignored = request.optional("m:Ignore")?.allOf(["t:ItemId"], 0).map(readItemId) ?? [];
    const limit = readLimit(request.required("m:MaxChangesReturned"));
    request.optional("m:SyncScope")
      ?.enumerated(["NormalItems", "NormalAndAssociatedItems"], "SyncFolderItemsScopeType");
    request.end();
    const sync = { shape, reference, syncState, limit, ignoredItemIds: new Set(ignored) };
    return [syncMessage(sync)];
  },
};

function readLimit(reader: ContentReader): number {
  const limit = reader.integer();
  if (limit < 1 || limit > CHANGES_MAX) reader.refuseValue("MaxSyncChangesReturnedType");
  return limit;
}

function syncMessage(request: SyncRequest): ResponseMessage {
  return {
    // An error looks like the end of an empty page to whoever does not read its response class.
    emptyContent: "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
    answer: (call) => changes(call, request),
  };
}

function changes(call: Call, request: SyncRequest): readonly AnswerPart[] {
  const at = openSyncFolder(call, request.reference);
  const { mailbox, folder } = at;
  const page = mailbox.sync(folder.id, {
    ...request,
    // An empty element is no state at all.
    syncState: request.syncState || undefined,
  });
  if (!page.valid) {
    throw new EwsError(
      "ErrorInvalidSyncStateData",
      "Synchronization state data is corrupt or otherwise invalid.",
    );
  }
  call.note.items += page.changes.length;
  return [
    textElement("m:SyncState", page.syncState),
    textElement("m:IncludesLastItemInRange", page.complete),
    "<m:Changes>",
    ...page.changes.flatMap((change) => changeElement(call, at, change, request.shape)),
    "</m:Changes>",
  ];
}

function openSyncFolder(call: Call, reference: FolderReference): FolderOfMailbox {
  const at = openedForSync(call, reference);
  if (at.folder.type === "search") {
    throw new EwsError(
      "ErrorInvalidFolderTypeForOperation",
      "The folder type is invalid for this operation.",
    );
  }
  return at;
}

/** Sync operations have a word of their own for a folder that is gone. */
function openedForSync(call: Call, reference: FolderReference): FolderOfMailbox {
  try {
    return openFolder(call, reference);
  } catch (error) {
    if (!(error instanceof EwsError) || error.code !== "ErrorItemNotFound") throw error;
    throw new EwsError(
      "ErrorSyncFolderNotFound",
      "The specified folder could not be found in the store.",
    );
  }
}

function changeElement(
  call: Call,
  { mailbox }: FolderOfMailbox,
  { kind, itemId }: ItemChange,
  shape: ItemShape,
): readonly AnswerPart[] {
  const item = mailbox.item(itemId);
  if (kind === "delete" || !item) {
    return [`<t:Delete>${idElement("t:ItemId", itemId)}</t:Delete>`];
  }
  if (kind === "readFlag") {
    const isRead = textElement("t:IsRead", item.isRead);
    return [`<t:ReadFlagChange>${itemIdElement(item, mailbox)}${isRead}</t:ReadFlagChange>`];
  }
  const element = kind === "create" ? "t:Create" : "t:Update";
  const answer = { mailbox, shape, precision: call.precision, byGetItem: false };
  return [`<${element}>`, ...itemElement(item, answer), `</${element}>`];
}
