import { dirname } from "node:path";
import { LIMITS } from "../core/limits.ts";
import { isExisting, isMissing } from "./file_errors.ts";
import type { FileSystem } from "./file_system.ts";

/** Mode of every folder we create; the process's umask may take more away. */
const FOLDER_MODE = 0o750;

/** Error codes with which file systems say that folders cannot be made durable one by one. */
const NO_FOLDER_SYNC = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP"]);

/**
 * Creates folders when they are first needed and remembers them, so that writing an email costs no
 * call for its folder. Recovers when somebody deletes one behind our back.
 */
export class KnownFolders {
  readonly #files: FileSystem;
  readonly #onMade: (folder: string) => void;
  readonly #known = new Map<string, Promise<void>>();

  /** `onMade` is told of folders that were not there before. */
  constructor(files: FileSystem, onMade: (folder: string) => void = () => {}) {
    this.#files = files;
    this.#onMade = onMade;
  }

  /** Whether the folder was seen; it may have been deleted since. */
  has(folder: string): boolean {
    return this.#known.has(folder);
  }

  /**
   * Runs `action`, which needs `folder` to exist. If it finds something missing, the folder is
   * created again and the action repeated once.
   */
  async within<T>(folder: string, action: () => Promise<T>): Promise<T> {
    const seen = this.#ensure(folder);
    await seen;
    try {
      return await action();
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
      // Another action may have noticed before and be creating it already.
      if (this.#known.get(folder) === seen) this.#known.delete(folder);
      await this.#ensure(folder);
      return await action();
    }
  }

  /** To be called when a folder was removed on purpose. */
  forget(folder: string): void {
    this.#known.delete(folder);
  }

  /** Makes the entries of a folder durable: names created, changed or removed in it. */
  async sync(folder: string): Promise<void> {
    const handle = await this.#files.open(folder, { read: true });
    try {
      await handle.sync();
    } catch (thrown) {
      const { cause } = thrown as { cause?: { code?: string } };
      if (!NO_FOLDER_SYNC.has(cause?.code ?? "")) throw thrown;
    } finally {
      handle.close();
    }
  }

  /** Concurrent callers share one creation, and go on only when it is durable. */
  #ensure(folder: string): Promise<void> {
    const known = this.#known.get(folder);
    if (known) return known;
    if (this.#known.size >= LIMITS.knownFoldersMax) this.#known.clear();
    const creation = this.#create(folder);
    this.#known.set(folder, creation);
    creation.catch(() => {
      if (this.#known.get(folder) === creation) this.#known.delete(folder);
    });
    return creation;
  }

  async #create(folder: string): Promise<void> {
    const parent = dirname(folder);
    try {
      await this.#make(folder);
    } catch (thrown) {
      if (!isMissing(thrown) || parent === folder) throw thrown;
      // What we know of the parent is wrong, or nothing is known yet.
      this.#known.delete(parent);
      await this.#ensure(parent);
      await this.#make(folder);
    }
  }

  async #make(folder: string): Promise<void> {
    try {
      await this.#files.mkdir(folder, { mode: FOLDER_MODE });
    } catch (thrown) {
      if (isExisting(thrown)) return;
      throw thrown;
    }
    this.#onMade(folder);
    await this.sync(dirname(folder));
  }
}
