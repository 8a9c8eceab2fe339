import type { Change, ChangePage } from "../../core/ports.ts";
import type { Operation } from "../operation.ts";
import { successOf } from "../response_message.ts";
import type { XmlNode } from "../xml.ts";
import { element, fragment, textElement } from "../xml_writer.ts";
import { folderId, idOnly } from "./request_parts.ts";

export interface SyncFolderItemsRequest {
  readonly folderId: string;
  /** `SyncState` of the last page; absent: from the beginning. */
  readonly syncState: string | undefined;
  /** 1 to 512 (`MaxSyncChangesReturnedType`). */
  readonly limit: number;
}

/** SyncFolderItems, ids only: every property asked for would cost the server another call. */
export function syncFolderItems(request: SyncFolderItemsRequest): Operation<ChangePage> {
  return {
    name: "SyncFolderItems",
    reach: "folder",
    messagesExpected: 1,
    encode: () =>
      element(
        "m:SyncFolderItems",
        {},
        element("m:ItemShape", {}, idOnly()),
        element("m:SyncFolderId", {}, folderId(request.folderId)),
        request.syncState === undefined
          ? fragment()
          : textElement("m:SyncState", request.syncState),
        textElement("m:MaxChangesReturned", request.limit),
      ),
    decode: ([message]) => {
      const page = successOf(message);
      return {
        changes: page.node("Changes").children.map(changeOf),
        token: page.text("SyncState"),
        complete: page.flag("IncludesLastItemInRange"),
      };
    },
  };
}

const KINDS: Readonly<Record<string, Change["kind"]>> = {
  Create: "create",
  Update: "update",
  Delete: "delete",
  ReadFlagChange: "readFlag",
};

function changeOf(change: XmlNode): Change {
  // A kind that Microsoft may yet add is looked at like an update: nothing is overlooked.
  const kind = KINDS[change.name] ?? "update";
  const holder = change.optionalNode("ItemId") ? change : change.children[0] ?? change;
  return { kind, itemId: holder.node("ItemId").attribute("Id") };
}
