import { XMLParser, XMLValidator } from "fast-xml-parser";

/** An element with its prefixes resolved. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** Values by `name`, or `{namespace}name` for attributes with a prefix; no `xmlns`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text directly inside, joined. */
  readonly text: string;
  /** Where it begins, counted from 1 as Exchange does in its faults. */
  readonly place: XmlPlace;
}

export interface XmlPlace {
  readonly line: number;
  readonly position: number;
}

/** The text is no XML document that Exchange would read. */
export class XmlNotWellFormed extends Error {
  override readonly name = "XmlNotWellFormed";

  constructor(message: string, readonly place: XmlPlace) {
    super(`${message} Line ${place.line}, position ${place.position}.`);
  }
}

interface ParsedNode {
  readonly [key: string]: unknown;
}

type Namespaces = ReadonlyMap<string, string>;

const DEPTH_MAX = 64;
const METADATA = XMLParser.getMetaDataSymbol() as unknown as string;
const CDATA = "#cdata";
const PARSER = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false, // decoded here, strictly: the parser lets unknown ones pass
  cdataPropName: CDATA,
  ignoreDeclaration: true,
  ignorePiTags: true,
  captureMetaData: true,
});
const XML_NAMESPACE: Namespaces = new Map([["xml", "http://www.w3.org/XML/1998/namespace"]]);

/**
 * Parses a request, namespaces respected. The parser is lenient in ways Exchange is not: document
 * type declarations, unknown entities, several roots and unbound prefixes are refused here.
 */
export function parseXml(text: string): XmlElement {
  const doctype = text.indexOf("<!DOCTYPE");
  if (doctype >= 0) {
    throw new XmlNotWellFormed("For security reasons DTD is prohibited.", placeOf(text, doctype));
  }
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) {
    const { msg, line, col } = verdict.err;
    throw new XmlNotWellFormed(msg, { line, position: col ?? 1 });
  }
  const nodes = (PARSER.parse(text) as ParsedNode[]).filter((node) => !isBlank(node));
  const [root, second] = nodes;
  // Text after the root is dropped in silence by parser and validator alike.
  if (!root || second || "#text" in root || !text.trimEnd().endsWith(">")) {
    throw new XmlNotWellFormed("There must be one root element.", { line: 1, position: 1 });
  }
  return elementOf(root, { text, namespaces: XML_NAMESPACE, depth: 0 });
}

interface Surroundings {
  readonly text: string;
  readonly namespaces: Namespaces;
  readonly depth: number;
}

function elementOf(node: ParsedNode, around: Surroundings): XmlElement {
  const tag = Object.keys(node).find((key) => key !== ":@")!;
  const start = (node[METADATA] as { startIndex?: number } | undefined)?.startIndex ?? 0;
  // Counting lines takes time, and only refusals need it.
  const place = () => placeOf(around.text, start);
  if (around.depth > DEPTH_MAX) throw new XmlNotWellFormed("Nested too deeply.", place());
  const raw = (node[":@"] ?? {}) as Readonly<Record<string, string>>;
  const decode = (value: string) => decoded(value, place);
  const namespaces = declaredIn(raw, around.namespaces, decode);
  const content = node[tag] as ParsedNode[];
  const inside = { text: around.text, namespaces, depth: around.depth + 1 };
  return {
    ...resolved(tag, namespaces, place),
    attributes: attributesOf(raw, namespaces, place),
    children: content.filter(isElement).map((child) => elementOf(child, inside)),
    text: content.map((child) => textOf(child, decode)).join(""),
    get place() {
      return place();
    },
  };
}

function isElement(node: ParsedNode): boolean {
  return !("#text" in node) && !(CDATA in node);
}

function textOf(node: ParsedNode, decode: (value: string) => string): string {
  const [literal] = (node[CDATA] ?? []) as readonly ParsedNode[];
  return literal ? String(literal["#text"]) : decode(String(node["#text"] ?? ""));
}

function declaredIn(
  raw: Readonly<Record<string, string>>,
  outer: Namespaces,
  decode: (value: string) => string,
): Namespaces {
  const declared = Object.entries(raw).filter(([name]) => /^xmlns(:|$)/.test(name));
  if (declared.length === 0) return outer;
  return new Map([
    ...outer,
    ...declared.map(([name, value]) => [name.slice("xmlns:".length), decode(value)] as const),
  ]);
}

function attributesOf(
  raw: Readonly<Record<string, string>>,
  namespaces: Namespaces,
  place: () => XmlPlace,
): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [name, value] of Object.entries(raw)) {
    if (/^xmlns(:|$)/.test(name)) continue;
    const { namespace, name: local } = resolved(name, namespaces, place);
    // A default namespace does not apply to attributes (Namespaces in XML, section 6.2).
    const key = name.includes(":") ? `{${namespace}}${local}` : local;
    attributes.set(key, decoded(value, place));
  }
  return attributes;
}

function resolved(qualified: string, namespaces: Namespaces, place: () => XmlPlace) {
  const [prefix, name, more] = qualified.includes(":") ? qualified.split(":") : ["", qualified];
  const namespace = namespaces.get(prefix!);
  if ((prefix && namespace === undefined) || more !== undefined) {
    throw new XmlNotWellFormed(`'${prefix}' is an undeclared prefix.`, place());
  }
  return { namespace: namespace ?? "", name: name! };
}

const ENTITIES = new Map([["amp", "&"], ["lt", "<"], ["gt", ">"], ["quot", '"'], ["apos", "'"]]);

function decoded(value: string, place: () => XmlPlace): string {
  if (!value.includes("&")) return value;
  return value.replace(/&([^;]*);?/g, (_, entity: string) => {
    const number = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(entity);
    const point = number ? parseInt(number[1] ?? number[2]!, number[1] ? 16 : 10) : undefined;
    const character = point === undefined
      ? ENTITIES.get(entity)
      : point <= 0x10ffff
      ? String.fromCodePoint(point)
      : undefined;
    if (character === undefined) {
      throw new XmlNotWellFormed("An error occurred while parsing EntityName.", place());
    }
    return character;
  });
}

function isBlank(node: ParsedNode): boolean {
  return "#text" in node && String(node["#text"]).trim() === "";
}

function placeOf(text: string, index: number): XmlPlace {
  const before = text.slice(0, index);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, position: index - lineStart + 1 };
}
