import type { CallOptions } from "../core/env.ts";

/** What a program came to. */
export interface ProgramResult {
  /** Exit code; 0: it worked. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunProgramOptions extends CallOptions {
  /** Ended after this, ms; default 30 s: what takes longer waits for something that does not come. */
  readonly runMsMax?: number;
}

const RUN_MS_MAX = 30_000;
/** What a program says is a token or a complaint; the rest is not listened to. */
const OUTPUT_BYTES_MAX = 1024 * 1024;

/**
 * Runs a program to its end, to which it is brought in time; `undefined` if there is no such program or
 * it cannot be run. Rejects with the signal's reason.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { signal, runMsMax = RUN_MS_MAX }: RunProgramOptions,
): Promise<ProgramResult | undefined> {
  signal.throwIfAborted();
  const child = spawned(program, args);
  if (!child) return undefined;
  const deadline = AbortSignal.timeout(runMsMax);
  const until = AbortSignal.any([signal, deadline]);
  const end = () => kill(child);
  until.addEventListener("abort", end, { once: true });
  try {
    const [stdout, stderr, { code, signal: endedBy }] = await Promise.all([
      textOf(child.stdout, until),
      textOf(child.stderr, until),
      child.status,
    ]);
    signal.throwIfAborted();
    if (endedBy === null || !deadline.aborted) return { code, stdout, stderr };
    return { code, stdout: "", stderr: `not done within ${runMsMax / 1000} s` };
  } finally {
    until.removeEventListener("abort", end);
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended; only what it left behind keeps its output open.
  }
}

/** Of no kind of its own is what is thrown where there is no `PATH`, and where it names no program. */
function spawned(program: string, args: readonly string[]): Deno.ChildProcess | undefined {
  const piped = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  try {
    return new Deno.Command(program, { ...piped, args: [...args] }).spawn();
  } catch {
    return undefined;
  }
}

/** Not to its end once it is `until`: programs that the ended one has started may keep it open. */
async function textOf(
  stream: ReadableStream<Uint8Array>,
  until: AbortSignal,
): Promise<string> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel();
  until.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { value } = await reader.read();
      if (!value) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes <= OUTPUT_BYTES_MAX) text += decoder.decode(value, { stream: true });
    }
  } finally {
    until.removeEventListener("abort", cancel);
  }
}
