import { SyncError } from "../core/errors.ts";

/** Markup that is well-formed by construction; only this file makes it. */
export type Xml = string & { readonly brand: unique symbol };

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element; attributes that are `undefined` are left out. Names are ours, values are escaped. */
export function element(name: string, attributes: Attributes, ...children: readonly Xml[]): Xml {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escape(String(value))}"`)
    .join("");
  const content = children.join("");
  return (content === ""
    ? `<${name}${written}/>`
    : `<${name}${written}>${content}</${name}>`) as Xml;
}

/** An element with nothing but character data. */
export function textElement(name: string, value: string | number | boolean): Xml {
  return `<${name}>${escape(String(value))}</${name}>` as Xml;
}

/** Siblings. */
export function fragment(...nodes: readonly Xml[]): Xml {
  return nodes.join("") as Xml;
}

/** What XML 1.0 cannot express at all, not even as a reference (section 2.2). */
// deno-lint-ignore no-control-regex -- control characters are exactly what is looked for
const INEXPRESSIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  // Written raw, attribute values and line ends would be normalised by the reader.
  "\t": "&#x9;",
  "\n": "&#xA;",
  "\r": "&#xD;",
};

function escape(text: string): string {
  if (INEXPRESSIBLE.test(text)) {
    throw new SyncError("mailbox", "ValueNotXml", "A value cannot be written in a request", {
      hint: "Check the mailbox address, or forget the state of this mailbox with `resync`",
    });
  }
  return text.replace(/[&<>"'\t\n\r]/g, (character) => ESCAPES[character]!);
}
