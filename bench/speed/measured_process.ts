import { type ProcessUsage, usageOf } from "./process_usage.ts";

/** A program to measure. It ends with a line of JSON on either output. */
export interface MeasuredCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its standard input; absent: none. */
  readonly input?: string;
}

/** What a program said and took. */
export interface MeasuredRun {
  readonly last: LastLine;
  readonly usage: ProcessUsage;
  /** When it was started, ms since 1970. */
  readonly startedMs: number;
}

/** What a client says at its end. */
export interface LastLine {
  /** Emails. */
  readonly delivered: number;
  /** From when it begins to when it is done; the start of the process is not in it. */
  readonly tookMs: number;
}

/** What is used after the last look is missed: a hundredth of a second or two. */
const LOOK_EVERY_MS = 15;

/** Runs a program to its end. @throws Error if that is a failure. */
export async function measuredRun(command: MeasuredCommand): Promise<MeasuredRun> {
  const running = new MeasuredProcess(command);
  const { code, text } = await running.ended;
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  if (code !== 0 || !last.startsWith("{")) {
    throw new Error(`${command.program} ended with ${code}: ${text.slice(-2_000)}`);
  }
  return { last: JSON.parse(last), usage: running.usage, startedMs: running.startedMs };
}

/** A program at work, whose usage is looked at until it ends. Disposing kills it. */
export class MeasuredProcess implements AsyncDisposable {
  readonly startedMs: number;
  readonly ended: Promise<{ readonly code: number; readonly text: string }>;
  readonly #child: Deno.ChildProcess;
  #usage: ProcessUsage = { cpuSeconds: 0, peakMib: 0 };
  #isRunning = true;

  constructor({ program, args, env = {}, input }: MeasuredCommand) {
    this.startedMs = Date.now();
    this.#child = new Deno.Command(program, {
      args: [...args],
      env,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = this.#end(input);
  }

  /** As of the last look. */
  get usage(): ProcessUsage {
    return this.#usage;
  }

  /** Looks now. */
  async look(): Promise<ProcessUsage> {
    this.#usage = await usageOf(this.#child.pid) ?? this.#usage;
    return this.#usage;
  }

  kill(signal: Deno.Signal): void {
    if (this.#isRunning) this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.ended;
  }

  async #end(input: string | undefined) {
    const timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    const given = input === undefined ? undefined : this.#give(input);
    try {
      const [stdout, stderr, { code }] = await Promise.all([
        new Response(this.#child.stdout).text(),
        new Response(this.#child.stderr).text(),
        this.#child.status,
        given,
      ]);
      return { code, text: `${stderr}${stdout}` };
    } finally {
      this.#isRunning = false;
      clearInterval(timer);
    }
  }

  async #give(input: string): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
}
