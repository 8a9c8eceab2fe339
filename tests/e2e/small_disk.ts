/** Whether this machine lets us mount a file system in memory; where not, its tests are skipped. */
export const SMALL_DISKS = await canMount();

export interface SmallDiskOptions {
  readonly bytes?: number;
  readonly readOnly?: boolean;
}

/** A file system in memory, mounted at `path` until it is disposed. */
export async function smallDisk(
  path: string,
  { bytes = 1024 * 1024, readOnly = false }: SmallDiskOptions,
): Promise<AsyncDisposable> {
  await Deno.mkdir(path, { recursive: true });
  const options = `size=${bytes}${readOnly ? ",ro" : ""}`;
  if (!await succeeds("mount", "-t", "tmpfs", "-o", options, "tmpfs", path)) {
    throw new Error(`Cannot mount at "${path}"`);
  }
  return { [Symbol.asyncDispose]: async () => void await succeeds("umount", path) };
}

async function canMount(): Promise<boolean> {
  const path = await Deno.makeTempDir();
  try {
    await using _disk = await smallDisk(path, {});
    return true;
  } catch {
    return false;
  } finally {
    await Deno.remove(path);
  }
}

async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    const options = { args, stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(program, options).output()).success;
  } catch {
    return false;
  }
}
