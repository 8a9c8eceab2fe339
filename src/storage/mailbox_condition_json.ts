import { z } from "zod";
import type { MailboxCondition } from "../core/sync_state.ts";
import { present } from "./present.ts";
import { type Decoded, decodeVersionedJson, encodeVersionedJson } from "./versioned_json.ts";
import { WireTime } from "./wire_time.ts";

const Failure = z.object({ code: z.string(), reason: z.string(), hint: z.string().optional() })
  .transform(({ code, reason, hint }) => present({ code, reason, hint }));

const Condition = z.object({
  phase: z.string(),
  since: WireTime,
  error: Failure.optional(),
}).transform(({ phase, since, error }): MailboxCondition => present({ phase, since, error }));

/** How a mailbox as a whole is, as `encodeVersionedJson` writes it. */
export function encodeMailboxCondition(
  { phase, since, error }: MailboxCondition,
  writer: { readonly mailbox: string; readonly programVersion: string },
): string {
  const fields = {
    mailbox: writer.mailbox,
    phase,
    since,
    error: error && { code: error.code, reason: error.reason, hint: error.hint },
  };
  return encodeVersionedJson(fields, writer.programVersion);
}

/** Reads what `encodeMailboxCondition` wrote, in UTF-8, or says why it cannot. */
export function decodeMailboxCondition(bytes: Uint8Array): Decoded<MailboxCondition> {
  return decodeVersionedJson(bytes, Condition);
}
