import { fileURLToPath } from "node:url";
import type { PackagesUnavailable } from "../../scripts/debian_packages.ts";
import { type CommandResult, runCommand } from "../../scripts/run_command.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";

const REPO = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const BOOT = fileURLToPath(new URL("boot_machine", import.meta.url));
const COMMANDS_MS_MAX = 120_000;

/**
 * A machine with a real systemd, as `boot_machine` makes it: this machine's programs and network, and
 * no change that outlives it. Disposed, all that ran in it has ended.
 */
export class BootedMachine implements AsyncDisposable {
  readonly #folder: string;
  readonly #boot: Deno.ChildProcess;
  /** Process that is number 1 in there. */
  readonly #init: string;

  private constructor(folder: string, boot: Deno.ChildProcess, init: string) {
    this.#folder = folder;
    this.#boot = boot;
    this.#init = init;
  }

  /** Resolves to the reason where this machine cannot boot another. */
  static async start(): Promise<BootedMachine | PackagesUnavailable> {
    if (Deno.uid() !== 0) return { unavailable: "this needs root" };
    const folder = await Deno.makeTempDir({ prefix: "reinfer-ews-machine-" });
    const boot = new Deno.Command(BOOT, {
      args: [folder, REPO],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const words = new Response(boot.stderr).text();
    let ended = false;
    void boot.status.then(() => (ended = true));
    let init: string | undefined;
    await waitUntil(async () => ended || (init = await bootedInit(boot.pid)) !== undefined);
    if (init !== undefined) return new BootedMachine(folder, boot, init);
    await Deno.remove(folder, { recursive: true });
    return { unavailable: (await words).trim() || "systemd does not start here" };
  }

  /** Runs commands of a shell in there, up to the first that fails. */
  async run(commands: string): Promise<CommandResult> {
    return await enter(this.#init, ["bash", "-euc", `cd '${REPO}'\n${commands}`]);
  }

  /** A path of the machine as seen from outside. */
  path(inside: string): string {
    return `/proc/${this.#init}/root${inside}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const cgroup = (await Deno.readTextFile(`${this.#folder}/cgroup`)).trim();
    // With number 1 all others end.
    Deno.kill(Number(this.#init), "SIGKILL");
    await this.#boot.status;
    await runCommand("find", [cgroup, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], {
      timeoutMs: COMMANDS_MS_MAX,
    });
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The machine's process number 1, once it has started everything; undefined until then. */
async function bootedInit(bootPid: number): Promise<string | undefined> {
  try {
    const children = await Deno.readTextFile(`/proc/${bootPid}/task/${bootPid}/children`);
    const [init] = children.split(" ");
    if (!init) return undefined;
    const { stdout } = await enter(init, ["systemctl", "is-system-running"]);
    return /^(?:running|degraded)$/m.test(stdout) ? init : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function enter(init: string, words: readonly string[]): Promise<CommandResult> {
  const namespaces = ["--target", init, "--mount", "--pid", "--uts", "--ipc"];
  return runCommand("nsenter", [...namespaces, "--", ...words], { timeoutMs: COMMANDS_MS_MAX });
}
