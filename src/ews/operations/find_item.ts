import type { FoundItem, ItemOrder, ItemPage, PageRequest } from "../../source/item_page.ts";
import type { Operation } from "../operation.ts";
import { successOf } from "../response_message.ts";
import type { XmlNode } from "../xml.ts";
import { element, fragment, type Xml } from "../xml_writer.ts";
import { additionalProperties, fieldUri, folderId, idOnly } from "./request_parts.ts";

export interface FindItemRequest extends PageRequest {
  readonly folderId: string;
}

export interface FoundItems extends ItemPage {
  /** How many items the whole order has; absent where the server does not say. */
  readonly total?: number;
}

/** The property behind each order: its element, and the path that stands for it in requests. */
const ORDER_PROPERTIES = {
  received: "DateTimeReceived",
  created: "DateTimeCreated",
  modified: "LastModifiedTime",
} as const;

/** FindItem: one page of a folder's items, ids and the times of their order only. */
export function findItem(request: FindItemRequest): Operation<FoundItems> {
  return {
    name: "FindItem",
    reach: "folder",
    messagesExpected: 1,
    encode: () => encode(request),
    decode: ([message]) => {
      const root = successOf(message).node("RootFolder");
      const total = Number(root.optionalAttribute("TotalItemsInView"));
      return {
        items: root.node("Items").children.map((item) => foundItemOf(item, request.order)),
        complete: root.flagAttribute("IncludesLastItemInRange"),
        ...(Number.isSafeInteger(total) ? { total } : {}),
      };
    },
  };
}

function encode({ folderId: id, order, offset, limit }: FindItemRequest): Xml {
  const time = pathOf(order.by);
  return element(
    "m:FindItem",
    { Traversal: "Shallow" },
    element("m:ItemShape", {}, idOnly(), additionalProperties(time)),
    element("m:IndexedPageItemView", {
      MaxEntriesReturned: limit,
      Offset: offset,
      BasePoint: "Beginning",
    }),
    restriction(order),
    element("m:SortOrder", {}, element("t:FieldOrder", { Order: "Ascending" }, time)),
    element("m:ParentFolderIds", {}, folderId(id)),
  );
}

function restriction({ by, from, until }: ItemOrder): Xml {
  const hasReceived = element("t:Exists", {}, pathOf("received"));
  const conditions = [
    ...(by === "created" ? [element("t:Not", {}, hasReceived)] : []),
    ...(from ? [comparison("t:IsGreaterThanOrEqualTo", by, from)] : []),
    ...(until ? [comparison("t:IsLessThan", by, until)] : []),
  ];
  // Whatever is compared with something exists.
  if (by === "received" && conditions.length === 0) conditions.push(hasReceived);
  if (conditions.length === 0) return fragment();
  const [only] = conditions;
  const all = conditions.length === 1 && only ? only : element("t:And", {}, ...conditions);
  return element("m:Restriction", {}, all);
}

function comparison(operator: string, by: ItemOrder["by"], time: Date): Xml {
  const constant = element("t:Constant", { Value: time.toISOString() });
  return element(operator, {}, pathOf(by), element("t:FieldURIOrConstant", {}, constant));
}

function pathOf(by: ItemOrder["by"]): Xml {
  return fieldUri(`item:${ORDER_PROPERTIES[by]}`);
}

function foundItemOf(node: XmlNode, { by }: ItemOrder): FoundItem {
  const time = node.optionalDate(ORDER_PROPERTIES[by]);
  return { itemId: node.node("ItemId").attribute("Id"), ...(time ? { time } : {}) };
}
