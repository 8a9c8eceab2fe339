/** A program to run, with what it says caught. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process; `undefined` takes a variable out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** After this time, ms, the program is killed and its code is 124. */
  readonly timeoutMs: number;
}

export interface CommandResult {
  /** Exit code; 124 after a timeout, 127 if there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A failure is a code, never an exception. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  try {
    const output = await new Deno.Command(program, {
      args: [...args],
      clearEnv: true,
      env: environment(options.env ?? {}),
      stdin: "null",
      signal: timeout,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }).output();
    const decoder = new TextDecoder();
    return {
      code: timeout.aborted ? 124 : output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { code: 127, stdout: "", stderr: `${program}: not found` };
  }
}

function environment(changes: Readonly<Record<string, string | undefined>>) {
  const merged = { ...Deno.env.toObject(), ...changes };
  const present = Object.entries(merged).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(present) as Record<string, string>;
}
