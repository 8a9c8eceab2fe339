/**
 * The calls of the operating system that local storage makes. The platform's own satisfy it as they
 * are; tests let any one of them fail.
 */
export interface FileSystem {
  open(path: string, options: Deno.OpenOptions): Promise<OpenFile>;
  mkdir(path: string, options: Deno.MkdirOptions): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string, options?: Deno.RemoveOptions): Promise<void>;
  stat(path: string): Promise<unknown>;
  readDir(path: string): AsyncIterable<FolderEntry>;
}

export type FolderEntry = Pick<Deno.DirEntry, "name" | "isDirectory" | "isSymlink">;

export type OpenFile = Pick<Deno.FsFile, "read" | "write" | "sync" | "tryLock" | "close">;

/** The operating system's own. */
export const systemFiles: FileSystem = Deno;
