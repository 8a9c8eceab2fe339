import type { AnswerPart } from "../answer_bytes.ts";
import { type DamagedPart, isDamaged } from "../damage.ts";
import { changeKeyOf, type ChangeKeyType } from "../exchange_ids.ts";
import { elementNameOf, hasMimeForm } from "../item_classes.ts";
import type { Item } from "../items.ts";
import { extendedValue } from "../mapi_properties.ts";
import type { SimulatedMailbox } from "../simulated_mailbox.ts";
import { EwsError } from "./ews_errors.ts";
import {
  type DatePrecision,
  isPropertyOf,
  ITEM_PROPERTIES,
  type ItemProperty,
  valueText,
} from "./item_properties.ts";
import type { ItemShape } from "./shapes.ts";
import { escaped, idElement } from "./xml_text.ts";

export interface ItemAnswer {
  readonly mailbox: SimulatedMailbox;
  readonly shape: ItemShape;
  readonly precision: DatePrecision;
  /** False for FindItem and SyncFolderItems, which read the folder's table only. */
  readonly byGetItem: boolean;
}

const EXTENDED_AFTER = "item:HasAttachments";
const BY_URI = new Map(ITEM_PROPERTIES.map((property) => [property.uri, property]));

const CHANGE_KEY_TYPES: Readonly<Record<string, ChangeKeyType>> = {
  MeetingRequest: 0x0b,
  CalendarItem: 0x0f,
  Contact: 0x11,
};

/** An item as the element of its class, with what the shape asks for, in the schema's order. */
export function itemElement(item: Item, answer: ItemAnswer): readonly AnswerPart[] {
  const asked = new Set(answer.shape.additional.flatMap(({ uri }) => uri ?? []));
  refuseForeignProperties(asked, item, answer);
  const wantsMime = answer.byGetItem &&
    (answer.shape.includeMimeContent || asked.has("item:MimeContent"));
  if (answer.byGetItem) refuseDamaged(item, wantsMime, asked);
  const properties = ITEM_PROPERTIES.map((property) => {
    const own = asked.has(property.uri) ? propertyElement(property, item, answer) : "";
    return property.uri === EXTENDED_AFTER ? own + extendedElements(item, answer) : own;
  });
  const element = elementNameOf(item.itemClass);
  return [
    `<t:${element}>`,
    ...(wantsMime ? mimeElement(item, answer.mailbox) : []),
    `${itemIdElement(item, answer.mailbox)}${properties.join("")}</t:${element}>`,
  ];
}

export function itemIdElement(item: Item, mailbox: SimulatedMailbox): string {
  const type = CHANGE_KEY_TYPES[elementNameOf(item.itemClass)] ?? 0x09;
  return idElement("t:ItemId", item.id, changeKeyOf(mailbox.ids, type, item.changeNumber));
}

/**
 * GetItem refuses properties that the item's type does not have; finding and syncing leave those
 * out, but refuse what is not in the folder's table.
 */
function refuseForeignProperties(asked: ReadonlySet<string>, item: Item, answer: ItemAnswer) {
  for (const uri of asked) {
    const property = BY_URI.get(uri);
    const isAllowed = property &&
      (answer.byGetItem ? isPropertyOf(property, item) : !property.onlyByGetItem);
    if (!isAllowed) {
      throw new EwsError(
        "ErrorInvalidPropertyRequest",
        "Property is not valid for this object type.",
        `<t:FieldURI FieldURI="${escaped(uri)}"/>`,
      );
    }
  }
}

function refuseDamaged(item: Item, wantsMime: boolean, asked: ReadonlySet<string>): void {
  const parts: readonly DamagedPart[] = [
    ...(wantsMime ? ["mime" as const] : []),
    ...(asked.has("item:Body") ? ["body" as const] : []),
  ];
  if (!item.damage || !isDamaged(item.damage, parts)) return;
  throw new EwsError(item.damage.code, "The item could not be converted or read.");
}

function propertyElement(property: ItemProperty, item: Item, answer: ItemAnswer): string {
  if (!isPropertyOf(property, item)) return "";
  if (property.render) {
    const { byGetItem, mailbox, shape: { bodyType } } = answer;
    return property.render(item, mailbox, { byGetItem, bodyType });
  }
  const value = property.value?.(item);
  if (value === undefined) return "";
  return `<t:${property.element}>${valueText(value, answer.precision)}</t:${property.element}>`;
}

/** Extended properties an item does not have are left out, as Exchange does. */
function extendedElements(item: Item, { shape, precision }: ItemAnswer): string {
  return shape.additional.map(({ extended }) => {
    if (!extended) return "";
    const value = extendedValue(item, extended.tag, extended.type);
    if (value === undefined) return "";
    const tag = `0x${extended.tag.toString(16)}`;
    return `<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="${tag}" ` +
      `PropertyType="${extended.type}"/><t:Value>${valueText(value, precision)}</t:Value>` +
      "</t:ExtendedProperty>";
  }).join("");
}

function mimeElement(item: Item, mailbox: SimulatedMailbox): readonly AnswerPart[] {
  if (!item.mime || !hasMimeForm(item.itemClass)) {
    throw new EwsError(
      "ErrorUnsupportedMimeConversion",
      "The requested MIME content conversion is not supported for the item.",
    );
  }
  return [
    '<t:MimeContent CharacterSet="UTF-8">',
    { mime: item.mime, mailbox: mailbox.address, item },
    "</t:MimeContent>",
  ];
}
