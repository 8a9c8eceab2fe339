import { SchemaViolation } from "./ews_errors.ts";
import { isNewer, type RequestSchema, type SchemaVersion } from "./server_version.ts";
import { NAMESPACES } from "./xml_text.ts";
import type { XmlElement } from "./xml_tree.ts";

/** A name as the schema's own prefixes write it: `t:ItemId`, `m:ItemShape`. */
export type QName = `${"t" | "m"}:${string}`;

/**
 * Reads one element the way its type in Microsoft's schema demands: children in order, nothing
 * missing, nothing more. Throws `SchemaViolation` in the words .NET uses.
 */
export class ContentReader {
  readonly #element: XmlElement;
  readonly #unreadAttributes: Set<string>;
  #next = 0;
  /** Children that could have come at this place, for the message. */
  readonly #expected: QName[] = [];

  constructor(element: XmlElement, readonly versions: VersionGate) {
    this.#element = element;
    this.#unreadAttributes = new Set(
      [...element.attributes.keys()].filter((name) => !name.startsWith("{")),
    );
  }

  get name(): string {
    return this.#element.name;
  }

  /** The next child if it has this name. */
  optional(name: QName): ContentReader | undefined {
    const child = this.#element.children[this.#next];
    if (!child || !hasName(child, name)) {
      this.#expected.push(name);
      return undefined;
    }
    this.#next++;
    this.#expected.length = 0;
    return new ContentReader(child, this.versions);
  }

  required(name: QName): ContentReader {
    return this.optional(name) ?? this.#refuseChild();
  }

  /** The next child, which has to have one of these names. */
  oneOf(names: readonly QName[]): ContentReader {
    return this.optionalOneOf(names) ?? this.#refuseChild();
  }

  optionalOneOf(names: readonly QName[]): ContentReader | undefined {
    for (const name of names) {
      const child = this.optional(name);
      if (child) return child;
    }
    return undefined;
  }

  /** Children of these names up to the end, at least `min`. */
  allOf(names: readonly QName[], min = 1): readonly ContentReader[] {
    const children: ContentReader[] = [];
    while (this.#next < this.#element.children.length || children.length < min) {
      children.push(this.oneOf(names));
    }
    this.end();
    return children;
  }

  attribute(name: string): string | undefined {
    this.#unreadAttributes.delete(name);
    return this.#element.attributes.get(name);
  }

  requiredAttribute(name: string): string {
    const value = this.attribute(name);
    if (value === undefined) this.violate(`The required attribute '${name}' is missing.`);
    return value;
  }

  integerAttribute(name: string): number | undefined {
    const text = this.attribute(name);
    return text === undefined ? undefined : this.#integer(text);
  }

  requiredIntegerAttribute(name: string): number {
    return this.#integer(this.requiredAttribute(name));
  }

  /** A value out of a list; `type` is the schema's name of that list. */
  enumeratedAttribute<T extends string>(name: string, values: readonly T[], type: string): T {
    const text = this.requiredAttribute(name);
    const value = values.find((candidate) => candidate === text);
    return value ?? this.refuseAttribute(name, type);
  }

  refuseAttribute(name: string, type: string): never {
    const value = this.#element.attributes.get(name) ?? "";
    return this.violate(
      `The '${name}' attribute is invalid - The value '${value}' is invalid according to its ` +
        `datatype '${NAMESPACES.t}:${type}' - The Enumeration constraint failed.`,
    );
  }

  /** The text of an element without children. */
  text(): string {
    if (this.#element.children.length > 0) this.#refuseChild();
    this.#endAttributes();
    return this.#element.text;
  }

  boolean(): boolean {
    const text = this.text().trim();
    if (/^(true|1)$/.test(text)) return true;
    return /^(false|0)$/.test(text) ? false : this.refuseValue("boolean");
  }

  integer(): number {
    return this.#integer(this.text());
  }

  enumerated<T extends string>(values: readonly T[], type: string): T {
    const text = this.text();
    return values.find((candidate) => candidate === text) ?? this.refuseValue(type);
  }

  refuseValue(type: string): never {
    const { namespace, name, text } = this.#element;
    return this.violate(
      `The '${namespace}:${name}' element is invalid - The value '${text}' is invalid according ` +
        `to its datatype '${type}'.`,
    );
  }

  /** States that nothing more may follow. */
  end(): void {
    if (this.#next < this.#element.children.length) this.#refuseChild();
    if (this.#element.text.trim() !== "") {
      this.violate(`The element '${this.name}' cannot contain text.`);
    }
    this.#endAttributes();
  }

  violate(message: string): never {
    throw new SchemaViolation(message, this.#element.place);
  }

  #integer(text: string): number {
    const value = Number(text.trim());
    const isInt32 = /^[+-]?\d+$/.test(text.trim()) && Math.abs(value) < 2 ** 31;
    return isInt32 ? value : this.violate(`The value '${text}' is not a valid Int32 value.`);
  }

  #endAttributes(): void {
    const [name] = this.#unreadAttributes;
    if (name !== undefined) this.violate(`The '${name}' attribute is not declared.`);
  }

  #refuseChild(): never {
    const child = this.#element.children[this.#next];
    const what = child
      ? `has invalid child element '${child.name}' in namespace '${child.namespace}'`
      : "has incomplete content";
    const expected = this.#expected.map((name) => `'${name.slice(2)}'`).join(", ");
    return this.violate(
      `The element '${this.name}' in namespace '${this.#element.namespace}' ${what}. ` +
        `List of possible elements expected: ${expected}.`,
    );
  }
}

function hasName(element: XmlElement, qualified: QName): boolean {
  const namespace = qualified.startsWith("t:") ? NAMESPACES.t : NAMESPACES.m;
  return element.namespace === namespace && element.name === qualified.slice(2);
}

/**
 * Keeps the schema versions apart. What only a newer schema has is a violation to a server that
 * does not know that schema; a server that does answers ErrorIncorrectSchemaVersion instead.
 */
export class VersionGate {
  readonly #schema: RequestSchema;
  #needsNewer = false;

  constructor(schema: RequestSchema) {
    this.#schema = schema;
  }

  /** Whether the server can read what came with `version`; notes if the request may not use it. */
  allows(version: SchemaVersion): boolean {
    if (isNewer(version, this.#schema.newest)) return false;
    if (isNewer(version, this.#schema.requested)) this.#needsNewer = true;
    return true;
  }

  /** Whether anything read so far is newer than the request says it is. */
  get needsNewer(): boolean {
    return this.#needsNewer;
  }
}
