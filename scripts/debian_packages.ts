/**
 * Programs of Debian for tests: downloaded by apt, which verifies them, and unpacked into a folder
 * of the cache. Nothing is installed, and nobody has to be root.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type CommandResult, runCommand } from "./run_command.ts";

export interface PackageOptions {
  /** Folder for what is worth keeping between runs; default: the one `scripts/lib.sh` names. */
  readonly cache?: string;
  /** More options of apt-get, e.g. `-o Dir::Etc::sourcelist=…`. */
  readonly aptOptions?: readonly string[];
}

/** Why there are no packages on this machine, for people. */
export interface PackagesUnavailable {
  readonly unavailable: string;
}

const DOWNLOAD_MS_MAX = 300_000;
const UNPACK_MS_MAX = 60_000;
/** What could not be had is not asked for again for this long, ms: every test file asks. */
const FAILURE_PAUSE_MS = 600_000;

/** Everything that decides what is missing: the release, and what is installed. */
const SYSTEM_FILES = ["/etc/os-release", "/var/lib/dpkg/status"] as const;

/**
 * The packages with everything they depend on that is not installed. Made once for each set of names
 * and state of the system; whoever comes while another process is at it waits.
 */
export async function debianPackages(
  names: readonly string[],
  { cache = defaultCache(), aptOptions = [] }: PackageOptions = {},
): Promise<DebianPackages | PackagesUnavailable> {
  const system = await systemState();
  if (system === undefined) return { unavailable: "This is no Debian system" };
  const folder = join(cache, "debian-packages");
  await Deno.mkdir(folder, { recursive: true });
  const set = digestOf([...names].sort().join(" "), ...aptOptions);
  const root = join(folder, `${set}-${digestOf(system)}`);

  if (await exists(root)) return new DebianPackages(root);
  using lock = await Deno.open(join(folder, "lock"), { write: true, create: true });
  await lock.lock(true);
  if (await exists(root)) return new DebianPackages(root);
  const failure = await recentFailure(`${root}.failure`);
  if (failure !== undefined) return { unavailable: failure };
  const problem = await unpackInto(root, names, aptOptions);
  if (problem !== undefined) {
    await Deno.writeTextFile(`${root}.failure`, problem);
    return { unavailable: problem };
  }
  await removeOthers(folder, set, root);
  return new DebianPackages(root);
}

/** Files of packages, wherever they are: unpacked in the cache, or installed. */
export class DebianPackages {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Where the file or folder is that a package has at `path`, e.g. `/usr/sbin/apache2`. */
  async pathOf(path: string): Promise<string> {
    const unpacked = join(this.#root, path);
    return await exists(unpacked) ? unpacked : path;
  }

  /**
   * A value for `LD_LIBRARY_PATH`, for programs of the packages only. `folders` are those below the
   * library folder that hold libraries of one package, e.g. `samba`.
   */
  libraryPath(...folders: readonly string[]): string {
    const libraries = ["usr/lib", "lib"].map((top) => join(this.#root, top, MULTIARCH));
    return libraries.flatMap((library) => [library, ...folders.map((name) => join(library, name))])
      .join(":");
  }
}

/** The folder of libraries of this machine's architecture (Debian's multiarch specification). */
export const MULTIARCH = `${Deno.build.arch}-linux-gnu`;

function defaultCache(): string {
  const home = Deno.env.get("HOME");
  const caches = Deno.env.get("XDG_CACHE_HOME") ?? (home ? join(home, ".cache") : "build");
  return Deno.env.get("REINFER_EWS_CACHE") ?? join(caches, "reinfer-ews");
}

/** Absent where there is no dpkg. */
async function systemState(): Promise<string | undefined> {
  try {
    return (await Promise.all(SYSTEM_FILES.map((path) => Deno.readTextFile(path)))).join("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Resolves to what went wrong, if something did; `root` is there as a whole or not at all. */
async function unpackInto(
  root: string,
  names: readonly string[],
  aptOptions: readonly string[],
): Promise<string | undefined> {
  const work = await Deno.makeTempDir({ dir: join(root, ".."), prefix: "work." });
  try {
    const archives = join(work, "archives");
    await Deno.mkdir(join(archives, "partial"), { recursive: true });
    const downloaded = await download(names, work, aptOptions);
    if (downloaded.code !== 0) return problemOf(`apt-get cannot get ${names[0]}`, downloaded);

    const part = join(work, "root");
    await Deno.mkdir(part);
    for (const { name } of Deno.readDirSync(archives)) {
      if (!name.endsWith(".deb")) continue;
      const unpacked = await run("dpkg-deb", ["-x", join(archives, name), part], UNPACK_MS_MAX);
      if (unpacked.code !== 0) return problemOf(`dpkg-deb cannot unpack ${name}`, unpacked);
    }
    await Deno.rename(part, root);
    return undefined;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** By the system's own lists of packages; by fresh ones of our own where those do not do. */
async function download(
  names: readonly string[],
  work: string,
  aptOptions: readonly string[],
): Promise<CommandResult> {
  const options = [
    "-qq",
    ...settings({
      // Everything that is written lies in a folder of ours.
      "Debug::NoLocking": "1",
      "Dir::Cache": work,
      "Dir::Cache::archives": `${work}/archives/`,
      // apt would give root's rights up for an account that cannot write here.
      "APT::Sandbox::User": "root",
      // Otherwise an update of which nothing arrived is a success.
      "APT::Update::Error-Mode": "any",
      "Acquire::http::Timeout": "15",
      "Acquire::https::Timeout": "15",
    }),
    ...aptOptions,
  ];
  const install = ["install", "--yes", "--download-only", "--no-install-recommends", ...names];
  const known = await run("apt-get", [...options, ...install], DOWNLOAD_MS_MAX);
  if (known.code === 0 || known.code === 127) return known;

  const lists = settings({ "Dir::State::lists": `${work}/lists/` });
  await Deno.mkdir(join(work, "lists", "partial"), { recursive: true });
  const updated = await run("apt-get", [...options, ...lists, "update"], DOWNLOAD_MS_MAX);
  if (updated.code !== 0) return updated;
  return await run("apt-get", [...options, ...lists, ...install], DOWNLOAD_MS_MAX);
}

function settings(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function run(program: string, args: readonly string[], timeoutMs: number): Promise<CommandResult> {
  return runCommand(program, args, {
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    timeoutMs,
  });
}

function problemOf(what: string, { code, stderr }: CommandResult): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => line.startsWith("E: ")) ?? lines.at(-1) ?? `code ${code}`;
  return `${what}: ${reason.trim()}`;
}

async function recentFailure(path: string): Promise<string | undefined> {
  try {
    const { mtime } = await Deno.stat(path);
    if (Date.now() - (mtime?.getTime() ?? 0) < FAILURE_PAUSE_MS) {
      return await Deno.readTextFile(path);
    }
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return undefined;
}

/** The same packages for a state that the system no longer has, and what a kill has left. */
async function removeOthers(folder: string, set: string, root: string): Promise<void> {
  for (const { name } of [...Deno.readDirSync(folder)]) {
    const path = join(folder, name);
    const isStale = name.startsWith(`${set}-`) || name.startsWith("work.");
    if (isStale && path !== root) await Deno.remove(path, { recursive: true });
  }
}

function digestOf(...texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex").slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
