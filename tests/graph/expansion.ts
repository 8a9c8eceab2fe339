import { ERRORS, NotModelled } from "./graph_errors.ts";

/** What `$expand` asks for besides the properties of a resource. */
export interface Expansion {
  readonly extended: readonly ExtendedProperty[];
  /** The text of `$select` for attachments, empty for all of them; absent: no attachments. */
  readonly attachments?: string;
}

/** A MAPI property as `singleValueExtendedProperties` names it. */
export interface ExtendedProperty {
  /** As answers write it: `Binary 0x300b`, whatever the request's spelling of the tag. */
  readonly id: string;
  readonly type: string;
  /** Absent for properties that have a name instead of a tag. */
  readonly tag?: number;
}

const TYPES: readonly string[] = [
  "ApplicationTime",
  "Binary",
  "Boolean",
  "CLSID",
  "Currency",
  "Double",
  "Float",
  "Integer",
  "Long",
  "Short",
  "String",
  "SystemTime",
];
const TAGGED = /^(\w+) 0x([0-9a-f]{1,4})$/i;
const NAMED = /^(\w+) \{[0-9a-f-]{36}\} (?:Id 0x[0-9a-f]+|Name .+)$/i;

/** Throws `GraphError`. `attachments` says whether the resource has any. */
export function expansionOf(text: string | undefined, attachments: boolean): Expansion {
  let extended: readonly ExtendedProperty[] = [];
  let select: string | undefined;
  for (const { name, options } of text === undefined ? [] : navigationsIn(text)) {
    if (name === "singleValueExtendedProperties") extended = extendedIn(options);
    else if (name === "attachments" && attachments) select = selectIn(options);
    else throw new NotModelled(`$expand=${name}`);
  }
  return { extended, ...(select === undefined ? {} : { attachments: select }) };
}

interface Navigation {
  readonly name: string;
  /** Between the parentheses; empty without them. */
  readonly options: string;
}

function navigationsIn(text: string): readonly Navigation[] {
  const pieces = text.match(/(?:[^,('"]|\((?:[^()']|'[^']*'|\([^()]*\))*\))+/g) ?? [];
  const navigations = pieces.map((piece) => {
    const [, name, options = ""] = /^\s*([\w.]+)\s*(?:\((.*)\))?\s*$/s.exec(piece) ?? [];
    if (name === undefined) throw malformed();
    return { name, options };
  });
  if (pieces.join(",") !== text) throw malformed();
  return navigations;
}

function malformed(): Error {
  return ERRORS.badRequest(
    "Parsing OData Select and Expand failed: Syntax error: character is not valid.",
  );
}

function extendedIn(options: string): readonly ExtendedProperty[] {
  const [, filter] = /^\s*\$filter\s*=\s*(.+?)\s*$/s.exec(options) ?? [];
  if (filter === undefined) {
    throw ERRORS.invalidQuery("Expanding extended properties needs a $filter on their id.");
  }
  return filter.split(/\s+or\s+/).map((term) => {
    const [, id] = /^\(?\s*id\s+eq\s+'([^']*)'\s*\)?$/.exec(term.trim()) ?? [];
    if (id === undefined) {
      throw ERRORS.invalidQuery("The filter expression for $expand does not match to a property.");
    }
    return extendedProperty(id);
  });
}

function extendedProperty(id: string): ExtendedProperty {
  const [, given = "", digits] = TAGGED.exec(id) ?? NAMED.exec(id) ?? [];
  const type = TYPES.find((known) => known.toLowerCase() === given.toLowerCase());
  if (type === undefined) {
    throw ERRORS.badRequest(
      `PropertyId values may only be in one of the permitted formats: '${id}'.`,
    );
  }
  if (digits === undefined) return { id, type };
  const tag = parseInt(digits, 16);
  return { id: `${type} 0x${tag.toString(16)}`, type, tag };
}

function selectIn(options: string): string {
  if (options.trim() === "") return "";
  const [, select] = /^\s*\$select\s*=\s*([\w.,/ ]+)$/.exec(options) ?? [];
  if (select === undefined) throw new NotModelled(`attachments(${options})`);
  return select;
}
