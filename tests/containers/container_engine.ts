import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ContainerTools,
  containerTools,
  storageOptions,
} from "../../scripts/container_tools.ts";
import type { PackagesUnavailable } from "../../scripts/debian_packages.ts";
import { documentedCommands } from "../docs/documented.ts";
import { type CommandResult, runCommand } from "../../scripts/run_command.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMMANDS_MS_MAX = 180_000;

/** What podman-run(1) ends with where this machine lets it start no container. */
const ENGINE_FAILURES: ReadonlySet<number> = new Set([125, 126]);

/** What of the host the containers share, and which programs run them (containers.conf(5)). */
const configOf = ({ conmon, runc, env }: ContainerTools) => `
[containers]
netns = "host" # the servers of the tests are on this machine's loopback
cgroupns = "host"
ipcns = "host"
utsns = "host"
userns = "host"
seccomp_profile = "unconfined"
apparmor_profile = "unconfined"
default_sysctls = []
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
conmon_path = ["${conmon}"]
conmon_env_vars = [${Object.entries(env).map(([name, value]) => `"${name}=${value}"`).join(", ")}]
events_logger = "none"
runtime = "runc"
[engine.runtimes]
runc = ["${runc}"]
[network]
network_backend = "cni"
`;

/**
 * Runs containers of our image by commands written for Docker: a `docker` is on the PATH of the
 * commands, which is Podman with a storage of its own. Disposed, its containers are gone.
 */
export class ContainerEngine implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Builds the image as documented. Resolves to the reason where this machine runs no containers. */
  static async start(): Promise<ContainerEngine | PackagesUnavailable> {
    if (Deno.uid() !== 0) return { unavailable: "this needs root" };
    const tools = await containerTools();
    if ("unavailable" in tools) return tools;
    const engine = new ContainerEngine(await engineFolder(tools));
    const built = await engine.run(await documentedCommands("container.md", "build offline"));
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stdout, /^localhost\/reinfer-ews:\S+$/m);
    const tried = await engine.run("docker run --rm reinfer-ews version");
    if (!ENGINE_FAILURES.has(tried.code)) return engine;
    await engine[Symbol.asyncDispose]();
    return { unavailable: tried.stderr.trim() };
  }

  /** Runs commands of a shell up to the first that fails. */
  async run(
    commands: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> {
    return await runCommand("bash", ["-euc", commands], {
      cwd: ROOT,
      env: { PATH: `${this.#folder}:${Deno.env.get("PATH")}`, ...env },
      timeoutMs: COMMANDS_MS_MAX,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("docker rm --all --force --time 0");
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** A folder with a `docker` in it, and all that it needs. */
async function engineFolder(tools: ContainerTools): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "reinfer-ews-engine-" });
  const [config, registries] = ["containers.conf", "registries.conf"].map((name) =>
    join(folder, name)
  );
  await Deno.writeTextFile(config!, configOf(tools));
  await Deno.writeTextFile(registries!, "");
  // Where Podman looks below its home for which images may be used.
  await Deno.mkdir(join(folder, ".config/containers"), { recursive: true });
  await Deno.copyFile(tools.policy, join(folder, ".config/containers/policy.json"));
  const words = [
    "env",
    `HOME=${folder}`,
    `CONTAINERS_CONF=${config}`,
    `CONTAINERS_REGISTRIES_CONF=${registries}`,
    ...Object.entries(tools.env).map(([name, value]) => `${name}=${value}`),
    tools.podman,
    ...storageOptions(join(folder, "store")),
    ...["--tmpdir", join(folder, "tmp")],
  ];
  const script = `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`;
  await Deno.writeTextFile(join(folder, "docker"), script, { mode: 0o755 });
  return folder;
}
