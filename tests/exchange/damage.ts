/** What GetItem can say of an item it cannot give (EWS reference: ResponseCode). */
export type DamageCode =
  | "ErrorMimeContentConversionFailed"
  | "ErrorContentConversionFailed"
  | "ErrorItemCorrupt"
  | "ErrorCorruptData"
  | "ErrorUnsupportedMimeConversion"
  | "ErrorMessageSizeExceeded";

/** `properties` is everything: nothing can be read of such an item, whatever is asked for. */
export type DamagedPart = "mime" | "body" | "attachments" | "properties";

/** What cannot be read of an item; it lasts over moves and copies, until it is mended. */
export interface Damage {
  readonly code: DamageCode;
  /** Absent: the MIME content alone. */
  readonly parts?: readonly DamagedPart[];
}

/** Whether any of the parts asked for is damaged. */
export function isDamaged(damage: Damage, asked: readonly DamagedPart[]): boolean {
  const parts = damage.parts ?? ["mime"];
  return parts.includes("properties") || parts.some((part) => asked.includes(part));
}
