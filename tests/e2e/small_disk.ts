/** Whether this machine lets us mount a file system in memory; where not, its tests are skipped. */
export const SMALL_DISKS = await canMount();

export interface SmallDiskOptions {
  readonly bytes?: number;
  readonly readOnly?: boolean;
}

/**
 * Changes options of what is mounted at `path`, e.g. its size. Not `ro`: nothing becomes read-only
 * while a file of it is open to be written, as a lock is; see `readOnlyView`.
 */
export async function remount(path: string, options: string): Promise<void> {
  await command("mount", "-o", `remount,${options}`, path);
}

/**
 * Lets everybody see a folder read-only, except through files that are open already, until it is
 * disposed: as after a file system was mounted anew for its errors.
 */
export async function readOnlyView(path: string): Promise<AsyncDisposable> {
  // Made aside: nothing becomes read-only in which somebody is just writing.
  const aside = await Deno.makeTempDir();
  try {
    await command("mount", "--bind", path, aside);
    try {
      await command("mount", "-o", "remount,bind,ro", aside);
      await command("mount", "--bind", aside, path);
    } finally {
      await takeAway(aside);
    }
  } finally {
    await Deno.remove(aside);
  }
  return { [Symbol.asyncDispose]: () => takeAway(path) };
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
  return { [Symbol.asyncDispose]: () => takeAway(path) };
}

/**
 * Lazily: what is under test may be trying, at this very moment, whether it can write there, and a
 * place in use is not unmounted.
 */
async function takeAway(path: string): Promise<void> {
  await command("umount", "--lazy", path);
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

async function command(program: string, ...args: string[]): Promise<void> {
  if (!await succeeds(program, ...args)) throw new Error(`Failed: ${program} ${args.join(" ")}`);
}

async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    const options = { args, stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(program, options).output()).success;
  } catch {
    return false;
  }
}
