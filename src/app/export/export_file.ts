import { dirname } from "node:path";
import { SyncError } from "../../core/errors.ts";
import { classifiedFiles, isMissing } from "../../storage/file_errors.ts";
import { type FileSystem, type OpenFile, systemFiles } from "../../storage/file_system.ts";
import { KnownFolders } from "../../storage/known_folders.ts";
import { removeIfThere, writeAll } from "../../storage/local_batch.ts";

/** Emails may be read by the operator's group, as where they were stored. */
const MODE = 0o640;

export interface ExportFileOptions {
  readonly path: string;
  /** Folder that the failures' remedies name. */
  readonly root: string;
  /** Replace a file that is there. */
  readonly force: boolean;
  /** Default: the operating system's. */
  readonly files?: FileSystem;
}

/**
 * A file that appears whole or not at all: written beside its place under a name no bucket can have,
 * and moved there when it is finished. Disposing it discards what is not. Every call rejects with
 * kind `destination` when the file system fails.
 */
export class ExportFile implements AsyncDisposable {
  readonly #options: ExportFileOptions;
  readonly #files: FileSystem;
  readonly #folders: KnownFolders;
  readonly #unfinished: string;
  readonly #handles: Handles;

  private constructor(options: ExportFileOptions, disk: Disk, handles: Handles) {
    this.#options = options;
    this.#files = disk.files;
    this.#folders = disk.folders;
    this.#unfinished = disk.unfinished;
    this.#handles = handles;
  }

  /** Rejects with code `ExportLocked`, too, while another process writes the same file. */
  static async create(options: ExportFileOptions): Promise<ExportFile> {
    const files = classifiedFiles(options.files ?? systemFiles, options.root);
    const disk = {
      files,
      folders: new KnownFolders(files),
      unfinished: `${options.path}.unfinished`,
    };
    return new ExportFile(options, disk, await openLocked(disk, options));
  }

  async write(content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    await writeAll(this.#handles.writer, content, signal);
  }

  /** Puts the file into its place, durably. Rejects with code `ExportExists`, too. */
  async finish(): Promise<void> {
    const { path, force } = this.#options;
    await this.#handles.writer.sync();
    if (!force && await isThere(this.#files, path)) throw exportExists(path);
    await this.#files.rename(this.#unfinished, path);
    this.#handles.close();
    await this.#folders.sync(dirname(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#handles.isClosed) return;
    await removeIfThere(this.#files, this.#unfinished);
    this.#handles.close();
  }
}

/** Whether there is anything under a path of classified files. */
export async function isThere(files: Pick<FileSystem, "stat">, path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

/** What an export would have to replace. */
export function exportExists(path: string): SyncError {
  return new SyncError("destination", "ExportExists", `"${path}" is there already`, {
    hint: "Choose another folder for `--to`, or give `--force` to replace what is there",
  });
}

interface Disk {
  readonly files: FileSystem;
  readonly folders: KnownFolders;
  /** Path of the file until it is finished. */
  readonly unfinished: string;
}

/** Two handles of one file: one holds the lock, as the other begins with what is there cut off. */
class Handles {
  readonly writer: OpenFile;
  readonly #lock: OpenFile;
  isClosed = false;

  constructor(writer: OpenFile, lock: OpenFile) {
    this.writer = writer;
    this.#lock = lock;
  }

  close(): void {
    this.isClosed = true;
    this.writer.close();
    this.#lock.close();
  }
}

async function openLocked(
  { files, folders, unfinished }: Disk,
  { path }: ExportFileOptions,
): Promise<Handles> {
  const options = { write: true, create: true, mode: MODE };
  const lock = await folders.within(dirname(path), () => files.open(unfinished, options));
  try {
    if (!await lock.tryLock(true)) throw locked(path);
    return new Handles(await files.open(unfinished, { ...options, truncate: true }), lock);
  } catch (thrown) {
    lock.close();
    throw thrown;
  }
}

function locked(path: string): SyncError {
  const message = `"${path}" is being written by another export`;
  return new SyncError("destination", "ExportLocked", message, {
    hint: "Wait until it ends, or choose another folder for `--to`",
  });
}
