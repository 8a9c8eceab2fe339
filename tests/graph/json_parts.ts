import type { AnswerPart, MimePart } from "../exchange/answer_bytes.ts";

/** A value of an answer. Content stands at its place and becomes base64 as the answer is sent. */
export type Json = string | number | boolean | null | undefined | MimePart | JsonList | JsonObject;
type JsonList = readonly Json[];

/** Members that are undefined are left out. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** A value as JSON text, with the contents in it still to be read. */
export function jsonParts(value: Json): readonly AnswerPart[] {
  if (value === null || typeof value !== "object") return [JSON.stringify(value ?? null)];
  if (isContent(value)) return ['"', value, '"'];
  if (isList(value)) return ["[", ...joined(value.map(jsonParts)), "]"];
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const named = members.map(([name, member]) => [`${JSON.stringify(name)}:`, ...jsonParts(member)]);
  return ["{", ...joined(named), "}"];
}

function joined(pieces: readonly (readonly AnswerPart[])[]): readonly AnswerPart[] {
  return pieces.flatMap((piece, index) => index === 0 ? piece : [",", ...piece]);
}

function isList(value: object): value is JsonList {
  return Array.isArray(value);
}

function isContent(value: object): value is MimePart {
  return "mime" in value && typeof value.mime === "object";
}
