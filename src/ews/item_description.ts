import type { AttachmentInfo, ItemDescription } from "../core/email.ts";
import { isMailClass } from "../source/mail_class.ts";
import { present } from "../source/present.ts";
import type { XmlNode } from "./xml.ts";

/** PidTagSearchKey, binary. */
export const SEARCH_KEY_TAG = "0x300B";
/** PidTagInternetMessageId, a string. */
export const MESSAGE_ID_TAG = "0x1035";

/** What an item's element in a GetItem answer says. `itemId` is the id it was asked for under. */
export function itemDescriptionOf(item: XmlNode, itemId: string): ItemDescription {
  return {
    itemId,
    ...present({
      internetMessageId: item.optionalText("InternetMessageId") ??
        extendedValueOf(item, MESSAGE_ID_TAG),
      searchKey: searchKeyOf(item),
      receivedAt: item.optionalDate("DateTimeReceived"),
      sentAt: item.optionalDate("DateTimeSent"),
      createdAt: item.optionalDate("DateTimeCreated"),
    }),
    sizeBytes: item.optionalCount("Size") ?? 0,
    isMail: isMail(item.name, item.optionalText("ItemClass") ?? ""),
    isDraft: item.optionalFlag("IsDraft") ?? false,
    metadata: present({
      hasAttachments: item.optionalFlag("HasAttachments"),
      isRead: item.optionalFlag("IsRead"),
      importance: item.optionalText("Importance"),
      sensitivity: item.optionalText("Sensitivity"),
      categories: item.optionalNode("Categories")?.nodes("String").map((text) => text.content),
      conversationId: item.optionalNode("ConversationId")?.optionalAttribute("Id"),
      conversationTopic: item.optionalText("ConversationTopic"),
    }),
    attachments: item.optionalNode("Attachments")?.children.map(attachmentInfoOf) ?? [],
  };
}

const MAIL_ELEMENTS: ReadonlySet<string> = new Set([
  "Message",
  "MeetingMessage",
  "MeetingRequest",
  "MeetingResponse",
  "MeetingCancellation",
  "PostItem",
]);

const OTHER_ELEMENTS: ReadonlySet<string> = new Set([
  "CalendarItem",
  "Contact",
  "DistributionList",
  "Task",
]);

/** Whether it is a mail class (spec section 3): by element, else by item class. */
function isMail(elementName: string, itemClass: string): boolean {
  if (MAIL_ELEMENTS.has(elementName)) return true;
  if (OTHER_ELEMENTS.has(elementName)) return false;
  return isMailClass(itemClass);
}

function searchKeyOf(item: XmlNode): string | undefined {
  const base64 = extendedValueOf(item, SEARCH_KEY_TAG)?.trim();
  if (!base64) return undefined;
  try {
    return Uint8Array.fromBase64(base64).toHex();
  } catch {
    // A key that cannot be read is no key: the id is derived from the MIME header then.
    return undefined;
  }
}

/** The value of a MAPI property that was asked for. Servers spell its tag as they like. */
function extendedValueOf(item: XmlNode, tag: string): string | undefined {
  const property = item.nodes("ExtendedProperty").find((candidate) =>
    Number(candidate.optionalNode("ExtendedFieldURI")?.optionalAttribute("PropertyTag")) ===
      Number(tag)
  );
  return property?.optionalText("Value");
}

/** What an attachment's element says of it. */
export function attachmentInfoOf(attachment: XmlNode): AttachmentInfo {
  const isItem = attachment.name === "ItemAttachment";
  return {
    name: attachment.optionalText("Name") ?? "",
    sizeBytes: attachment.optionalCount("Size") ?? 0,
    contentType: attachment.optionalText("ContentType") ||
      (isItem ? "message/rfc822" : "application/octet-stream"),
    inline: attachment.optionalFlag("IsInline") ?? false,
  };
}
