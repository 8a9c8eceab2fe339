import { type FileSystem, type OpenFile, systemFiles } from "../file_system.ts";

/** One call to the file system, counted from 1. */
export interface FileCall {
  readonly number: number;
  readonly verb: Exclude<keyof FileSystem, "uid"> | Exclude<keyof OpenFile, "close">;
  readonly path: string;
  /** What is renamed to `path`. */
  readonly from?: string;
}

/** The operating system's files, but each call is shown to `plan` and fails with what that gives. */
export function plannedFiles(plan: (call: FileCall) => Error | undefined): FileSystem {
  let number = 0;
  const enter = (verb: FileCall["verb"], path: string, origin: { from?: string } = {}) => {
    number += 1;
    const failure = plan({ number, verb, path, ...origin });
    if (failure) throw failure;
  };
  const opened = (file: OpenFile, path: string): OpenFile => ({
    read: async (into) => (enter("read", path), await file.read(into)),
    sync: async () => (enter("sync", path), await file.sync()),
    tryLock: async (exclusive) => (enter("tryLock", path), await file.tryLock(exclusive)),
    close: () => file.close(),
    async write(bytes) {
      // A write takes part of the bytes before it fails, and may take part of them and not fail.
      const count = await file.write(bytes.subarray(0, Math.ceil(bytes.byteLength / 2)));
      enter("write", path);
      return count;
    },
  });
  return {
    async open(path, options) {
      enter("open", path);
      return opened(await systemFiles.open(path, options), path);
    },
    mkdir: async (path, options) => (enter("mkdir", path), await systemFiles.mkdir(path, options)),
    rename: async (from, to) => (enter("rename", to, { from }), await systemFiles.rename(from, to)),
    remove: async (
      path,
      options,
    ) => (enter("remove", path), await systemFiles.remove(path, options)),
    stat: async (path) => (enter("stat", path), await systemFiles.stat(path)),
    async *readDir(path) {
      enter("readDir", path);
      yield* systemFiles.readDir(path);
    },
    uid: () => 65532,
  };
}

/** What the platform throws for an error code of the operating system it has no class for. */
export function osError(code: string, words: string): Error {
  return Object.assign(new Error(`${words} (os error 0): call '/somewhere'`), { code });
}
