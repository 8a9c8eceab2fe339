import type { CallOptions } from "../core/env.ts";

/** What a program came to. */
export interface ProgramResult {
  /** Exit code; 0: it worked. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that takes longer waits for something that does not come. */
const RUN_MS_MAX = 30_000;

/**
 * Runs a program to its end, which it is brought to after 30 s at most; `undefined` if there is no such
 * program or it may not be run.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { signal }: CallOptions,
): Promise<ProgramResult | undefined> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(RUN_MS_MAX)]);
  const command = new Deno.Command(program, { args: [...args], stdin: "null", signal: until });
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
