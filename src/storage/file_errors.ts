import { deniedAccess } from "../core/denied_access.ts";
import { SyncError } from "../core/errors.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";

interface Remedy {
  readonly code: string;
  /** What to do about it, before the path it is to be done to. */
  readonly hint: string;
}

const FULL = { code: "DiskFull", hint: "Free space or raise the quota of" };
const READ_ONLY = { code: "ReadOnlyTarget", hint: "Mount read-write the file system of" };
const DENIED = {
  code: "TargetNotWritable",
  hint: "Give the user this program runs as read and write access to",
};
/** The runtime keeps every program out of these, whatever permissions it was compiled with. */
const GUARDED = {
  code: "TargetNotPermitted",
  hint: "Choose a folder outside of /dev, /proc and /sys in place of",
};
const MISSING = {
  code: "TargetMissing",
  hint: "Mount or restore what was taken away, or replaced by something else, under",
};
const BROKEN = { code: "DiskFailure", hint: "Look in the kernel log for the device behind" };
const DESCRIPTORS = {
  code: "TooManyOpenFiles",
  hint: "Raise the limit of open files (ulimit -n) for the process that writes to",
};
const NO_LOCKS = {
  code: "LocksUnsupported",
  hint: "Use a file system with advisory locks (flock), local or NFS with locking, for",
};
const OTHER = { code: "FileSystemFailure", hint: "Check the file system of" };

/** From the operating system's error codes (errno(3)) to what an operator can do. */
const REMEDIES: Readonly<Record<string, Remedy>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: FULL,
  EROFS: READ_ONLY,
  EACCES: DENIED,
  EPERM: DENIED,
  ENOENT: MISSING,
  ENOTDIR: MISSING,
  ESTALE: MISSING,
  ENODEV: MISSING,
  ENXIO: MISSING,
  EIO: BROKEN,
  EMFILE: DESCRIPTORS,
  ENFILE: DESCRIPTORS,
  ENOLCK: NO_LOCKS,
  ENOSYS: NO_LOCKS,
  EEXIST: { code: "TargetExists", hint: "Remove the file that is in the place of a folder under" },
};

/** Whether what a classified call threw says that a file or folder is not there. */
export function isMissing(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.cause instanceof Deno.errors.NotFound;
}

/** Whether what a classified call threw says that something is no folder. */
export function isNotFolder(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.cause instanceof Deno.errors.NotADirectory;
}

/** Whether what a classified call threw says that there is something of that name already. */
export function isExisting(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.cause instanceof Deno.errors.AlreadyExists;
}

interface FailedCall {
  readonly verb: string;
  readonly path: string;
  /** The folder that all of it lies in. */
  readonly root: string;
}

/** Turns what a file system call threw into a `SyncError`; a defect of ours is passed through. */
async function fileError(call: FailedCall, thrown: unknown, files: FileSystem): Promise<unknown> {
  if (!(thrown instanceof Error) || thrown instanceof TypeError) return thrown;
  const { verb, path, root } = call;
  const isGuarded = thrown instanceof Deno.errors.NotCapable;
  const remedy = REMEDIES[(thrown as { code?: string }).code ?? ""] ?? OTHER;
  const { code, hint } = isGuarded ? GUARDED : remedy;
  const denied = remedy === DENIED && !isGuarded ? await deniedAccess(path, files) : undefined;
  // The platform appends its own words for call and path after a colon.
  const reason = isGuarded ? "the runtime allows no access to it" : thrown.message.split(": ")[0];
  const message = `Cannot ${verb} "${path}": ${reason}`;
  return new SyncError("destination", code, denied ? `${message}; ${denied.reason}` : message, {
    hint: denied
      ? `Run chown -R ${denied.uid} "${denied.path}"; in a container, on the folder mounted there`
      : `${hint} "${root}"`,
    cause: thrown,
  });
}

/**
 * The same file system, every failure of which is a `SyncError` of kind `destination` that names the
 * path and, in its hint, `root`.
 */
export function classifiedFiles(files: FileSystem, root: string): FileSystem {
  async function classified<T>(verb: string, path: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (thrown) {
      throw await fileError({ verb, path, root }, thrown, files);
    }
  }
  const opened = (file: OpenFile, path: string): OpenFile => ({
    read: (into) => classified("read", path, () => file.read(into)),
    write: (bytes) => classified("write", path, () => file.write(bytes)),
    sync: () => classified("make durable", path, () => file.sync()),
    tryLock: (exclusive) => classified("lock", path, () => file.tryLock(exclusive)),
    close: () => file.close(),
  });
  return {
    open: (path, options) =>
      classified("open", path, async () => opened(await files.open(path, options), path)),
    mkdir: (path, options) => classified("create folder", path, () => files.mkdir(path, options)),
    rename: (from, to) => classified("rename to", to, () => files.rename(from, to)),
    remove: (path, options) => classified("remove", path, () => files.remove(path, options)),
    stat: (path) => classified("look at", path, () => files.stat(path)),
    async *readDir(path) {
      try {
        yield* files.readDir(path);
      } catch (thrown) {
        throw await fileError({ verb: "list", path, root }, thrown, files);
      }
    },
    uid: () => files.uid(),
  };
}
