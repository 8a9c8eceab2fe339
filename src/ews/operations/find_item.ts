import type { Operation } from "../operation.ts";
import { successOf } from "../response_message.ts";
import type { XmlNode } from "../xml.ts";
import { element, type Xml } from "../xml_writer.ts";
import { additionalProperties, fieldUri, folderId, idOnly } from "./request_parts.ts";

/** Which items of a folder, and by which time they are ordered, oldest first. */
export type ItemOrder =
  /** Those with a received time, by it. */
  | { readonly by: "received"; readonly from: Date | undefined }
  /** Those without a received time, by the time of their creation. */
  | { readonly by: "created"; readonly from: Date | undefined };

export interface FindItemRequest {
  readonly folderId: string;
  readonly order: ItemOrder;
  /** Items to leave out from the beginning of that order. */
  readonly offset: number;
  readonly limit: number;
}

export interface FoundItem {
  readonly itemId: string;
  readonly receivedAt?: Date;
}

export interface ItemPage {
  readonly items: readonly FoundItem[];
  /** Whether the order ends with this page; a page may be short without being the last. */
  readonly complete: boolean;
}

const RECEIVED = "item:DateTimeReceived";
const CREATED = "item:DateTimeCreated";

/** FindItem: one page of a folder's items, ids and received times only. */
export function findItem(request: FindItemRequest): Operation<ItemPage> {
  return {
    name: "FindItem",
    reach: "folder",
    messagesExpected: 1,
    encode: () => encode(request),
    decode: ([message]) => {
      const root = successOf(message).node("RootFolder");
      return {
        items: root.node("Items").children.map(foundItemOf),
        complete: root.flagAttribute("IncludesLastItemInRange"),
      };
    },
  };
}

function encode({ folderId: id, order, offset, limit }: FindItemRequest): Xml {
  const sortedBy = order.by === "received" ? RECEIVED : CREATED;
  return element(
    "m:FindItem",
    { Traversal: "Shallow" },
    element("m:ItemShape", {}, idOnly(), additionalProperties(fieldUri(RECEIVED))),
    element("m:IndexedPageItemView", {
      MaxEntriesReturned: limit,
      Offset: offset,
      BasePoint: "Beginning",
    }),
    element("m:Restriction", {}, restriction(order)),
    element("m:SortOrder", {}, element("t:FieldOrder", { Order: "Ascending" }, fieldUri(sortedBy))),
    element("m:ParentFolderIds", {}, folderId(id)),
  );
}

function restriction({ by, from }: ItemOrder): Xml {
  const hasReceived = element("t:Exists", {}, fieldUri(RECEIVED));
  if (by === "received") return from ? notBefore(RECEIVED, from) : hasReceived;
  const without = element("t:Not", {}, hasReceived);
  return from ? element("t:And", {}, without, notBefore(CREATED, from)) : without;
}

function notBefore(property: string, time: Date): Xml {
  const constant = element("t:Constant", { Value: time.toISOString() });
  return element(
    "t:IsGreaterThanOrEqualTo",
    {},
    fieldUri(property),
    element("t:FieldURIOrConstant", {}, constant),
  );
}

function foundItemOf(node: XmlNode): FoundItem {
  const receivedAt = node.optionalDate("DateTimeReceived");
  return {
    itemId: node.node("ItemId").attribute("Id"),
    ...(receivedAt ? { receivedAt } : {}),
  };
}
