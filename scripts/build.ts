/** Makes the executable: bundle, find the runtime stub, compile. See `scripts/build`. */
import { parseArgs } from "node:util";
import { dirname, join } from "node:path";
import type { BuildInfo } from "../src/app/version.ts";
import { cycloneDx, licenseTexts, packageFolders, readPackages } from "./bill_of_materials.ts";
import { fingerprint } from "./build_inputs.ts";
import { bundle, LIBRARY_FOLDER } from "./bundle.ts";
import { type OpensslLibraries, opensslLibraries } from "./openssl_libraries.ts";
import { APPLIANCE_PERMISSIONS } from "./permissions.ts";
import { runCommand } from "./run_command.ts";
import { sourceVersion } from "./source_version.ts";
import { type StubRuntime, stubRuntime, type Target } from "./stub_runtime.ts";
import { V8_FLAGS } from "./v8_flags.ts";

const COMPILE_MS_MAX = 600_000; // the first one downloads 40 MB
const ROOT = new URL("..", import.meta.url).pathname;

interface BuildOptions {
  readonly release: boolean;
  readonly target: Target;
  /** Where there is no git to ask. */
  readonly commit?: string;
}

async function build({ release, target, ...given }: BuildOptions): Promise<string> {
  const startedMs = performance.now();
  const output = `dist/${executableName(target)}`;
  const work = join("build", "compile", target);
  await Deno.mkdir(work, { recursive: true });
  // Two builds at once would write into one bundle; the kernel frees the lock of one that died.
  using lock = await Deno.open(join(work, "lock"), { write: true, create: true });
  await lock.lock(true);

  const { version, commit } = { ...await sourceVersion(), ...given };
  const inCache = { release, cache: cacheFolder(), say: console.error };
  const openssl = await opensslLibraries(target, inCache);
  const settings = {
    ...{ release, target, version, commit, deno: Deno.version },
    openssl: openssl.version,
  };
  const inputs = await fingerprint(ROOT, settings);
  if (await isBuiltFrom(inputs, output, work)) {
    return `${output} is up to date (${await describe(output)})`;
  }
  const stub = await stubRuntime(target, inCache);
  const info: BuildInfo = {
    version,
    ...(commit ? { commit } : {}),
    denort: stub.origin,
    openssl: openssl.version,
  };
  const { main, sources } = await bundle(join(work, "bundle"), info, openssl.folder);
  await describeContents(sources, version, openssl);
  await compile(main, output, work, { target, stub });
  await Deno.writeTextFile(join(work, "inputs"), inputs);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  return `Built ${output} in ${seconds} s (${await describe(output)})`;
}

/** The executable for this machine has the plain name; one for another says which. */
function executableName(target: Target): string {
  if (target === Deno.build.target) return "reinfer-ews";
  return target.startsWith("aarch64") ? "reinfer-ews-linux-arm64" : "reinfer-ews-linux-x64";
}

async function isBuiltFrom(inputs: string, output: string, work: string): Promise<boolean> {
  try {
    await Deno.stat(output);
    return await Deno.readTextFile(join(work, "inputs")) === inputs;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function cacheFolder(): string {
  return Deno.env.get("REINFER_EWS_CACHE") ?? join("build", "cache");
}

interface CompileOptions {
  readonly target: Target;
  readonly stub: StubRuntime;
}

async function compile(
  main: string,
  output: string,
  work: string,
  { target, stub }: CompileOptions,
): Promise<void> {
  // Stack traces show the name the executable had when it was compiled.
  const part = join(work, "reinfer-ews");
  const args = [
    "compile",
    "--quiet",
    "--no-config",
    "--no-check",
    // The bundle is all there is: a package that slipped through must fail here, not in the field.
    "--no-npm",
    "--no-remote",
    V8_FLAGS,
    ...APPLIANCE_PERMISSIONS,
    ...["--include", join(dirname(main), LIBRARY_FOLDER)],
    ...["--target", target, "--output", part, main],
  ];
  const { code, stderr } = await runCommand(Deno.execPath(), args, {
    env: { DENORT_BIN: stub.file, NO_COLOR: "1" },
    timeoutMs: COMPILE_MS_MAX,
  });
  if (code !== 0) throw new Error(`deno compile failed (${code}): ${stderr.trim()}`);
  await Deno.mkdir("dist", { recursive: true });
  await Deno.rename(part, output);
}

/** Beside the executable: what is in it, and under which licences. The same for every target. */
async function describeContents(
  sources: readonly string[],
  version: string,
  openssl: OpensslLibraries,
): Promise<void> {
  const packages = await readPackages(packageFolders(sources));
  const own = await Deno.readTextFile("LICENSE");
  await Deno.mkdir("dist", { recursive: true });
  const bill = cycloneDx({ version, deno: Deno.version.deno, openssl: openssl.version }, packages);
  await Deno.writeTextFile("dist/reinfer-ews.cdx.json", bill);
  await Deno.writeTextFile("dist/LICENSES.txt", licenseTexts(own, packages, openssl));
}

async function describe(output: string): Promise<string> {
  const { size } = await Deno.stat(output);
  return `${(size / 1e6).toFixed(1)} MB`;
}

function readOptions(args: readonly string[]): BuildOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      release: { type: "boolean", default: false },
      target: { type: "string" },
      commit: { type: "string" },
    },
  });
  const arch = values.target ?? Deno.build.arch;
  if (arch !== "x86_64" && arch !== "aarch64") {
    throw new Error(`--target is x86_64 or aarch64, not "${arch}"`);
  }
  return {
    release: values.release,
    target: `${arch}-unknown-linux-gnu`,
    ...(values.commit === undefined ? {} : { commit: values.commit }),
  };
}

if (import.meta.main) {
  Deno.chdir(ROOT);
  try {
    console.error(await build(readOptions(Deno.args)));
  } catch (error) {
    console.error(`scripts/build: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
