import { dirname } from "node:path";
import { SyncError } from "../../core/errors.ts";
import { classifiedFiles } from "../../storage/file_errors.ts";
import { type FileSystem, systemFiles } from "../../storage/file_system.ts";
import { removeIfThere, writeAll } from "../../storage/local_batch.ts";

const PRIVATE_MODE = 0o600;

/**
 * Writes a file that nobody else may read (mode 0600), in one step: a reader, and whoever stops the
 * process, finds all of it or what was there before. Rejects with kind `destination`.
 */
export async function writePrivateFile(
  path: string,
  content: Uint8Array,
  signal: AbortSignal,
  files: FileSystem = systemFiles,
): Promise<void> {
  const classified = classifiedFiles(files, dirname(path));
  const unfinished = `${path}.unfinished`;
  // What an earlier one left may have another mode.
  await removeIfThere(classified, unfinished);
  try {
    await writeDurably(classified, unfinished, content, signal);
    await classified.rename(unfinished, path);
  } catch (thrown) {
    // The failure to report is the first.
    await removeIfThere(classified, unfinished).catch(() => undefined);
    throw thrown instanceof SyncError ? thrown : signal.reason ?? thrown;
  }
}

async function writeDurably(
  files: FileSystem,
  path: string,
  content: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const file = await files.open(path, { write: true, createNew: true, mode: PRIVATE_MODE });
  try {
    await writeAll(file, [content], signal);
    await file.sync();
  } finally {
    file.close();
  }
}
