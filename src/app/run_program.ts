import type { CallOptions } from "../core/env.ts";

/** What a program came to. */
export interface ProgramResult {
  /** Exit code; 0: it worked. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; `undefined` if there is no such program or it may not be run. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { signal }: CallOptions,
): Promise<ProgramResult | undefined> {
  const command = new Deno.Command(program, { args: [...args], stdin: "null", signal });
  try {
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (thrown) {
    signal.throwIfAborted();
    const isAbsent = thrown instanceof Deno.errors.NotFound ||
      thrown instanceof Deno.errors.PermissionDenied ||
      thrown instanceof Deno.errors.NotCapable;
    if (isAbsent) return undefined;
    throw thrown;
  }
}
