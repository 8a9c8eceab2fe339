import { dirname, join } from "node:path";
import type { CallOptions, Logger } from "../core/env.ts";
import { assert, syncErrorOf } from "../core/errors.ts";
import type { Semaphore } from "../core/semaphore.ts";
import { isMissing } from "./file_errors.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import type { KnownFolders } from "./known_folders.ts";
import { mapWithin } from "./map_within.ts";
import type { ObjectBatch, ObjectGroup } from "./object_store.ts";
import type { WrittenNames } from "./written_names.ts";

/** What all batches of a store share. */
export interface BatchFiles {
  /** Folder that object names are relative to. */
  readonly root: string;
  readonly files: FileSystem;
  readonly folders: KnownFolders;
  readonly written: WrittenNames;
  readonly log: Logger;
  /** Bounds the calls in flight. */
  readonly slots: Semaphore;
  /** Mode of the file of that name. */
  readonly modeOf: (name: string) => number;
}

interface StagedFile {
  readonly temporary: string;
  readonly target: string;
}

/** Name of the folder, in a mailbox's own, that unfinished files lie in. */
export const STAGING_FOLDER = ".tmp";

/** A batch that has begun to appear runs to its end: half renamed it helps nobody. */
const UNABORTED: CallOptions = { signal: new AbortController().signal };

/**
 * Files of one batch: written and fsynced in the mailbox's staging folder, then all renamed, the one
 * that vouches for the others last, then each parent folder fsynced once (spec section 5).
 */
export class LocalBatch implements ObjectBatch {
  readonly #shared: BatchFiles;
  readonly #folder: string;
  readonly #staging: string;
  readonly #staged: (readonly StagedFile[])[] = [];
  /** Temporary files that exist and were not renamed. */
  readonly #temporaries = new Set<string>();

  constructor(shared: BatchFiles, folder: string) {
    this.#shared = shared;
    this.#folder = folder;
    this.#staging = join(shared.root, folder, STAGING_FOLDER);
  }

  async stage(group: ObjectGroup, { signal }: CallOptions): Promise<void> {
    const written: StagedFile[] = [];
    const handles: OpenFile[] = [];
    try {
      for (const part of group) {
        signal.throwIfAborted();
        const file = this.#fileFor(part.name);
        const handle = await this.#create(file.temporary, this.#shared.modeOf(part.name));
        handles.push(handle);
        written.push(file);
        await writeAll(handle, part.content(), signal);
      }
      // Together: one after the other they wait for the disk twice.
      await allEnded(handles.map((handle) => handle.sync()));
      this.#staged.push(written);
    } finally {
      for (const handle of handles) handle.close();
    }
  }

  async publish(options: CallOptions): Promise<void> {
    const { slots, folders } = this.#shared;
    options.signal.throwIfAborted();
    await mapWithin(slots, this.#staged, (group) => this.#reveal(group), UNABORTED);
    const parents = new Set(this.#staged.flat().map(({ target }) => dirname(target)));
    await mapWithin(slots, [...parents], (parent) => folders.sync(parent), UNABORTED);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const temporary of this.#temporaries) await this.#discard(temporary);
  }

  #fileFor(name: string): StagedFile {
    const { root } = this.#shared;
    const flatName = name.slice(this.#folder.length + 1).replaceAll("/", "-");
    return { temporary: join(this.#staging, flatName), target: join(root, name) };
  }

  async #create(temporary: string, mode: number): Promise<OpenFile> {
    const { files, folders } = this.#shared;
    const options = { write: true, create: true, truncate: true, mode };
    const handle = await folders.within(this.#staging, () => files.open(temporary, options));
    this.#temporaries.add(temporary);
    return handle;
  }

  async #reveal(group: readonly StagedFile[]): Promise<void> {
    const last = group.at(-1);
    assert(last !== undefined, "a group has a part");
    // While the parts change, nothing may vouch for them: a kill here leaves the email absent, to
    // be delivered again, instead of a record of other bytes.
    const isVouched = group.length > 1 && !this.#shared.written.isAbsent(last.target);
    if (isVouched) await removeIfThere(this.#shared.files, last.target);
    for (const file of group) await this.#rename(file);
  }

  async #rename({ temporary, target }: StagedFile): Promise<void> {
    const { files, folders, written } = this.#shared;
    await folders.within(dirname(target), () => {
      written.writing(target);
      return files.rename(temporary, target);
    });
    this.#temporaries.delete(temporary);
  }

  /** Best effort: what stays is removed when the mailbox's lock is next taken. */
  async #discard(temporary: string): Promise<void> {
    try {
      await removeIfThere(this.#shared.files, temporary);
    } catch (thrown) {
      const { code, message: reason } = syncErrorOf(thrown);
      this.#shared.log.debug("Temporary file stays until the next start.", { code, reason });
    }
  }
}

/** Removes a file; one that is absent counts as removed. Resolves to whether it was there. */
export async function removeIfThere(files: FileSystem, path: string): Promise<boolean> {
  try {
    await files.remove(path);
    return true;
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    return false;
  }
}

/** Writes all of the content: one `write` may take only part of a chunk. */
export async function writeAll(
  file: Pick<OpenFile, "write">,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of content) {
    let rest = chunk;
    while (rest.byteLength > 0) {
      const count = await file.write(rest);
      assert(count > 0, "a write that succeeds takes a byte or more");
      rest = rest.subarray(count);
    }
    signal.throwIfAborted();
  }
}

/** Like `Promise.all`, but leaves none running: the files are closed right after. */
async function allEnded(calls: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === "rejected") throw result.reason;
  }
}
