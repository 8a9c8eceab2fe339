import type { CallOptions } from "../core/env.ts";

/**
 * A place for named objects that `object_sink.ts` and `object_state_store.ts` build on: a directory,
 * or a container of blobs. Names are relative and `/`-separated and come from `layout.ts` only; a
 * folder is a name's beginning up to a `/`.
 *
 * Every method rejects with a `SyncError` of kind `destination` when the store fails, and with the
 * signal's reason when aborted. Calls that write the same name must not overlap.
 */
export interface ObjectStore {
  /**
   * The content of an object, `undefined` if there is none. At most `bytesMax` of it: a longer
   * object is cut, and what is cut is no valid JSON, so no decoder takes it for whole.
   */
  read(name: string, options: ReadOptions): Promise<Uint8Array | undefined>;

  /** Last segments of the names directly in a folder; none if there is no such folder. */
  list(folder: string, options: CallOptions): Promise<readonly string[]>;

  /**
   * Names of all published objects below a folder, those directly in one folder in order; none if
   * there is no such folder. What comes or goes meanwhile may be among them or not. Holds at most
   * the names in one folder and in those it lies in.
   */
  walk(folder: string, options: WalkOptions): AsyncIterable<string>;

  /** False only if nothing is stored in the folder for certain; cheaper than asking for objects. */
  mayHold(folder: string, options: CallOptions): Promise<boolean>;

  /** Creates or replaces one small object whole; durable when it resolves. */
  replace(name: string, content: Uint8Array, options: CallOptions): Promise<void>;

  /** Gives an object another name in its folder. */
  rename(from: string, to: string, options: CallOptions): Promise<void>;

  /** Removes an object, durably; one that is absent counts as removed. */
  remove(name: string, options: CallOptions): Promise<void>;

  /** Begins a batch of objects below `folder`. */
  batch(folder: string): ObjectBatch;

  /**
   * Takes the lock `name` until it is disposed or the process ends, however that ends; `undefined`
   * while anyone else holds it. What an earlier holder left unpublished below `dataFolder`, or
   * unfinished beside the lock, is discarded.
   */
  lock(
    name: string,
    dataFolder: string,
    options: CallOptions,
  ): Promise<AsyncDisposable | undefined>;
}

export interface ReadOptions extends CallOptions {
  readonly bytesMax: number;
}

export interface WalkOptions extends CallOptions {
  /** Whether to look into a folder; a store that lists no folders need not ask. */
  readonly enter: (folder: string) => boolean;
}

/** Objects that become visible together. Disposing it discards what was not published. */
export interface ObjectBatch extends AsyncDisposable {
  /**
   * Writes a group's content, durably, to where no reader sees it. Any number of groups may be staged at a
   * time. What a part's content throws is passed through; the group is then not published, and the
   * others are not touched by it. After a failure of the store the batch is only disposed.
   */
  stage(group: ObjectGroup, options: CallOptions): Promise<void>;

  /**
   * Makes every staged group visible, durably. Rejects with some of them visible or
   * none; each that is, is whole, and a new batch may repeat them all.
   */
  publish(options: CallOptions): Promise<void>;
}

/**
 * One to a few objects; the presence of the last vouches for the others. It appears after them, and
 * is never seen beside another version of them than its own.
 */
export type ObjectGroup = readonly ObjectPart[];

export interface ObjectPart {
  readonly name: string;
  /** The bytes; called once, when all parts before it are written. */
  content(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}
