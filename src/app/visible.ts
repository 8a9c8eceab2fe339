/**
 * A name from outside as a terminal may show it: control, bidirectional and line-separating
 * characters become `\uXXXX`, so that nothing in it steers the terminal or hides.
 */
export function visible(text: string): string {
  const hostile = /[\p{C}\p{Zl}\p{Zp}]/gu;
  return text.replace(hostile, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`);
}

/** A folder path as text shows it. */
export function visiblePath(path: readonly string[]): string {
  return visible(path.join("/"));
}
