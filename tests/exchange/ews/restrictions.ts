import type { Item } from "../items.ts";
import { extendedValue, type PropertyValue } from "../mapi_properties.ts";
import type { ContentReader, QName } from "./content_reader.ts";
import { EwsError, NotModelled } from "./ews_errors.ts";
import { ITEM_PROPERTIES } from "./item_properties.ts";
import { type PropertyPath, readPath } from "./shapes.ts";

/** Whether an item is in the view. */
export type ItemFilter = (item: Item) => boolean;

const PATHS: readonly QName[] = ["t:FieldURI", "t:IndexedFieldURI", "t:ExtendedFieldURI"];
const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  IsEqualTo: (order) => order === 0,
  IsNotEqualTo: (order) => order !== 0,
  IsGreaterThan: (order) => order > 0,
  IsGreaterThanOrEqualTo: (order) => order >= 0,
  IsLessThan: (order) => order < 0,
  IsLessThanOrEqualTo: (order) => order <= 0,
};
const EXPRESSIONS: readonly QName[] = [
  "t:And",
  "t:Or",
  "t:Not",
  "t:Exists",
  "t:Contains",
  "t:Excludes",
  ...Object.keys(COMPARISONS).map((name): QName => `t:${name}`),
];
const BY_URI = new Map(ITEM_PROPERTIES.map((property) => [property.uri, property]));

/** RestrictionType: one search expression. Times compare in full, not by the second. */
export function readRestriction(reader: ContentReader): ItemFilter {
  const filter = readExpression(reader.oneOf(EXPRESSIONS));
  reader.end();
  return filter;
}

function readExpression(reader: ContentReader): ItemFilter {
  const { name } = reader;
  if (name === "And" || name === "Or") {
    const filters = reader.allOf(EXPRESSIONS).map(readExpression);
    return (item) =>
      name === "And" ? filters.every((holds) => holds(item)) : filters.some((holds) => holds(item));
  }
  if (name === "Not") {
    const holds = readExpression(reader.oneOf(EXPRESSIONS));
    reader.end();
    return (item) => !holds(item);
  }
  if (name === "Exists") {
    const value = valueReader(readPath(reader.oneOf(PATHS)));
    reader.end();
    return (item) => value(item) !== undefined;
  }
  const holds = COMPARISONS[name];
  if (!holds) throw new NotModelled(`Restriction ${name}`);
  return readComparison(reader, holds);
}

function readComparison(reader: ContentReader, holds: (order: number) => boolean): ItemFilter {
  const value = valueReader(readPath(reader.oneOf(PATHS)));
  const operand = reader.required("t:FieldURIOrConstant");
  const side = operand.oneOf(["t:Constant", ...PATHS]);
  operand.end();
  reader.end();
  if (side.name !== "Constant") throw new NotModelled("Comparison of two properties");
  const compare = comparisonWith(side.requiredAttribute("Value"));
  side.end();
  return (item) => {
    const own = value(item);
    // An item without the property satisfies no comparison, not even IsNotEqualTo (MAPI rules).
    return own !== undefined && holds(compare(own));
  };
}

/** Reads the value a path stands for; refuses what items cannot be found or sorted by. */
export function valueReader(path: PropertyPath): (item: Item) => PropertyValue {
  const { extended } = path;
  if (extended) return (item) => extendedValue(item, extended.tag, extended.type);
  const value = BY_URI.get(path.uri)?.value;
  if (!value) {
    throw new EwsError(
      "ErrorUnsupportedPathForQuery",
      "The specified path cannot be used in a restriction or a sort order.",
    );
  }
  return value;
}

/** How a value stands to a constant, which is read as what the value is. */
function comparisonWith(constant: string): (own: Exclude<PropertyValue, undefined>) => number {
  let instant: number | undefined; // parsed once, not once per item
  const lower = constant.toLowerCase();
  return (own) => {
    if (own instanceof Date) return own.getTime() - (instant ??= instantOf(constant));
    if (typeof own === "number") return own - numberOf(constant);
    const text = String(own).toLowerCase();
    return text < lower ? -1 : text > lower ? 1 : 0;
  };
}

function instantOf(constant: string): number {
  const shaped = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(constant);
  // Without an offset Exchange takes the time as UTC.
  const instant = Date.parse(shaped && !shaped[2] ? `${constant}Z` : constant);
  if (!shaped || Number.isNaN(instant)) throw invalidValue();
  return instant;
}

function numberOf(constant: string): number {
  if (!/^-?\d+$/.test(constant)) throw invalidValue();
  return Number(constant);
}

function invalidValue(): EwsError {
  return new EwsError(
    "ErrorInvalidValueForProperty",
    "The specified value is invalid for property.",
  );
}
