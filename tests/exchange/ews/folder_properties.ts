import { dateText } from "./item_properties.ts";
import { changeKeyOf, type ChangeKeyType } from "../exchange_ids.ts";
import type { FolderType } from "../folder_names.ts";
import type { SimulatedFolder, SimulatedMailbox } from "../simulated_mailbox.ts";
import type { SchemaVersion } from "./server_version.ts";
import type { FolderShape } from "./shapes.ts";
import { idElement, textElement } from "./xml_text.ts";

interface FolderProperty {
  readonly uri: string;
  readonly since: SchemaVersion;
  /** Shapes that contain it without being asked. */
  readonly shapes: readonly FolderShape["base"][];
  /** The ready element, or "" where the folder does not have the property. */
  render(folder: SimulatedFolder, mailbox: SimulatedMailbox): string;
}

const ELEMENTS: Readonly<Record<FolderType, string>> = {
  folder: "Folder",
  calendar: "CalendarFolder",
  contacts: "ContactsFolder",
  tasks: "TasksFolder",
  search: "SearchFolder",
};

const CHANGE_KEY_TYPES: Readonly<Record<FolderType, ChangeKeyType>> = {
  folder: 0x01,
  calendar: 0x02,
  contacts: 0x03,
  tasks: 0x01,
  search: 0x01,
};

const EFFECTIVE_RIGHTS = "<t:EffectiveRights>" +
  ["CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read"]
    .map((right) => textElement(`t:${right}`, true)).join("") +
  "</t:EffectiveRights>";

/** In the order of BaseFolderType; the extended property has its place after ChildFolderCount. */
export const FOLDER_PROPERTIES: readonly FolderProperty[] = [
  {
    uri: "folder:FolderId",
    since: "Exchange2007",
    shapes: ["IdOnly", "Default", "AllProperties"],
    render: (folder, mailbox) => folderIdElement("t:FolderId", folder, mailbox),
  },
  {
    uri: "folder:ParentFolderId",
    since: "Exchange2007",
    shapes: ["AllProperties"],
    render: ({ parentId }, mailbox) => {
      const parent = parentId === undefined ? undefined : mailbox.folder(parentId);
      return parent ? folderIdElement("t:ParentFolderId", parent, mailbox) : "";
    },
  },
  {
    uri: "folder:FolderClass",
    since: "Exchange2007",
    shapes: ["AllProperties"],
    render: ({ folderClass }) =>
      folderClass === undefined ? "" : textElement("t:FolderClass", folderClass),
  },
  {
    uri: "folder:DisplayName",
    since: "Exchange2007",
    shapes: ["Default", "AllProperties"],
    render: ({ displayName }) => textElement("t:DisplayName", displayName),
  },
  {
    uri: "folder:TotalCount",
    since: "Exchange2007",
    shapes: ["Default", "AllProperties"],
    render: ({ id }, mailbox) => textElement("t:TotalCount", mailbox.figuresOf(id).itemCount),
  },
  {
    uri: "folder:ChildFolderCount",
    since: "Exchange2007",
    shapes: ["Default", "AllProperties"],
    render: ({ id }, mailbox) => textElement("t:ChildFolderCount", mailbox.childrenOf(id).length),
  },
  {
    uri: "folder:EffectiveRights",
    since: "Exchange2007_SP1",
    shapes: ["AllProperties"],
    render: () => EFFECTIVE_RIGHTS,
  },
  {
    uri: "folder:DistinguishedFolderId",
    since: "Exchange2013",
    shapes: ["AllProperties"],
    render: ({ role }) => role ? textElement("t:DistinguishedFolderId", role) : "",
  },
  {
    uri: "folder:UnreadCount",
    since: "Exchange2007",
    shapes: ["Default", "AllProperties"],
    render: (folder, mailbox) => {
      if (folder.type !== "folder" && folder.type !== "search") return "";
      const unread = mailbox.itemsOf(folder.id).filter((item) => !item.isRead).length;
      return textElement("t:UnreadCount", unread);
    },
  },
];

/** MAPI properties of folders by the tag and type they are asked for by: attribute hidden, local commit time max. */
const EXTENDED: Readonly<
  Record<string, (folder: SimulatedFolder, mailbox: SimulatedMailbox) => string | undefined>
> = {
  "0x10f4 Boolean": ({ hidden }) => String(hidden),
  "0x670a SystemTime": ({ id }, mailbox) => {
    const { changedAt } = mailbox.figuresOf(id);
    return changedAt instanceof Date ? dateText(changedAt, "Seconds") : changedAt;
  },
};
const EXTENDED_AFTER = "folder:ChildFolderCount";

/** A folder as the element of its type, with what the shape asks for, in the schema's order. */
export function folderElement(
  folder: SimulatedFolder,
  mailbox: SimulatedMailbox,
  shape: FolderShape,
  isKnown: (since: SchemaVersion) => boolean,
): string {
  const asked = new Set(shape.additional.map((path) => path.uri));
  const content = FOLDER_PROPERTIES.map((property) => {
    const isWanted = asked.has(property.uri) || property.shapes.includes(shape.base);
    const own = isWanted && isKnown(property.since) ? property.render(folder, mailbox) : "";
    return property.uri === EXTENDED_AFTER ? own + extendedProperties(folder, mailbox, shape) : own;
  });
  const element = ELEMENTS[folder.type];
  return `<t:${element}>${content.join("")}</t:${element}>`;
}

export function folderIdElement(
  name: string,
  folder: SimulatedFolder,
  mailbox: SimulatedMailbox,
): string {
  const key = changeKeyOf(mailbox.ids, CHANGE_KEY_TYPES[folder.type], folder.changeNumber);
  return idElement(name, folder.id, key);
}

/** Extended properties a folder does not have are left out, as Exchange does. */
function extendedProperties(
  folder: SimulatedFolder,
  mailbox: SimulatedMailbox,
  shape: FolderShape,
): string {
  return shape.additional.map(({ extended }) => {
    if (!extended) return "";
    const tag = `0x${extended.tag.toString(16)}`;
    const value = EXTENDED[`${tag} ${extended.type}`]?.(folder, mailbox);
    if (value === undefined) return "";
    return `<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="${tag}" ` +
      `PropertyType="${extended.type}"/>${textElement("t:Value", value)}</t:ExtendedProperty>`;
  }).join("");
}
