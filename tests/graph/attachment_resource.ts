import type { MimePart } from "../exchange/answer_bytes.ts";
import {
  attachmentContent,
  attachmentIdOf,
  listedAttachments,
} from "../exchange/item_attachments.ts";
import type { Item } from "../exchange/items.ts";
import type { Attachment } from "../exchange/mime_attachments.ts";
import { heldMime } from "../exchange/mime_source.ts";
import { ERRORS } from "./graph_errors.ts";
import { graphId } from "./graph_ids.ts";
import type { Json, JsonObject } from "./json_parts.ts";
import { timeText } from "./message_resource.ts";
import type { GraphCall } from "./operation.ts";

/** Properties every attachment has. */
const SHARED: ReadonlySet<string> = new Set([
  "id",
  "lastModifiedDateTime",
  "name",
  "contentType",
  "size",
  "isInline",
]);
/** Those of the derived type can only be selected with its name. */
const OF_FILES: ReadonlySet<string> = new Set(["contentId", "contentLocation", "contentBytes"]);
const FILE_TYPE = "microsoft.graph.fileAttachment";

/** The names of `$select`; undefined where everything is wanted. Throws `GraphError`. */
export function selectedOfAttachments(text: string): ReadonlySet<string> | undefined {
  if (text === "") return undefined;
  return new Set(
    text.split(",").map((given) => {
      const [first, second] = given.trim().split("/");
      const isShared = second === undefined && SHARED.has(first!);
      const isOfFiles = first === FILE_TYPE && second !== undefined && OF_FILES.has(second);
      if (!isShared && !isOfFiles) throw ERRORS.unknownProperty(given.trim(), "attachment");
      return second ?? first!;
    }),
  );
}

/** The member `attachments` of an expanded message; nothing where `select` is undefined. */
export function attachmentResources(
  item: Item,
  select: string | undefined,
  call: GraphCall,
): JsonObject {
  if (select === undefined) return {};
  const selected = selectedOfAttachments(select);
  const attachments = listedAttachments(item)
    .map((_, index) => attachmentResource(item, index, selected, call));
  return { attachments };
}

export function attachmentResource(
  item: Item,
  index: number,
  selected: ReadonlySet<string> | undefined,
  call: GraphCall,
): JsonObject {
  const attachment = listedAttachments(item)[index]!;
  const all = {
    ...sharedProperties(attachment, item),
    ...(attachment.isItem ? {} : fileProperties(attachment, attachmentPart(item, index, call))),
  };
  const shown = Object.entries(all).filter(([name]) => selected?.has(name) ?? true);
  const type = attachment.isItem ? "microsoft.graph.itemAttachment" : FILE_TYPE;
  return {
    "@odata.type": `#${type}`,
    "id": graphIdOfAttachment(item, index, call),
    ...Object.fromEntries(shown),
  };
}

/** The content of an attachment as the ledger watches it go out. */
export function attachmentPart(item: Item, index: number, call: GraphCall): MimePart {
  return {
    mime: attachmentContent(item, index) ?? heldMime(),
    mailbox: call.mailbox.address,
    item,
    attachmentId: graphIdOfAttachment(item, index, call),
  };
}

function graphIdOfAttachment(item: Item, index: number, { preferences }: GraphCall): string {
  const itemId = preferences.idType === "immutable" ? item.immutableId : item.id;
  return graphId(attachmentIdOf(itemId, index));
}

function sharedProperties(attachment: Attachment, item: Item): Record<string, Json> {
  return {
    lastModifiedDateTime: timeText(item.modifiedAt),
    name: attachment.name,
    contentType: attachment.isItem ? null : attachment.contentType,
    size: attachment.sizeBytes,
    isInline: attachment.inline,
  };
}

function fileProperties({ contentId }: Attachment, content: MimePart): Record<string, Json> {
  return { contentId: contentId ?? null, contentLocation: null, contentBytes: content };
}
