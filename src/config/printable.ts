const SHOWN_CHARACTERS_MAX = 100;
/** Control, format (bidirectional marks, joiners), unassigned and line-separating characters. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A value from outside as a message may show it: on one line, every character visible, long text
 * shortened. Objects and lists are named rather than shown, as a secret may lie inside them.
 */
export function quoted(value: unknown): string {
  if (typeof value === "string") return visible(JSON.stringify(shortened(value)));
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/** An entry of a list that holds no secret, e.g. an address or a folder path: `quoted` in depth. */
export function quotedEntry(entry: unknown): string {
  return Array.isArray(entry) ? `[${entry.map(quoted).join(", ")}]` : quoted(entry);
}

/**
 * A URL-like value as a message may show it: `quoted`, with what stands before an `@` and in the
 * query masked, since people put passwords and keys there.
 */
export function quotedUrl(value: unknown): string {
  if (typeof value !== "string") return quoted(value);
  const query = value.indexOf("?");
  const [address, tail] = query < 0 ? [value, ""] : [value.slice(0, query), "?[secret]"];
  const at = address.lastIndexOf("@");
  if (at < 0) return quoted(address + tail);
  const scheme = /^[A-Za-z]{1,20}:\/\//.exec(address)?.[0] ?? "";
  return quoted(`${scheme}[secret]${address.slice(at)}${tail}`);
}

/** The path of a key inside an object at `parent` ("" for the file itself). */
export function pathOf(parent: string, key: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(key)) return `${parent}[${quoted(key)}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

function shortened(text: string): string {
  if (text.length <= SHOWN_CHARACTERS_MAX) return text;
  // By code points, so that no surrogate pair is torn.
  const start = [...text.slice(0, 2 * SHOWN_CHARACTERS_MAX)];
  return `${start.slice(0, SHOWN_CHARACTERS_MAX).join("")}…`;
}

/**
 * A name from outside as a terminal may show it: control, bidirectional and line-separating
 * characters become `\uXXXX`, so that nothing in it steers the terminal or hides.
 */
export function visible(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) =>
      character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}

/** A folder path as text shows it. */
export function visiblePath(path: readonly string[]): string {
  return visible(path.join("/"));
}
