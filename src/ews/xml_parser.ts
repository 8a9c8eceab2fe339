/** An EWS answer is about a dozen levels deep. */
const DEPTH_MAX = 64;
const NAME = "[A-Za-z_\\u0080-\\uffff][\\w.\\u0080-\\uffff-]*";
const QUALIFIED = new RegExp(`(?:${NAME}:)?${NAME}`, "y");
const ATTRIBUTE = new RegExp(`\\s+((?:${NAME}:)?${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, "y");
const END_OF_TAG = /\s*(\/?)>/y;

/** One element of a document. Names are without their prefixes. */
export interface XmlElement {
  readonly name: string;
  /** Absent without any. References are decoded. */
  readonly attributes?: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Own character data, untrimmed, references decoded. */
  readonly content: string;
}

/** What is no XML document, or more than is read of one; in words for people. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}

/** An element whose end has not come. */
interface OpenElement extends XmlElement {
  /** With its prefix, as its end tag has it. */
  readonly qualified: string;
  readonly children: OpenElement[];
  content: string;
}

/**
 * Reads a document (XML 1.0) into its root element, all of it or nothing: tags have to match, and one
 * element holds everything but comments and processing instructions. What an answer of Exchange never
 * has is not read: a DTD, and elements in more than 64 levels.
 *
 * It does not look which characters are in a text: Exchange writes some that XML 1.0 forbids.
 *
 * @throws XmlError
 */
export function parseElements(document: string): XmlElement {
  return new Parser(document.includes("\r") ? document.replace(/\r\n?/g, "\n") : document).root();
}

class Parser {
  readonly #text: string;
  #at = 0;
  readonly #open: OpenElement[] = [];
  #root: XmlElement | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  root(): XmlElement {
    for (;;) {
      const tag = this.#text.indexOf("<", this.#at);
      const end = tag < 0 ? this.#text.length : tag;
      if (end > this.#at) this.#add(decodeReferences(copyOf(this.#text.slice(this.#at, end))));
      if (tag < 0) break;
      this.#at = tag;
      this.#markup();
    }
    const [unclosed] = this.#open;
    if (unclosed) throw new XmlError(`element "${unclosed.qualified}" does not end`);
    if (!this.#root) throw new XmlError("there is no element");
    return this.#root;
  }

  #markup(): void {
    switch (this.#text[this.#at + 1]) {
      case "/":
        return this.#endTag();
      case "?":
        return void this.#upTo("?>");
      case "!":
        return this.#declaration();
      default:
        return this.#startTag();
    }
  }

  #declaration(): void {
    if (this.#text.startsWith("<!--", this.#at)) return void this.#upTo("-->", 4);
    const opening = "<![CDATA[";
    if (!this.#text.startsWith(opening, this.#at)) {
      throw new XmlError("it has a document type definition");
    }
    const from = this.#at + opening.length;
    const end = this.#upTo("]]>");
    this.#add(copyOf(this.#text.slice(from, end)));
  }

  /** Goes behind `terminator`; returns where that begins. */
  #upTo(terminator: string, offset = 0): number {
    const end = this.#text.indexOf(terminator, this.#at + offset);
    if (end < 0) throw new XmlError(`"${terminator}" is missing`);
    this.#at = end + terminator.length;
    return end;
  }

  #startTag(): void {
    const qualified = this.#match(QUALIFIED, this.#at + 1)?.[0];
    if (qualified === undefined) throw new XmlError('"<" begins no tag');
    const attributes = this.#attributes();
    const ending = this.#match(END_OF_TAG, this.#at);
    if (!ending) throw new XmlError(`the tag "${qualified}" does not end properly`);
    const element: OpenElement = {
      qualified,
      name: qualified.slice(qualified.indexOf(":") + 1),
      ...(attributes ? { attributes } : {}),
      children: [],
      content: "",
    };
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(element);
    else if (this.#root) throw new XmlError("there is more than one element");
    else this.#root = element;
    if (ending[1] !== "") return;
    if (this.#open.push(element) > DEPTH_MAX) throw new XmlError("elements are nested too deep");
  }

  #attributes(): ReadonlyMap<string, string> | undefined {
    let attributes: Map<string, string> | undefined;
    for (;;) {
      const found = this.#match(ATTRIBUTE, this.#at);
      if (!found) return attributes;
      const [, qualified = "", quoted, otherwiseQuoted = ""] = found;
      attributes ??= new Map();
      const name = qualified.slice(qualified.indexOf(":") + 1);
      if (attributes.has(name)) throw new XmlError(`attribute "${name}" is there twice`);
      attributes.set(name, decodeReferences(copyOf(quoted ?? otherwiseQuoted)));
    }
  }

  #endTag(): void {
    const from = this.#at + 2;
    const name = this.#text.slice(from, this.#upTo(">")).trimEnd();
    const element = this.#open.pop();
    if (element?.qualified !== name) {
      throw new XmlError(`"${name}" ends where "${element?.qualified ?? ""}" is open`);
    }
  }

  #add(text: string): void {
    const element = this.#open.at(-1);
    if (element) element.content += text;
    else if (text.trim() !== "") throw new XmlError("there is text outside of the element");
  }

  /** What matches right at `at`, and goes behind it. */
  #match(pattern: RegExp, at: number): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
}

/**
 * A slice is a view to V8, and keeps the whole document in memory for as long as it is kept itself: a
 * sync state of some hundred characters the page of changes it came with.
 */
function copyOf(slice: string): string {
  return ` ${slice}`.slice(1);
}

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["apos", "'"],
  ["gt", ">"],
  ["lt", "<"],
  ["quot", '"'],
]);

/**
 * Exchange writes control characters of names and subjects as references (`&#x1;`), which XML 1.0
 * forbids: they are decoded too. Names that XML does not define stay as they are.
 */
function decodeReferences(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:(?:#x([0-9a-f]{1,8})|#([0-9]{1,10})|([a-z][a-z0-9]*));)?/gi,
    (reference, hex?: string, decimal?: string, name?: string) => {
      if (reference === "&") throw new XmlError('"&" begins no reference');
      if (name !== undefined) return PREDEFINED.get(name) ?? reference;
      return characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
    },
  );
}

function characterOf(codePoint: number): string {
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  return codePoint > 0x10ffff || isSurrogate ? "\uFFFD" : String.fromCodePoint(codePoint);
}
