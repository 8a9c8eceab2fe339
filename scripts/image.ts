/** Builds the container image with buildah from what dist/ holds. See `scripts/image`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ContainerTools, containerTools, storageOptions } from "./container_tools.ts";
import { runCommand } from "./run_command.ts";
import { sourceVersion } from "./source_version.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const STORE = join(ROOT, "build", "containers");
const STEP_MS_MAX = 300_000;

/** Resolves to the name of the image, which is also written to the file `archive`, if there is one. */
async function buildImage(archive: string | undefined): Promise<string> {
  const tools = await containerTools();
  if ("unavailable" in tools) throw new Error(`No buildah: ${tools.unavailable}`);
  const { version, commit } = await sourceVersion();
  const name = `localhost/reinfer-ews:${version}`;
  await Deno.mkdir("build", { recursive: true });
  const stage = await Deno.makeTempDir({ dir: "build", prefix: "image." });
  try {
    await step("scripts/image_root", ["dist/reinfer-ews", join(stage, "image")]);
    const buildah = (...args: readonly string[]) =>
      step(tools.buildah, [...storageOptions(STORE), ...args], tools.env);
    await buildah("build", ...buildOptions(tools, stage), ...labels(version, commit), "-t", name);
    await buildah("tag", name, "localhost/reinfer-ews:latest");
    // The image that had the name before.
    await buildah("rmi", "--prune", "--force");
    if (archive !== undefined) {
      await Deno.remove(archive).catch(() => undefined); // an archive is not written over
      const policy = ["--signature-policy", tools.policy];
      await buildah("push", ...policy, name, `docker-archive:${archive}:reinfer-ews:${version}`);
    }
    return name;
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

function buildOptions({ policy }: ContainerTools, stage: string): readonly string[] {
  return [
    ...["--isolation", "chroot"],
    ...["--signature-policy", policy],
    // A folder takes the place of the stage that would compile.
    ...["--build-context", `build=${stage}`],
    ...["--file", "Dockerfile"],
  ];
}

function labels(version: string, commit: string | undefined): readonly string[] {
  const revision = commit === undefined ? [] : ["--build-arg", `REVISION=${commit}`];
  return ["--build-arg", `VERSION=${version}`, ...revision];
}

async function step(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, stdout, stderr } = await runCommand(program, args, { env, timeoutMs: STEP_MS_MAX });
  if (code !== 0) throw new Error(`${program} failed (${code}): ${stdout}${stderr}`.trim());
}

if (import.meta.main) {
  const { values } = parseArgs({ args: Deno.args, options: { archive: { type: "string" } } });
  Deno.chdir(ROOT);
  try {
    console.log(await buildImage(values.archive));
  } catch (error) {
    console.error(`scripts/image: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
