/**
 * OpenSSL's libraries for the executable: those of Debian's package, downloaded by apt, which verifies
 * them. They are as new as Debian's security updates on the day of the build.
 */
import { join } from "node:path";
import { LIBRARIES } from "../src/http/openssl/openssl.ts";
import { type CommandResult, runCommand } from "./run_command.ts";
import type { Target } from "./stub_runtime.ts";

export interface OpensslLibraries {
  /** Folder of the files named in `LIBRARIES`. */
  readonly folder: string;
  /** Debian's, e.g. `3.0.20-1~deb12u2`. */
  readonly version: string;
  /** Debian's statement of copyright and licence. */
  readonly copyright: string;
}

/** The package's name in Debian 12, and from Debian 13 on. */
const PACKAGES = ["libssl3", "libssl3t64"] as const;
/** Debian is asked again for a newer one after this, ms. */
const FRESH_MS = 24 * 3_600_000;
const STEP_MS_MAX = 300_000;

export interface OpensslOptions {
  /** Only what Debian has today will do. */
  readonly release: boolean;
  /** Folder for what is worth keeping between builds and checkouts. */
  readonly cache: string;
  readonly say: (line: string) => void;
  /** For apt, beside its own configuration. */
  readonly aptOptions?: readonly string[];
}

/**
 * The newest libraries that apt knows for `target`, kept for a day. Throws, with apt's words, if it
 * has none; where apt reaches nothing, those of an earlier build do for all but a release.
 */
export async function opensslLibraries(
  target: Target,
  { release, cache, say, aptOptions = [] }: OpensslOptions,
): Promise<OpensslLibraries> {
  const folder = join(cache, `openssl-${target}`);
  await Deno.mkdir(cache, { recursive: true });
  using lock = await Deno.open(`${folder}.lock`, { write: true, create: true });
  await lock.lock(true);
  if (!await isYoungerThan(folder, FRESH_MS)) {
    try {
      await download(target, folder, aptOptions);
    } catch (error) {
      if (release || !await isYoungerThan(folder, Infinity)) throw error;
      say("Debian's packages are not reachable: using the OpenSSL of an earlier build");
    }
  }
  return {
    folder,
    version: await Deno.readTextFile(join(folder, "version")),
    copyright: await Deno.readTextFile(join(folder, "copyright")),
  };
}

async function isYoungerThan(folder: string, ageMs: number): Promise<boolean> {
  try {
    const { mtime } = await Deno.stat(join(folder, "version"));
    return Date.now() - (mtime?.getTime() ?? 0) <= ageMs;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** `folder` is there as a whole or not at all. */
async function download(
  target: Target,
  folder: string,
  aptOptions: readonly string[],
): Promise<void> {
  const work = await Deno.makeTempDir({ dir: join(folder, ".."), prefix: "openssl." });
  try {
    const { name, archive } = await packageFor(target, work, aptOptions);
    const root = join(work, "root");
    await succeed("dpkg-deb", ["-x", archive, root]);
    const part = join(work, "part");
    await Deno.mkdir(part);
    const libraries = join(root, "usr/lib", `${target.split("-")[0]}-linux-gnu`);
    for (const library of LIBRARIES) {
      await Deno.copyFile(join(libraries, library), join(part, library));
    }
    await Deno.copyFile(join(root, "usr/share/doc", name, "copyright"), join(part, "copyright"));
    const { stdout } = await succeed("dpkg-deb", ["-f", archive, "Version"]);
    await Deno.writeTextFile(join(part, "version"), stdout.trim());
    await Deno.remove(folder, { recursive: true }).catch(() => undefined); // there may be none
    await Deno.rename(part, folder);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

interface DebianPackage {
  readonly name: string;
  /** Path of the `.deb`. */
  readonly archive: string;
}

async function packageFor(
  target: Target,
  work: string,
  aptOptions: readonly string[],
): Promise<DebianPackage> {
  const options = [...await ownLists(target, work), ...aptOptions];
  const updated = await apt([...options, "update"], work);
  if (updated.code !== 0) throw new Error(`apt-get update: ${updated.stderr.trim()}`);
  const problems: string[] = [];
  for (const name of PACKAGES) {
    const { code, stderr } = await apt([...options, "download", name], work);
    const found = [...Deno.readDirSync(work)].find((file) => file.name.endsWith(".deb"));
    if (code === 0 && found) return { name, archive: join(work, found.name) };
    problems.push(stderr.trim());
  }
  throw new Error(`apt-get has no OpenSSL for ${target}: ${problems.join("; ")}`);
}

/** Lists of our own, for the architecture of the target, by the sources of this machine. */
async function ownLists(target: Target, work: string): Promise<readonly string[]> {
  const architecture = target.startsWith("aarch64") ? "arm64" : "amd64";
  await Deno.mkdir(join(work, "lists", "partial"), { recursive: true });
  await Deno.mkdir(join(work, "archives", "partial"), { recursive: true });
  await Deno.writeTextFile(join(work, "status"), "");
  const settings = {
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "root",
    "APT::Update::Error-Mode": "any",
    "Debug::NoLocking": "1",
    "Dir::Cache": work,
    "Dir::Cache::archives": `${work}/archives/`,
    "Dir::State::lists": `${work}/lists/`,
    "Dir::State::status": `${work}/status`,
  };
  return ["-qq", ...Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`])];
}

function apt(args: readonly string[], cwd: string): Promise<CommandResult> {
  return runCommand("apt-get", args, { env: { LC_ALL: "C" }, cwd, timeoutMs: STEP_MS_MAX });
}

async function succeed(program: string, args: readonly string[]): Promise<CommandResult> {
  const result = await runCommand(program, args, { timeoutMs: STEP_MS_MAX });
  if (result.code !== 0) throw new Error(`${program}: ${result.stderr.trim()}`);
  return result;
}
