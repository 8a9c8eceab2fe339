import type { AttachmentInfo } from "../core/email.ts";
import type { Participant } from "./mime_text.ts";

/** What an item consists of, beside its MIME content. Absent: not asked for, or the item has none. */
export interface ItemMessage {
  readonly subject?: string;
  readonly from?: Participant;
  readonly sender?: Participant;
  readonly to: readonly Participant[];
  readonly cc: readonly Participant[];
  readonly bcc: readonly Participant[];
  readonly replyTo: readonly Participant[];
  readonly inReplyTo?: string;
  readonly references?: string;
  readonly body?: { readonly type: "html" | "plain"; readonly text: string };
  /** Header fields as they arrived, in order; not unfolded, and as hostile as any mail. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly attachments?: readonly ItemAttachment[];
}

export interface ItemAttachment extends AttachmentInfo {
  /** Absent for what cannot be fetched. */
  readonly id?: string;
  /** Whether it is an item of Exchange, an email for example, and not a file. */
  readonly isItem: boolean;
  readonly contentId?: string;
}

/** The parts that Exchange may fail to give; the rest comes with every request. */
export type ItemPart = "body" | "attachments" | "headers";

export const ALL_PARTS: readonly ItemPart[] = ["body", "attachments", "headers"];

/** What is asked for, one after another: all parts, each one left out, and none of them. */
export const PART_ATTEMPTS: readonly (readonly ItemPart[])[] = [
  ALL_PARTS,
  ...ALL_PARTS.map((left) => ALL_PARTS.filter((part) => part !== left)),
  [],
];
