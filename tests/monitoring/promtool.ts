import { debianPackages } from "../../scripts/debian_packages.ts";
import { type CommandResult, runCommand } from "../../scripts/run_command.ts";

const PACKAGES = await debianPackages(["prometheus"]);
const CHECK_MS_MAX = 60_000;

export type Promtool = (args: readonly string[], stdin?: string) => Promise<CommandResult>;

/** A test with Prometheus' own checker; where it cannot be had it is ignored, and its name says why. */
export function promtoolCase(name: string, test: (promtool: Promtool) => Promise<void>): void {
  if ("unavailable" in PACKAGES) {
    Deno.test({ name: `${name} (${PACKAGES.unavailable})`, ignore: true, fn: () => {} });
    return;
  }
  const packages = PACKAGES;
  Deno.test(name, async () => {
    const program = await packages.pathOf("/usr/bin/promtool");
    const options = {
      timeoutMs: CHECK_MS_MAX,
      env: { LD_LIBRARY_PATH: packages.libraryPath() },
    };
    await test(async (args, stdin) => {
      if (stdin === undefined) return await runCommand(program, args, options);
      const file = await Deno.makeTempFile();
      try {
        await Deno.writeTextFile(file, stdin);
        return await runCommand("sh", ["-c", '"$0" "$@" <"$FILE"', program, ...args], {
          ...options,
          env: { ...options.env, FILE: file },
        });
      } finally {
        await Deno.remove(file);
      }
    });
  });
}
