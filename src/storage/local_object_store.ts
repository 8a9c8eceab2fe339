import { dirname, join } from "node:path";
import type { CallOptions, Logger } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import { Semaphore } from "../core/semaphore.ts";
import { classifiedFiles, isMissing, isNotFolder } from "./file_errors.ts";
import { type FileSystem, type FolderEntry, type OpenFile, systemFiles } from "./file_system.ts";
import { KnownFolders } from "./known_folders.ts";
import { isWrittenBesideLock } from "./layout.ts";
import {
  type BatchFiles,
  LocalBatch,
  removeIfThere,
  STAGING_FOLDER,
  writeAll,
} from "./local_batch.ts";
import type { ObjectBatch, ObjectStore, ReadOptions, WalkOptions } from "./object_store.ts";
import { WrittenNames } from "./written_names.ts";

/** Emails may be read by the operator's group, states and locks by nobody else. */
const DATA_MODE = 0o640;
const PRIVATE_MODE = 0o600;
const DATA = "data/";
const UNFINISHED = ".tmp";
/** Most records and states fit; more is read in further steps. */
const READ_STEP_BYTES = 16 * 1024;

export interface LocalObjectStoreOptions {
  /** Folder that object names are relative to; created when first needed. */
  readonly root: string;
  readonly log: Logger;
  /** Default: the operating system's. */
  readonly files?: FileSystem;
}

/** Objects as files of a local (or mounted) file system. */
export class LocalObjectStore implements ObjectStore {
  readonly #root: string;
  readonly #files: FileSystem;
  readonly #folders: KnownFolders;
  readonly #written = new WrittenNames();
  readonly #batchFiles: BatchFiles;
  /** Where locks are emulated per process, the file system would grant one to ourselves twice. */
  readonly #held = new Set<string>();

  constructor({ root, log, files = systemFiles }: LocalObjectStoreOptions) {
    this.#root = root;
    this.#files = classifiedFiles(files, root);
    this.#folders = new KnownFolders(this.#files, (folder) => {
      // States may be restored or removed by hand; mail is nobody's but the lock's holder's.
      if (folder.startsWith(join(root, DATA))) this.#written.made(folder);
    });
    this.#batchFiles = {
      root,
      files: this.#files,
      folders: this.#folders,
      written: this.#written,
      log,
      slots: new Semaphore(LIMITS.fileCallsInFlight),
      modeOf,
    };
  }

  async read(name: string, { signal, bytesMax }: ReadOptions): Promise<Uint8Array | undefined> {
    signal.throwIfAborted();
    const path = this.#pathOf(name);
    if (this.#written.isAbsent(path)) return undefined;
    const file = await orIfMissing(
      () => this.#files.open(path, { read: true }),
      undefined,
    );
    if (!file) return undefined;
    try {
      return await readUpTo(file, bytesMax);
    } finally {
      file.close();
    }
  }

  async list(folder: string, { signal }: CallOptions): Promise<readonly string[]> {
    signal.throwIfAborted();
    return (await this.#entries(folder)).map(({ name }) => name);
  }

  async *walk(folder: string, options: WalkOptions): AsyncGenerator<string, void> {
    options.signal.throwIfAborted();
    for (const { name: segment, isDirectory, isSymlink } of await this.#entries(folder)) {
      const name = `${folder}/${segment}`;
      const isEntered = (isDirectory || isSymlink) && segment !== STAGING_FOLDER &&
        options.enter(name);
      if (isEntered) yield* this.#walkIfFolder(name, options);
      else if (!isDirectory) yield name;
    }
  }

  async mayHold(folder: string, { signal }: CallOptions): Promise<boolean> {
    signal.throwIfAborted();
    const path = this.#pathOf(folder);
    if (this.#folders.has(path)) return true;
    return await orIfMissing(async () => {
      await this.#files.stat(path);
      return true;
    }, false);
  }

  async replace(name: string, content: Uint8Array, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    const target = this.#pathOf(name);
    const temporary = `${target}${UNFINISHED}`;
    const folder = dirname(target);
    try {
      await this.#folders.within(
        folder,
        () => this.#write(temporary, content, modeOf(name), signal),
      );
      this.#written.writing(target);
      await this.#files.rename(temporary, target);
    } catch (thrown) {
      // The failure to report is the first; the next write of this name replaces what stays.
      await removeIfThere(this.#files, temporary).catch(() => undefined);
      throw thrown;
    }
    await this.#folders.sync(folder);
  }

  async rename(from: string, to: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    this.#written.writing(this.#pathOf(to));
    await this.#files.rename(this.#pathOf(from), this.#pathOf(to));
    await this.#folders.sync(dirname(this.#pathOf(to)));
  }

  async remove(name: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    const path = this.#pathOf(name);
    if (await removeIfThere(this.#files, path)) await this.#folders.sync(dirname(path));
  }

  batch(folder: string): ObjectBatch {
    return new LocalBatch(this.#batchFiles, folder);
  }

  async lock(
    name: string,
    dataFolder: string,
    { signal }: CallOptions,
  ): Promise<AsyncDisposable | undefined> {
    signal.throwIfAborted();
    const path = this.#pathOf(name);
    if (this.#held.has(path)) return undefined;
    this.#held.add(path);
    const file = await this.#openLocked(path).catch((thrown) => {
      this.#held.delete(path);
      throw thrown;
    });
    const release = () => {
      file?.close();
      this.#held.delete(path);
      return Promise.resolve();
    };
    if (!file) return void await release();
    // It may have been another's since we held it last.
    this.#written.doubt(this.#pathOf(dataFolder));
    try {
      await this.#discardUnfinished(dirname(name), dataFolder);
    } catch (thrown) {
      await release();
      throw thrown;
    }
    return { [Symbol.asyncDispose]: release };
  }

  /** What is in a folder, in order of name; nothing if it is not there. */
  async #entries(folder: string): Promise<readonly FolderEntry[]> {
    return await orIfMissing(async () => {
      const entries: FolderEntry[] = [];
      for await (const entry of this.#files.readDir(this.#pathOf(folder))) entries.push(entry);
      return entries.sort((a, b) => a.name < b.name ? -1 : 1);
    }, []);
  }

  /** A link may lead to a file, and a folder may have become one meanwhile. */
  async *#walkIfFolder(folder: string, options: WalkOptions): AsyncGenerator<string, void> {
    try {
      yield* this.walk(folder, options);
    } catch (thrown) {
      if (!isNotFolder(thrown)) throw thrown;
    }
  }

  /** An advisory lock on the open file: the system drops it however the process ends. */
  async #openLocked(path: string): Promise<OpenFile | undefined> {
    const options = { read: true, write: true, create: true, mode: PRIVATE_MODE };
    const file = await this.#folders.within(
      dirname(path),
      () => this.#files.open(path, options),
    );
    const locked = await file.tryLock(true).catch((thrown) => {
      file.close();
      throw thrown;
    });
    if (locked) return file;
    file.close();
    return undefined;
  }

  async #discardUnfinished(stateFolder: string, dataFolder: string): Promise<void> {
    const staging = this.#pathOf(join(dataFolder, STAGING_FOLDER));
    this.#folders.forget(staging);
    await orIfMissing(() => this.#files.remove(staging, { recursive: true }), undefined);
    for await (const { name } of this.#files.readDir(this.#pathOf(stateFolder))) {
      const ours = name.endsWith(UNFINISHED) &&
        isWrittenBesideLock(name.slice(0, -UNFINISHED.length));
      if (ours) await removeIfThere(this.#files, this.#pathOf(join(stateFolder, name)));
    }
  }

  async #write(
    path: string,
    content: Uint8Array,
    mode: number,
    signal: AbortSignal,
  ): Promise<void> {
    const file = await this.#files.open(path, { write: true, create: true, truncate: true, mode });
    try {
      await writeAll(file, [content], signal);
      await file.sync();
    } finally {
      file.close();
    }
  }

  #pathOf(name: string): string {
    return join(this.#root, name);
  }
}

function modeOf(name: string): number {
  return name.startsWith(DATA) ? DATA_MODE : PRIVATE_MODE;
}

async function orIfMissing<T>(call: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (isMissing(thrown)) return otherwise;
    throw thrown;
  }
}

async function readUpTo(file: OpenFile, bytesMax: number): Promise<Uint8Array> {
  let content = new Uint8Array(Math.min(READ_STEP_BYTES, bytesMax));
  let length = 0;
  for (;;) {
    const count = await file.read(content.subarray(length));
    if (count === null || count === 0) return content.subarray(0, length);
    length += count;
    if (length === bytesMax) return content;
    if (length === content.byteLength) content = grown(content, bytesMax);
  }
}

function grown(content: Uint8Array<ArrayBuffer>, bytesMax: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(content.byteLength * 2, bytesMax));
  larger.set(content);
  return larger;
}
