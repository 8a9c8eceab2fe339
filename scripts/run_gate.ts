/** The gate, `deno task ok`: everything that a change must pass before its tests run. */
import { runCommand } from "./run_command.ts";

interface Check {
  readonly name: string;
  /** Arguments of `deno`. */
  readonly args: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: "format", args: ["fmt", "--check", "--quiet"] },
  { name: "lint", args: ["lint", "--quiet"] },
  { name: "types", args: ["check", "--quiet"] },
  { name: "layers", args: ["task", "--quiet", "layers"] },
];

const CHECK_MS_MAX = 300_000;

/** All checks at once, each to its end: whoever fixes the first failure wants to know the others. */
async function runGate(): Promise<boolean> {
  const failed = await Promise.all(CHECKS.map(async ({ name, args }) => {
    const { code, stdout, stderr } = await runCommand(Deno.execPath(), args, {
      timeoutMs: CHECK_MS_MAX,
    });
    if (code === 0) return [];
    console.error(`${name}:\n${stdout}${stderr}`);
    return [name];
  }));
  const names = failed.flat();
  console.error(names.length === 0 ? "gate: passed" : `gate: FAILED: ${names.join(", ")}`);
  return names.length === 0;
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url).pathname);
  if (!await runGate()) Deno.exit(1);
}
