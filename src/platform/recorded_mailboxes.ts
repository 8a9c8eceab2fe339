import type { CallOptions } from "../core/env.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { stateFolderOf } from "../storage/layout.ts";
import type { ObjectStore } from "../storage/object_store.ts";

/*
 * Which mailboxes have records on the platform beside their states on disk, noted on disk. Without it
 * a platform that begins to keep states could not be told from an operator who has deleted them.
 */

/** Whether `noteRecords` was called for the mailbox, by whichever process. */
export async function hasRecords(
  objects: ObjectStore,
  mailbox: Mailbox,
  options: CallOptions,
): Promise<boolean> {
  return await objects.read(noteNameOf(mailbox), { ...options, bytesMax: 1 }) !== undefined;
}

/** Notes, durably, that every state of the mailbox has a record beside it from now on. */
export async function noteRecords(
  objects: ObjectStore,
  mailbox: Mailbox,
  options: CallOptions,
): Promise<void> {
  const note = `${JSON.stringify({ mailbox: mailbox.address, recorded: true })}\n`;
  await objects.replace(noteNameOf(mailbox), new TextEncoder().encode(note), options);
}

/** Beside the states, and none of them by its name. */
function noteNameOf(mailbox: Mailbox): string {
  return `${stateFolderOf(mailbox)}/platform.json`;
}
