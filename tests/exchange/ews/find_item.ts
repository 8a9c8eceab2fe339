import type { AnswerPart } from "../answer_bytes.ts";
import { NEWEST_FIRST, ordered, sortedItems, type SortOrder } from "../sorted_items.ts";
import type { Call, Operation, ResponseMessage } from "./call.ts";
import type { ContentReader } from "./content_reader.ts";
import { EwsError, NotModelled } from "./ews_errors.ts";
import { type FolderReference, openFolder, readFolderId } from "./folder_ids.ts";
import { itemElement } from "./item_element.ts";
import { pageOf, type PageView, pagingAttributes, readPageView } from "./paging.ts";
import { type ItemFilter, readRestriction, valueReader } from "./restrictions.ts";
import { isNewer } from "./server_version.ts";
import { type ItemShape, readItemShape, readPath } from "./shapes.ts";

/** EWSFindCountLimit of the default throttling policy. */
const ITEMS_PER_PAGE_MAX = 1000;
/** The same since Exchange 2013 where a restriction has to be worked out (ews-throttling). */
const RESTRICTED_ITEMS_PER_PAGE_MAX = 250;

interface FindItemRequest {
  readonly shape: ItemShape;
  readonly view: PageView;
  readonly filter: ItemFilter | undefined;
  /** Absent where the request names none. */
  readonly order: SortOrder | undefined;
}

export const findItem: Operation = {
  name: "FindItem",
  read(request) {
    const traversal = request.enumeratedAttribute(
      "Traversal",
      ["Shallow", "SoftDeleted", "Associated"],
      "ItemQueryTraversalType",
    );
    if (traversal !== "Shallow") throw new NotModelled(`FindItem with Traversal "${traversal}"`);
    const shape = readItemShape(request.required("m:ItemShape"));
    const view = readPageView(request.optional("m:IndexedPageItemView"));
    refuseOtherViews(request);
    const restriction = request.optional("m:Restriction");
    const filter = restriction && readRestriction(restriction);
    const order = readSortOrder(request.optional("m:SortOrder"));
    const references = request.required("m:ParentFolderIds")
      .allOf(["t:FolderId", "t:DistinguishedFolderId"]).map(readFolderId);
    if (request.optional("m:QueryString")) throw new NotModelled("QueryString");
    request.end();
    return references.map((reference): ResponseMessage => ({
      emptyContent: "",
      answer: (call) => foundItems(call, reference, { shape, view, filter, order }),
    }));
  },
};

function refuseOtherViews(request: ContentReader): void {
  const other = request.optionalOneOf([
    "m:FractionalPageItemView",
    "m:SeekToConditionPageItemView",
    "m:CalendarView",
    "m:ContactsView",
    "m:GroupBy",
    "m:DistinguishedGroupBy",
  ]);
  if (other) throw new NotModelled(`${other.name} in FindItem`);
}

function foundItems(
  call: Call,
  reference: FolderReference,
  { shape, view, filter, order }: FindItemRequest,
): readonly AnswerPart[] {
  const { mailbox, folder } = openFolder(call, reference);
  if (order && folder.isUnsortable) {
    throw new EwsError("ErrorTimeoutExpired", "The request timed out.");
  }
  const sorted = sortedItems(mailbox.itemsOf(folder.id), order ?? NEWEST_FIRST);
  const limit = filter && !isNewer("Exchange2013", call.newest)
    ? RESTRICTED_ITEMS_PER_PAGE_MAX
    : ITEMS_PER_PAGE_MAX;
  const page = pageOf(filter ? sorted.filter(filter) : sorted, view, limit);
  call.note.items += page.entries.length;
  const answer = { mailbox, shape, precision: call.precision, byGetItem: false };
  return [
    `<m:RootFolder${pagingAttributes(page)}><t:Items>`,
    ...page.entries.flatMap((item) => itemElement(item, answer)),
    "</t:Items></m:RootFolder>",
  ];
}

function readSortOrder(reader: ContentReader | undefined): SortOrder | undefined {
  const fields = reader?.allOf(["t:FieldOrder"]).map(readFieldOrder);
  if (!fields) return undefined;
  return {
    key: fields.map((field) => field.key).join(","),
    compare: (a, b) =>
      fields.reduce((result, field) => result !== 0 ? result : field.compare(a, b), 0),
  };
}

function readFieldOrder(reader: ContentReader): SortOrder {
  const direction = reader.enumeratedAttribute(
    "Order",
    ["Ascending", "Descending"],
    "SortDirectionType",
  );
  const path = readPath(reader.oneOf(["t:FieldURI", "t:IndexedFieldURI", "t:ExtendedFieldURI"]));
  reader.end();
  const value = valueReader(path);
  const sign = direction === "Ascending" ? 1 : -1;
  return {
    key: `${direction} ${JSON.stringify(path)}`,
    compare: (a, b) => sign * ordered(value(a), value(b)),
  };
}
