import type { CallOptions } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import { type StoredEmail, StoredEmails } from "../../storage/stored_emails.ts";
import { type Stop, throwIfStopping } from "../../sync/stop.ts";
import type { StoredSource } from "../push/stored_source.ts";
import { emailLine, textFormOf } from "./email_line.ts";

/** Takes the lines, one after the other. */
export interface LineWriter {
  write(content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

export interface ExportWork {
  readonly source: StoredSource;
  /** Only emails received at or after it; absent: all. */
  readonly since?: Date;
  readonly stop: Stop;
  /** Told after each email. */
  readonly onExported: (mailbox: Mailbox, counts: ExportCounts) => void;
  /** Told of every email that is left out, its position and why. */
  readonly onDamaged: (mailbox: Mailbox, position: string, error: SyncError) => void;
}

/** What became of emails, as numbers. */
export interface ExportCounts {
  readonly exported: number;
  readonly damaged: number;
  /** MIME bytes of `exported`. */
  readonly bytes: number;
}

export const NOTHING_EXPORTED: ExportCounts = { exported: 0, damaged: 0, bytes: 0 };

export function addExportCounts(a: ExportCounts, b: ExportCounts): ExportCounts {
  return {
    exported: a.exported + b.exported,
    damaged: a.damaged + b.damaged,
    bytes: a.bytes + b.bytes,
  };
}

/**
 * Writes the stored emails of one mailbox as lines, in their order; damaged ones are left out.
 *
 * @throws SyncError of the place they are read from, and what the writer throws; `StopBegun`.
 */
export async function exportMailbox(
  work: ExportWork,
  mailbox: Mailbox,
  writer: LineWriter,
): Promise<ExportCounts> {
  const { source, since, stop, onExported, onDamaged } = work;
  const options = { signal: stop.aborted };
  const emails = new StoredEmails(source, mailbox);
  let counts = NOTHING_EXPORTED;
  for await (const found of emails.walk({ ...options, ...(since ? { since } : {}) })) {
    throwIfStopping(stop);
    const error = found.kind === "damaged"
      ? found.error
      : await exportEmail(emails, found, writer, options);
    if (error) onDamaged(mailbox, found.position, error);
    const bytes = found.kind === "stored" ? found.content.sizeBytes : 0;
    const one = error ? { damaged: 1 } : { exported: 1, bytes };
    counts = addExportCounts(counts, { ...NOTHING_EXPORTED, ...one });
    onExported(mailbox, counts);
  }
  return counts;
}

/** Resolves to why the email is left out, if it is. */
async function exportEmail(
  emails: StoredEmails,
  found: StoredEmail,
  writer: LineWriter,
  options: CallOptions,
): Promise<SyncError | undefined> {
  try {
    const email = await emails.open(found, options);
    const form = await textFormOf(email, options);
    const line = emailLine(email, form, options);
    await writer.write(asWritten(line), options.signal);
    return undefined;
  } catch (thrown) {
    options.signal.throwIfAborted();
    if (thrown instanceof SyncError && thrown.kind === "item") return thrown;
    throw thrown;
  }
}

/**
 * A line that breaks off would spoil the file. Its content was read whole just before, so that this
 * means it is being changed.
 */
async function* asWritten(line: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* line;
  } catch (thrown) {
    const isDamaged = thrown instanceof SyncError && thrown.kind === "item";
    throw isDamaged ? thrown.as("destination") : thrown;
  }
}
