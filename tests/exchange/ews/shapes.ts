import type { WantedBody } from "../mime_body.ts";
import type { ContentReader, QName } from "./content_reader.ts";
import { EwsError, NotModelled } from "./ews_errors.ts";
import { FOLDER_PROPERTIES } from "./folder_properties.ts";
import { ITEM_PROPERTIES } from "./item_properties.ts";
import type { SchemaVersion } from "./server_version.ts";

/** A MAPI property by tag, e.g. 0x300B, and the type it was asked for by. */
export interface ExtendedField {
  readonly tag: number;
  readonly type: string;
}

export type PropertyPath =
  | { readonly uri: string; readonly extended?: never }
  | { readonly extended: ExtendedField; readonly uri?: never };

export interface FolderShape {
  readonly base: BaseShape;
  readonly additional: readonly PropertyPath[];
}

export interface ItemShape extends FolderShape {
  readonly includeMimeContent: boolean;
  readonly bodyType: WantedBody;
}

const BASE_SHAPES = ["IdOnly", "Default", "AllProperties"] as const;
type BaseShape = typeof BASE_SHAPES[number];

/** BodyTypeResponseType. */
export const BODY_TYPES: readonly WantedBody[] = ["Best", "HTML", "Text"];

const OTHER_SHAPE_ELEMENTS: readonly QName[] = [
  "t:UniqueBodyType",
  "t:NormalizedBodyType",
  "t:FilterHtmlContent",
  "t:ConvertHtmlCodePageToUTF8",
  "t:InlineImageUrlTemplate",
  "t:BlockExternalImages",
  "t:AddBlankTargetToLinks",
  "t:MaximumBodySize",
];

/** FolderResponseShapeType. */
export function readFolderShape(reader: ContentReader): FolderShape {
  const base = reader.required("t:BaseShape").enumerated(BASE_SHAPES, "DefaultShapeNamesType");
  const additional = readAdditional(reader.optional("t:AdditionalProperties"));
  reader.end();
  return { base, additional };
}

/** ItemResponseShapeType. */
export function readItemShape(reader: ContentReader): ItemShape {
  const base = reader.required("t:BaseShape").enumerated(BASE_SHAPES, "DefaultShapeNamesType");
  const includeMimeContent = reader.optional("t:IncludeMimeContent")?.boolean() ?? false;
  const bodyType = reader.optional("t:BodyType")
    ?.enumerated(BODY_TYPES, "BodyTypeResponseType") ?? "Best";
  const other = reader.optionalOneOf(OTHER_SHAPE_ELEMENTS);
  if (other) throw new NotModelled(`${other.name} in ItemShape`);
  const additional = readAdditional(reader.optional("t:AdditionalProperties"));
  reader.end();
  if (base !== "IdOnly") throw new NotModelled(`BaseShape "${base}" for items`);
  return { base, additional, includeMimeContent, bodyType };
}

function readAdditional(reader: ContentReader | undefined): readonly PropertyPath[] {
  return reader?.allOf(["t:FieldURI", "t:IndexedFieldURI", "t:ExtendedFieldURI"])
    .map(readPath) ?? [];
}

/** One of the elements that stand for a property (`Path` in the schema). */
export function readPath(reader: ContentReader): PropertyPath {
  if (reader.name === "ExtendedFieldURI") return { extended: readExtendedField(reader) };
  if (reader.name === "IndexedFieldURI") throw new NotModelled("IndexedFieldURI");
  const uri = reader.requiredAttribute("FieldURI");
  reader.end();
  const since = PROPERTY_VERSIONS.get(uri);
  if (since !== undefined) {
    if (!reader.versions.allows(since)) reader.refuseAttribute("FieldURI", "UnindexedFieldURIType");
  } else if (FIELD_URI.test(uri)) {
    throw new NotModelled(`FieldURI "${uri}"`);
  } else {
    reader.refuseAttribute("FieldURI", "UnindexedFieldURIType");
  }
  return { uri };
}

const FIELD_URI =
  /^(folder|item|message|meeting|meetingRequest|calendar|task|contacts|distributionlist|postitem|conversation|persona|rolemember|network|abchperson):[A-Za-z0-9]+$/;

const PROPERTY_VERSIONS: ReadonlyMap<string, SchemaVersion> = new Map(
  [...FOLDER_PROPERTIES, ...ITEM_PROPERTIES].map(({ uri, since }) => [uri, since]),
);

const MAPI_TYPES = new Set(
  ("ApplicationTime ApplicationTimeArray Binary BinaryArray Boolean CLSID CLSIDArray Currency " +
    "CurrencyArray Double DoubleArray Error Float FloatArray Integer IntegerArray Long LongArray " +
    "Null Object ObjectArray Short ShortArray SystemTime SystemTimeArray String StringArray")
    .split(" "),
);

function readExtendedField(reader: ContentReader): ExtendedField {
  for (
    const name of ["DistinguishedPropertySetId", "PropertySetId", "PropertyName", "PropertyId"]
  ) {
    if (reader.attribute(name) !== undefined) throw new NotModelled(`Named property by ${name}`);
  }
  const tag = reader.attribute("PropertyTag");
  const type = reader.requiredAttribute("PropertyType");
  reader.end();
  if (tag !== undefined && !/^(0x[0-9a-f]{1,4}|[0-9]{1,5})$/i.test(tag)) {
    reader.refuseAttribute("PropertyTag", "PropertyTagType");
  }
  if (!MAPI_TYPES.has(type)) reader.refuseAttribute("PropertyType", "MapiPropertyTypeType");
  if (tag === undefined) {
    throw new EwsError(
      "ErrorInvalidExtendedProperty",
      "The extended property attribute combination is invalid.",
    );
  }
  return { tag: Number(tag), type };
}
