import { z } from "zod";

/**
 * Version of all that lies in a mailbox's state folder. A change that an older program would misread
 * makes it one more.
 */
const FORMAT_VERSION = 1;

const PROGRAM = "reinfer-ews";

const Envelope = z.object({ version: z.int().min(1), written_by: z.string().optional() });

export type Decoded<T> =
  | { readonly kind: "whole"; readonly value: T }
  /** A newer version's: never touched. */
  | { readonly kind: "newer"; readonly version: number; readonly writtenBy: string }
  /** Neither; `reason` says what is wrong in a few words without quoting the content. */
  | { readonly kind: "garbage"; readonly reason: string };

/** Human-readable JSON with a final newline; times are ISO 8601 in UTC. */
export function encodeVersionedJson(fields: object, programVersion: string): string {
  const envelope = { version: FORMAT_VERSION, written_by: `${PROGRAM} ${programVersion}` };
  return `${JSON.stringify({ ...envelope, ...fields }, undefined, 2)}\n`;
}

/** Reads what `encodeVersionedJson` wrote, in UTF-8, or says why it cannot. */
export function decodeVersionedJson<T>(bytes: Uint8Array, schema: z.ZodType<T>): Decoded<T> {
  let json: unknown;
  try {
    // Not lenient: a token with a damaged byte is another token.
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { kind: "garbage", reason: "not JSON in UTF-8, or cut" };
  }
  const envelope = Envelope.safeParse(json);
  if (!envelope.success) return { kind: "garbage", reason: problemOf(envelope.error) };
  const { version, written_by: writtenBy = "an unnamed program" } = envelope.data;
  if (version > FORMAT_VERSION) return { kind: "newer", version, writtenBy };
  const content = schema.safeParse(json);
  if (!content.success) return { kind: "garbage", reason: problemOf(content.error) };
  return { kind: "whole", value: content.data };
}

function problemOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.code ?? "invalid"} at "${issue?.path.join(".") ?? ""}"`;
}
