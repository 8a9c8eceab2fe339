import { runCommand } from "./run_command.ts";

/** What this checkout is. */
export interface SourceVersion {
  /** From deno.json. */
  readonly version: string;
  /** Abbreviated, `-dirty` with changes; absent where there is no git or no history. */
  readonly commit: string | undefined;
}

const GIT_MS_MAX = 10_000;

/** Reads them in the working directory, the root of the repository. */
export async function sourceVersion(): Promise<SourceVersion> {
  const { version } = JSON.parse(await Deno.readTextFile("deno.json")) as { version: string };
  const git = await runCommand("git", [
    "describe",
    "--always",
    "--dirty",
    "--abbrev=12",
    "--exclude=*",
  ], { timeoutMs: GIT_MS_MAX });
  return { version, commit: git.code === 0 ? git.stdout.trim() : undefined };
}
