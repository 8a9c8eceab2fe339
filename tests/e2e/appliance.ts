import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/** The compiled binary under test. */
export const BINARY = Deno.env.get("REINFER_EWS_TEST_BINARY") ??
  fileURLToPath(new URL("dist/reinfer-ews", ROOT));

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The log, where standard error holds JSON lines. */
  readonly log: readonly LogLine[];
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Environment of a run: nothing of ours leaks in. */
type Variables = Readonly<Record<string, string>>;

/** Runs the compiled binary to its end. */
export async function runAppliance(
  args: readonly string[],
  env: Variables = {},
): Promise<Run> {
  const child = spawnAppliance(args, env);
  return await child.ended;
}

/** Killed when disposed, if it has not ended by then: a failed test leaves nothing running. */
export interface RunningAppliance extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<Run>;
  kill(signal: Deno.Signal): void;
  /** Resolves with the first log line that matches, or rejects when the run ends without one. */
  logged(matches: (line: LogLine) => boolean): Promise<LogLine>;
}

/** Starts the compiled binary and reads along; `runner` stands in front of its command line. */
export function spawnAppliance(
  args: readonly string[],
  env: Variables = {},
  runner: readonly string[] = [],
): RunningAppliance {
  const [program = BINARY, ...line] = [...runner, BINARY, ...args];
  const child = new Deno.Command(program, {
    args: line,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log: LogLine[] = [];
  const watchers = new Set<(line: LogLine) => void>();
  const stdout = new Response(child.stdout).text();
  const stderr = readLines(child.stderr, (text) => {
    const line = logLineOf(text);
    if (!line) return;
    log.push(line);
    for (const watcher of watchers) watcher(line);
  });
  let isRunning = true;
  const ended = (async () => {
    const [out, err, { code }] = await Promise.all([stdout, stderr, child.status]);
    isRunning = false;
    return { code, stdout: out, stderr: err, log };
  })();
  const logged = async (matches: (line: LogLine) => boolean) => {
    const earlier = log.find(matches);
    if (earlier) return earlier;
    const { promise, resolve } = Promise.withResolvers<LogLine>();
    const watcher = (line: LogLine) => matches(line) && resolve(line);
    watchers.add(watcher);
    const tooLate = ended.then(({ code, stderr }) => {
      throw new Error(`Ended with ${code} before the line was logged: ${stderr}`);
    });
    tooLate.catch(() => undefined);
    return await Promise.race([promise, tooLate]).finally(() => watchers.delete(watcher));
  };
  return {
    pid: child.pid,
    ended,
    kill: (signal) => child.kill(signal),
    logged,
    [Symbol.asyncDispose]: async () => {
      if (isRunning) child.kill("SIGKILL");
      await ended;
    },
  };
}

async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<string> {
  let all = "";
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    all += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(onLine);
  }
  return all;
}

function logLineOf(text: string): LogLine | undefined {
  return text.startsWith("{") ? JSON.parse(text) : undefined;
}

/** Asserts that a run said exactly one thing went wrong, and gives that line. */
export function onlyError(run: Run): LogLine {
  const errors = run.log.filter(({ level }) => level === "error");
  assert.equal(errors.length, 1, `one error line, got: ${run.stderr}`);
  return errors[0]!;
}

/** Asserts that nothing a person cannot act on is shown, and no secret. */
export function assertPresentable(run: Run, secrets: readonly string[]): void {
  const shown = run.stdout + run.stderr;
  assert.doesNotMatch(shown, /\n\s+at .*:\d+:\d+|Uncaught|InternalError/, "no stack trace");
  for (const secret of secrets) assert.ok(!shown.includes(secret), "no secret is shown");
}
