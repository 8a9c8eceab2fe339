/** A test that a text names as proof of what it says. */
export interface Proof {
  /** Path from the repository's root. */
  readonly file: string;
  /** Of the test. */
  readonly name: string;
}

const PROOF = /`([\w./]+\.ts)`: (.+?)(?=<br>|\s+\|)/g;

/** The rows of all tables of a text, as lines: heads and rules are none. */
export function tableRows(markdown: string): readonly string[] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines.filter((line, at) => !/^\|[\s|:-]+\|$/.test(line) && !isHead(lines[at + 1]));
}

function isHead(next: string | undefined): boolean {
  return next !== undefined && /^\|[\s|:-]+\|$/.test(next);
}

/** The tests that a row of a table names. */
export function proofsIn(row: string): readonly Proof[] {
  return [...row.matchAll(PROOF)].map(([, file, name]) => ({ file: file!, name: name! }));
}

/** A template with less text of its own would be the name of anything. */
const TEMPLATE_TEXT_MIN = 10;

/**
 * Whether a test file registers a test of exactly this name: its name is the first argument of a call.
 * What a template puts in stands for anything.
 */
export function hasTest(source: string, name: string): boolean {
  return [...source.matchAll(/\w\(\s*(["`])((?:\\.|(?!\1)[^\\])*)\1,/g)].some(([, , text]) =>
    patternOf(text!).test(name)
  );
}

function patternOf(text: string): RegExp {
  const parts = text.replaceAll('\\"', '"').split(/\$\{[^}]*\}/);
  if (parts.length > 1 && parts.join("").length < TEMPLATE_TEXT_MIN) return /^(?!)/;
  return new RegExp(`^${parts.map(RegExp.escape).join(".+")}$`);
}
