import { z } from "zod";

/**
 * MAPI properties that Graph has no name for, as `$expand` asks for them: type and tag (Microsoft,
 * "Outlook extended properties overview").
 */
export const EXTENDED = {
  searchKey: "Binary 0x300B",
  size: "Integer 0x0E08",
  conversationTopic: "String 0x0070",
  sensitivity: "Integer 0x0036",
  itemClass: "String 0x001A",
  containerClass: "String 0x3613",
  inReplyTo: "String 0x1042",
  references: "String 0x1039",
} as const;

export type ExtendedName = keyof typeof EXTENDED;

/** The field of an answer that has them. */
export const EXTENDED_VALUES = z.array(z.object({ id: z.string(), value: z.string() })).nullish();

export type ExtendedValues = z.output<typeof EXTENDED_VALUES>;

/** The part of `$expand` that asks for these properties. */
export function expandExtended(names: readonly ExtendedName[]): string {
  const filter = names.map((name) => `id eq '${EXTENDED[name]}'`).join(" or ");
  return `singleValueExtendedProperties($filter=${filter})`;
}

/** The value of a property; undefined where there is none. Graph spells tags as it likes. */
export function extendedValue(values: ExtendedValues, name: ExtendedName): string | undefined {
  const tag = tagOf(EXTENDED[name]);
  return values?.find(({ id }) => tagOf(id) === tag)?.value;
}

function tagOf(id: string): number {
  return Number(id.slice(id.lastIndexOf(" ") + 1));
}
