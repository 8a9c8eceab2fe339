/** Deeper nesting than any configuration has; keeps the scan's recursion bounded. */
const DEPTH_MAX = 64;

/** Where and why a text is not JSON. Lines and columns count from 1. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  /** What was found or expected there. Never holds a piece of the text: it may be a secret. */
  readonly reason: string;
}

/** A key that an object has more than once, of which `JSON.parse` would silently take the last. */
export interface DuplicateKey {
  /** Keys from the top down; list elements by their index. */
  readonly path: readonly string[];
  readonly line: number;
}

export type JsonText =
  | { readonly value: unknown; readonly duplicates: readonly DuplicateKey[] }
  | { readonly fault: JsonFault };

/**
 * Parses JSON (RFC 8259) as `JSON.parse` does, and beyond that tells the place of a fault without
 * quoting the text, and which keys are given twice. Takes time linear in the text.
 */
export function parseJson(text: string): JsonText {
  const scan = new JsonScan(text);
  try {
    scan.document();
  } catch (thrown) {
    if (!(thrown instanceof FaultAt)) throw thrown;
    return { fault: { ...placeOf(text, thrown.offset), reason: thrown.reason } };
  }
  return { value: JSON.parse(text), duplicates: withLines(text, scan.duplicates) };
}

/** Offsets ascend, so that one walk over the text finds all lines. */
function withLines(text: string, found: JsonScan["duplicates"]): readonly DuplicateKey[] {
  let [line, counted] = [1, 0];
  return found.map(({ path, offset }) => {
    line += text.slice(counted, offset).split("\n").length - 1;
    counted = offset;
    return { path, line };
  });
}

/** Unwinds the scan at the first fault. */
class FaultAt {
  constructor(readonly offset: number, readonly reason: string) {}
}

/** One walk over a text, checking its grammar and noting keys given twice. */
class JsonScan {
  readonly duplicates: { readonly path: readonly string[]; readonly offset: number }[] = [];
  readonly #text: string;
  readonly #path: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value();
    if (this.#next() !== "") this.#fail("Text after the end of the JSON value");
  }

  #value(): void {
    if (this.#path.length > DEPTH_MAX) this.#fail("Values nested too deeply");
    const next = this.#next();
    if (next === "{") this.#object();
    else if (next === "[") this.#list();
    else if (next === '"') this.#string();
    else this.#match(SCALAR, "Expected a value");
  }

  #object(): void {
    const keys = new Set<string>();
    this.#at++;
    for (let first = true; this.#more("}", first); first = false) {
      if (this.#next() !== '"') this.#fail("Expected a key in double quotes");
      const offset = this.#at;
      const key = this.#string();
      if (keys.has(key)) this.duplicates.push({ path: [...this.#path, key], offset });
      keys.add(key);
      if (this.#next() !== ":") this.#fail('Expected ":" after a key');
      this.#at++;
      this.#inside(key);
    }
  }

  #list(): void {
    this.#at++;
    for (let index = 0; this.#more("]", index === 0); index++) this.#inside(String(index));
  }

  #inside(key: string): void {
    this.#path.push(key);
    this.#value();
    this.#path.pop();
  }

  /** Whether another element follows; consumes the comma before it, or the closing bracket. */
  #more(close: "}" | "]", first: boolean): boolean {
    const next = this.#next();
    if (next === close) {
      this.#at++;
      return false;
    }
    if (first) return true;
    if (next !== ",") this.#fail(`Expected "," or "${close}"`);
    this.#at++;
    if (this.#next() === close) this.#fail(`A comma before "${close}"`);
    return true;
  }

  /** The string at the current place, decoded. */
  #string(): string {
    const start = this.#at++;
    for (;;) {
      const character = this.#text[this.#at] ?? "";
      if (character === "") this.#fail("A text without closing quotes", start);
      if (character < " ") this.#fail("A line break or control character inside quotes");
      if (character === "\\") {
        this.#match(ESCAPE, 'A single backslash inside quotes: JSON writes one as "\\\\"');
      } else {
        this.#at++;
        if (character === '"') break;
      }
    }
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #match(pattern: RegExp, otherwise: string): void {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) this.#fail(otherwise);
    this.#at = pattern.lastIndex;
  }

  /** Skips white space; the character there, or "" at the end of the text. */
  #next(): string {
    this.#match(WHITE_SPACE, "");
    return this.#text[this.#at] ?? "";
  }

  #fail(reason: string, offset = this.#at): never {
    const atEnd = offset >= this.#text.length;
    throw new FaultAt(offset, atEnd ? `The text ends too early: ${lowered(reason)}` : reason);
  }
}

const WHITE_SPACE = /[ \t\n\r]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;
const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}
