import type { FileAccess } from "../core/denied_access.ts";

/**
 * The calls of the operating system that local storage makes. The platform's own satisfy it as they
 * are; tests let any one of them fail.
 */
export interface FileSystem {
  open(path: string, options: Deno.OpenOptions): Promise<OpenFile>;
  mkdir(path: string, options: Deno.MkdirOptions): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string, options?: Deno.RemoveOptions): Promise<void>;
  stat(path: string): Promise<FileAccess>;
  readDir(path: string): AsyncIterable<FolderEntry>;
  /** The user this program runs as; `null` where the system has no such numbers. */
  uid(): number | null;
}

export type FolderEntry = Pick<Deno.DirEntry, "name" | "isDirectory" | "isSymlink">;

export type OpenFile = Pick<Deno.FsFile, "read" | "write" | "sync" | "tryLock" | "close">;

/** The operating system's own. */
export const systemFiles: FileSystem = Deno;
