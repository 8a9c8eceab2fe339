import { XMLParser, XMLValidator } from "fast-xml-parser";
import { SyncError } from "../core/errors.ts";
import { serverWords } from "../source/server_words.ts";

/** An EWS answer is about a dozen levels deep. */
const DEPTH_MAX = 64;
/** Keys under which the parser puts what is no element; no XML name can look like them. */
const TEXT = "#text";
const CDATA = "#cdata";
const ATTRIBUTES = ":@";

/** The parser's form: the name, or one of those above, is the key of the content. */
type OrderedNode = Readonly<Record<string, unknown>>;

const PARSER = new XMLParser({
  preserveOrder: true, // changes and items of several element names keep their order
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false, // the id "0012" is not the number 12
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false, // decoded below, once, and never in CDATA
  textNodeName: TEXT,
  cdataPropName: CDATA,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: DEPTH_MAX,
});

/**
 * One element, read strictly: what must be there and is not fails with a `retryable` `SyncError` of
 * code `ResponseCorrupt`, so that a cut answer never looks like an empty one. Names are local names.
 */
export class XmlNode {
  readonly name: string;
  readonly #attributes: Readonly<Record<string, string>>;
  readonly #content: readonly OrderedNode[];

  constructor(ordered: OrderedNode) {
    this.name = nameOf(ordered);
    this.#attributes = (ordered[ATTRIBUTES] ?? {}) as Record<string, string>;
    this.#content = ordered[this.name] as readonly OrderedNode[];
  }

  /** Child elements in document order. */
  get children(): readonly XmlNode[] {
    return this.#content.filter(isElement).map((child) => new XmlNode(child));
  }

  /** Own character data, untrimmed, references decoded. */
  get content(): string {
    return this.#content.map(characterDataOf).join("");
  }

  nodes(name: string): readonly XmlNode[] {
    return this.#content.filter((child) => isElement(child) && nameOf(child) === name)
      .map((child) => new XmlNode(child));
  }

  optionalNode(name: string): XmlNode | undefined {
    const child = this.#content.find((child) => isElement(child) && nameOf(child) === name);
    return child && new XmlNode(child);
  }

  node(name: string): XmlNode {
    return this.optionalNode(name) ?? this.#missing(`element "${name}"`);
  }

  /** Character data of a child element. */
  text(name: string): string {
    return this.node(name).content;
  }

  optionalText(name: string): string | undefined {
    return this.optionalNode(name)?.content;
  }

  /** An `xs:boolean` child element. */
  flag(name: string): boolean {
    return this.#boolean(this.text(name), name);
  }

  optionalFlag(name: string): boolean | undefined {
    const text = this.optionalText(name);
    return text === undefined ? undefined : this.#boolean(text, name);
  }

  /** A non-negative whole number; anything else counts as absent. */
  optionalCount(name: string): number | undefined {
    return countOf(this.optionalText(name));
  }

  /** An `xs:dateTime`; without a zone it is UTC. What is no time counts as absent. */
  optionalDate(name: string): Date | undefined {
    return dateOf(this.optionalText(name));
  }

  optionalAttribute(name: string): string | undefined {
    const value = Object.hasOwn(this.#attributes, name) ? this.#attributes[name] : undefined;
    return value === undefined ? undefined : decodeReferences(value);
  }

  attribute(name: string): string {
    return this.optionalAttribute(name) ?? this.#missing(`attribute "${name}"`);
  }

  /** An `xs:boolean` attribute. */
  flagAttribute(name: string): boolean {
    return this.#boolean(this.attribute(name), name);
  }

  #boolean(text: string, name: string): boolean {
    const value = text.trim();
    if (value === "true" || value === "1") return true;
    if (value === "false" || value === "0") return false;
    throw corrupt(`"${name}" of "${this.name}" is not a truth value`);
  }

  #missing(what: string): never {
    throw corrupt(`Element "${this.name}" of the answer has no ${what}`);
  }
}

/**
 * Parses a whole document into its root element. A document that is cut, not XML (an HTML error
 * page), nested too deep or has a DTD fails as in `XmlNode`.
 */
export function parseXml(document: Uint8Array): XmlNode {
  const text = new TextDecoder().decode(document);
  if (hasDoctype(text)) throw corrupt("The answer has a document type definition");
  const validity = XMLValidator.validate(text);
  if (validity !== true) throw corrupt(`The answer is not XML: ${serverWords(validity.err.msg)}`);
  const [root, ...others] = elementsOf(text);
  if (!root || others.length > 0) throw corrupt("The answer is not one XML document");
  return new XmlNode(root);
}

function elementsOf(text: string): readonly OrderedNode[] {
  try {
    return (PARSER.parse(text) as readonly OrderedNode[]).filter(isElement);
  } catch (cause) {
    throw corrupt("The answer cannot be parsed", cause);
  }
}

/** What may stand before a DTD. */
const PROLOG_PIECE = /\s+|<\?[^]*?\?>|<!--[^]*?-->/y;

/**
 * A DTD can stand only before the root element, after comments and processing instructions. Piece by
 * piece: one pattern for all of them would try every way to divide what has no DTD behind it.
 */
function hasDoctype(text: string): boolean {
  let at = 0;
  for (PROLOG_PIECE.lastIndex = at; PROLOG_PIECE.test(text); at = PROLOG_PIECE.lastIndex);
  return text.startsWith("<!DOCTYPE", at);
}

function nameOf(node: OrderedNode): string {
  for (const key in node) if (key !== ATTRIBUTES) return key;
  return "";
}

function isElement(node: OrderedNode): boolean {
  const name = nameOf(node);
  return name !== TEXT && name !== CDATA && name !== "";
}

function characterDataOf(node: OrderedNode): string {
  if (TEXT in node) return decodeReferences(String(node[TEXT]));
  if (!(CDATA in node)) return "";
  return (node[CDATA] as readonly OrderedNode[]).map((part) => String(part[TEXT] ?? "")).join("");
}

const PREDEFINED: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  quot: '"',
};

/**
 * Exchange writes control characters of names and subjects as references (`&#x1;`), which XML 1.0
 * forbids: they are decoded too. Names that XML does not define stay as they are.
 */
function decodeReferences(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#x([0-9a-f]{1,8})|#([0-9]{1,10})|([a-z]+));/gi,
    (reference, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return PREDEFINED[name] ?? reference;
      return characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
    },
  );
}

function characterOf(codePoint: number): string {
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  return codePoint > 0x10ffff || isSurrogate ? "\uFFFD" : String.fromCodePoint(codePoint);
}

function countOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  return /^[0-9]{1,15}$/.test(trimmed) ? Number(trimmed) : undefined;
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/;

function dateOf(text: string | undefined): Date | undefined {
  const match = DATE_TIME.exec(text?.trim() ?? "");
  if (!match) return undefined;
  const date = new Date(match[1] ? match[0] : `${match[0]}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function corrupt(message: string, cause?: unknown): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", message, { cause });
}
