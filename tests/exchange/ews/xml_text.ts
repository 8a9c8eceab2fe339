export const NAMESPACES = {
  soap: "http://schemas.xmlsoap.org/soap/envelope/",
  t: "http://schemas.microsoft.com/exchange/services/2006/types",
  m: "http://schemas.microsoft.com/exchange/services/2006/messages",
  e: "http://schemas.microsoft.com/exchange/services/2006/errors",
} as const;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/**
 * A value as XML text. Control characters become references such as `&#x1;`, which XML 1.0 forbids:
 * Exchange writes them all the same, and clients must cope.
 */
export function escaped(value: string): string {
  // deno-lint-ignore no-control-regex -- control characters are exactly what is looked for
  return value.replace(/[&<>"\u0000-\u0008\u000b-\u001f]/g, (character) => {
    return ESCAPES[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
  });
}

/** `<name>value</name>`, the value escaped. */
export function textElement(name: string, value: string | number | boolean): string {
  return `<${name}>${escaped(String(value))}</${name}>`;
}

/** An element that carries nothing but an id, and a change key if there is one. */
export function idElement(name: string, id: string, changeKey?: string): string {
  const key = changeKey === undefined ? "" : ` ChangeKey="${escaped(changeKey)}"`;
  return `<${name} Id="${escaped(id)}"${key}/>`;
}
