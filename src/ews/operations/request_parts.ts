import { element, fragment, textElement, type Xml } from "../xml_writer.ts";

/** A folder by its role; `owner` is whose, needed with delegate access only. */
export interface DistinguishedFolder {
  readonly name: string;
  readonly owner?: string | undefined;
}

export function distinguishedFolderId({ name, owner }: DistinguishedFolder): Xml {
  const mailbox = owner === undefined
    ? fragment()
    : element("t:Mailbox", {}, textElement("t:EmailAddress", owner));
  return element("t:DistinguishedFolderId", { Id: name }, mailbox);
}

export function folderId(id: string): Xml {
  return element("t:FolderId", { Id: id });
}

export function itemIds(ids: readonly string[]): Xml {
  return element("m:ItemIds", {}, ...ids.map((id) => element("t:ItemId", { Id: id })));
}

export function fieldUri(name: string): Xml {
  return element("t:FieldURI", { FieldURI: name });
}

/** A MAPI property by its tag, e.g. `0x300B`. */
export function extendedFieldUri(
  tag: string,
  type: "Binary" | "Boolean" | "String" | "SystemTime",
): Xml {
  return element("t:ExtendedFieldURI", { PropertyTag: tag, PropertyType: type });
}

export function idOnly(): Xml {
  return textElement("t:BaseShape", "IdOnly");
}

export function additionalProperties(...properties: readonly Xml[]): Xml {
  return element("t:AdditionalProperties", {}, ...properties);
}
