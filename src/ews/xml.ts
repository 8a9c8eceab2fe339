import { SyncError } from "../core/errors.ts";
import { serverWords } from "../source/server_words.ts";
import { parseElements, type XmlElement, XmlError } from "./xml_parser.ts";

/**
 * One element, read strictly: what must be there and is not fails with a `retryable` `SyncError` of
 * code `ResponseCorrupt`, so that a cut answer never looks like an empty one. Names are local names.
 */
export class XmlNode {
  readonly #element: XmlElement;

  constructor(element: XmlElement) {
    this.#element = element;
  }

  get name(): string {
    return this.#element.name;
  }

  /** Child elements in document order. */
  get children(): readonly XmlNode[] {
    return this.#element.children.map((child) => new XmlNode(child));
  }

  /** Own character data, untrimmed, references decoded. */
  get content(): string {
    return this.#element.content;
  }

  nodes(name: string): readonly XmlNode[] {
    return this.#element.children.filter((child) => child.name === name)
      .map((child) => new XmlNode(child));
  }

  optionalNode(name: string): XmlNode | undefined {
    const child = this.#element.children.find((child) => child.name === name);
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
    return this.#element.attributes?.get(name);
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
  try {
    return new XmlNode(parseElements(new TextDecoder().decode(document)));
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw corrupt(`The answer is not XML: ${serverWords(error.message)}`);
  }
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

function corrupt(message: string): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", message);
}
