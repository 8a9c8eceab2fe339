/**
 * The number that a value of JSON is, or is the text of, as token services write them; NaN for any
 * other. Not `Number` alone: that calls what an object of JSON may hold in place of a function.
 */
export function numberInJson(value: unknown): number {
  return typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
}
