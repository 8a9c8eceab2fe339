import { join } from "node:path";
import type { CallOptions } from "../core/env.ts";
import { classifiedFiles, isMissing } from "./file_errors.ts";
import { type FileSystem, type OpenFile, systemFiles } from "./file_system.ts";
import type { ReadOptions } from "./object_store.ts";
import type { ObjectContents } from "./stored_email_content.ts";

/** What of a file is in memory at a time. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Contents of the files of a `LocalObjectStore` with the same `root`. A file that is replaced while
 * it is read is read as it was.
 */
export function localContents(root: string, files: FileSystem = systemFiles): ObjectContents {
  const classified = classifiedFiles(files, root);
  return {
    open: async (name, options) => {
      options.signal.throwIfAborted();
      const file = await openIfThere(classified, join(root, name));
      return file && chunksOf(file, options);
    },
  };
}

async function openIfThere(files: FileSystem, path: string): Promise<OpenFile | undefined> {
  try {
    return await files.open(path, { read: true });
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

async function* chunksOf(
  file: OpenFile,
  { signal, bytesMax }: CallOptions & Pick<ReadOptions, "bytesMax">,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let left = bytesMax; left > 0;) {
      signal.throwIfAborted();
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, left));
      const count = await file.read(chunk);
      if (count === null || count === 0) return;
      left -= count;
      yield chunk.subarray(0, count);
    }
  } finally {
    file.close();
  }
}
