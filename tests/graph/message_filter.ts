import type { Item } from "../exchange/items.ts";
import { NEWEST_FIRST, ordered, type SortOrder } from "../exchange/sorted_items.ts";
import { ERRORS, NotModelled } from "./graph_errors.ts";
import { isMessageProperty } from "./message_resource.ts";

/** What `$filter` asks for. */
export interface MessageFilter {
  /** Properties in the order they are named. */
  readonly properties: readonly string[];
  /** Operators, one for each of them. */
  readonly operators: readonly string[];
  fits(item: Item): boolean;
}

type Comparison = (value: number, limit: number) => boolean;

const COMPARISONS = new Map<string, Comparison>([
  ["ge", (value, limit) => value >= limit],
  ["gt", (value, limit) => value > limit],
  ["le", (value, limit) => value <= limit],
  ["lt", (value, limit) => value < limit],
  ["eq", (value, limit) => value === limit],
]);

/** Times are compared to the millisecond, though answers show whole seconds. */
const TIMES = new Map<string, (item: Item) => Date | undefined>([
  ["receivedDateTime", (item) => item.receivedAt],
  ["sentDateTime", (item) => item.sentAt],
  ["createdDateTime", (item) => item.createdAt],
  ["lastModifiedDateTime", (item) => item.modifiedAt],
]);

const TERM = /^(\w[\w/]*)\s+(\w+)\s+(\S+)$/;
const LITERAL = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d))?$/i;

/** Comparisons of times, joined by `and`. Throws `GraphError`. */
export function messageFilterOf(text: string): MessageFilter {
  const terms = text.trim().split(/\s+and\s+/).map(termIn);
  return {
    properties: terms.map(({ property }) => property),
    operators: terms.map(({ operator }) => operator),
    fits: (item) => terms.every((term) => term.fits(item)),
  };
}

function termIn(text: string) {
  const [, property = "", operator = "", literal = ""] = TERM.exec(text) ?? [];
  const timeOf = TIMES.get(property);
  const compare = COMPARISONS.get(operator);
  if (!timeOf || !compare) throw refusal(text, property);
  if (literal.startsWith("'")) {
    throw ERRORS.badRequest(
      "A binary operator with incompatible types was detected. Found operand types " +
        "'Edm.DateTimeOffset' and 'Edm.String' for operator kind 'GreaterThanOrEqual'.",
    );
  }
  const limit = LITERAL.test(literal) ? Date.parse(literal) : NaN;
  if (Number.isNaN(limit)) {
    throw ERRORS.badRequest(`Invalid filter clause: "${literal}" is no literal of a time.`);
  }
  const fits = (item: Item) => {
    const value = timeOf(item);
    return value !== undefined && compare(value.getTime(), limit);
  };
  return { property, operator, fits };
}

function refusal(text: string, property: string): Error {
  if (property === "") {
    return ERRORS.badRequest(`Invalid filter clause: syntax error in '${text}'.`);
  }
  if (isMessageProperty(property.split("/")[0]!)) return new NotModelled(`$filter=${text}`);
  return ERRORS.badRequest(
    `Invalid filter clause: Could not find a property named '${property}' on type ` +
      `'microsoft.graph.message'.`,
  );
}

/**
 * The order of `$orderby`; without it, newest first. With a filter, what is sorted by has to be
 * filtered by as well, first and in the same order (user-list-messages). Throws `GraphError`.
 */
export function messageOrderOf(
  text: string | undefined,
  filter: MessageFilter | undefined,
): SortOrder {
  if (text === undefined) return NEWEST_FIRST;
  const fields = text.split(",").map((field) => fieldIn(field.trim()));
  const filtered = [...new Set(filter?.properties)];
  if (filter && fields.some(({ property }, index) => property !== filtered[index])) {
    throw ERRORS.inefficientFilter();
  }
  return {
    key: text,
    compare: (a, b) => fields.reduce((result, field) => result || field.compare(a, b), 0),
  };
}

function fieldIn(text: string) {
  const [, property = "", direction = "asc"] = /^([\w/]+)(?:\s+(asc|desc))?$/.exec(text) ?? [];
  const timeOf = TIMES.get(property);
  if (!timeOf) {
    if (isMessageProperty(property)) throw new NotModelled(`$orderby=${text}`);
    throw ERRORS.badRequest(`Invalid orderby clause: syntax error in '${text}'.`);
  }
  const sign = direction === "asc" ? 1 : -1;
  return { property, compare: (a: Item, b: Item) => sign * ordered(timeOf(a), timeOf(b)) };
}
