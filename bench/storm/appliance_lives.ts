import { systemClock } from "../../src/runtime/system.ts";
import { type MemorySample, rssKibOf } from "./memory_samples.ts";
import { TextLineStream } from "./text_lines.ts";

export interface ApplianceOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Takes what it says. */
  readonly logFile: string;
  /** Nothing of this may be said. */
  readonly secrets: readonly string[];
}

/** One process of the appliance, from its start to its end. */
export interface ApplianceLife {
  readonly startedAtMs: number;
  readonly memory: MemorySample[];
}

const SAMPLE_EVERY_MS = 1_000;
/** The appliance abandons its work 10 s after it was told to stop. */
const STOP_MS_MAX = 20_000;

/** The appliance through its kills and restarts; what it must never do is noted as a problem. */
export class ApplianceLives implements AsyncDisposable {
  readonly lives: ApplianceLife[] = [];
  readonly problems: string[] = [];
  readonly #options: ApplianceOptions;
  readonly #end = new AbortController();
  readonly #sampling: Promise<void>;
  #process: Deno.ChildProcess | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: ApplianceOptions) {
    this.#options = options;
    this.#sampling = this.#sample(this.#end.signal);
  }

  /** Begins a life; one more with other arguments, where there are some. */
  start(args: readonly string[] = this.#options.args): void {
    const { program, env } = this.#options;
    const process = new Deno.Command(program, {
      args: [...args],
      env,
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      // Ctrl-C reaches us alone, and we end it.
      detached: true,
    }).spawn();
    this.#process = process;
    this.#reading = this.#read(process.stderr);
    this.lives.push({ startedAtMs: systemClock.monotonicMs(), memory: [] });
    void process.status.then(({ code, signal }) => {
      if (this.#process !== process) return;
      this.problems.push(`The appliance ended by itself: code ${code}, signal ${signal ?? "none"}`);
    });
  }

  /** Ends a life without a word (SIGKILL). */
  async kill(): Promise<void> {
    await this.#ended("SIGKILL");
  }

  /** Tells it to end, and expects that it does, with code 0. */
  async stop(): Promise<void> {
    const code = await this.#ended("SIGTERM");
    if (code !== 0) this.problems.push(`The appliance ended with code ${code} when it was stopped`);
  }

  /** A life of its own that ends by itself; resolves to its exit code. */
  async runOnce(args: readonly string[]): Promise<number> {
    this.start(args);
    const process = this.#process!;
    this.#process = undefined;
    const { code } = await process.status;
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#sampling;
    await this.kill();
  }

  async #ended(signal: Deno.Signal): Promise<number> {
    const process = this.#process;
    this.#process = undefined;
    if (!process) return 0;
    const end = new AbortController();
    signalQuietly(process, signal);
    const tooLate = systemClock.sleep(STOP_MS_MAX, end).then(
      () => signalQuietly(process, "SIGKILL"),
      () => undefined, // it ended in time
    );
    const { code } = await process.status;
    end.abort();
    await Promise.all([tooLate, this.#reading]);
    return code;
  }

  async #read(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const { logFile, secrets } = this.#options;
    using file = await Deno.open(logFile, { create: true, append: true });
    const lines = stderr.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) {
      if (secrets.some((secret) => line.includes(secret))) {
        this.problems.push("A secret was logged");
      }
      if (/\bat .*:\d+:\d+\b/.test(line)) this.problems.push(`A defect showed itself: ${line}`);
      await file.write(new TextEncoder().encode(`${line}\n`));
    }
  }

  async #sample(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const life = this.lives.at(-1);
      const rssKib = this.#process && await rssKibOf(this.#process.pid);
      if (life && rssKib !== undefined) {
        life.memory.push({ atMs: systemClock.monotonicMs() - life.startedAtMs, rssKib });
      }
      await systemClock.sleep(SAMPLE_EVERY_MS, { signal }).catch(() => undefined);
    }
  }
}

function signalQuietly(process: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    process.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // ended already
  }
}
