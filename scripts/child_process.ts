/** How to start a program that works until it is stopped. */
export interface ChildOptions {
  /** For people: `The server`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** `piped` makes `firstLine` work. Default: inherited. */
  readonly stdout?: "piped" | "inherit";
  /** A file that takes what it writes to standard error. Default: inherited. */
  readonly stderrFile?: string;
  /** Told to stop, it is killed after this time, ms. */
  readonly stopMsMax: number;
}

/** A program of ours beside us, which never outlives us: `await using` stops it. */
export class ChildProcess implements AsyncDisposable {
  readonly #options: ChildOptions;
  readonly #process: Deno.ChildProcess;
  readonly #stderr: Promise<void>;
  #stdout: ReadableStreamDefaultReader<string> | undefined;
  #stopping = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    const { program, args, stdout = "inherit", stderrFile } = options;
    this.#process = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout,
      stderr: stderrFile === undefined ? "inherit" : "piped",
      // Ctrl-C reaches us alone, and we stop them in order. Otherwise all would get it at once, and
      // a second signal, ours, tells the appliance to drop everything.
      detached: true,
    }).spawn();
    this.#stderr = stderrFile === undefined
      ? Promise.resolve()
      : Deno.writeFile(stderrFile, this.#process.stderr);
  }

  /** The first line of its standard output; the rest is read and dropped. */
  async firstLine(): Promise<string> {
    const reader = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stdout = reader;
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`${this.#options.name} ended without a word`);
      text += value;
      const end = text.indexOf("\n");
      if (end < 0) continue;
      void drain(reader); // a full pipe would hold the program up
      return text.slice(0, end);
    }
  }

  /** Rejects if it ends before it was told to. */
  async endsTooEarly(): Promise<never> {
    const { code } = await this.#process.status;
    await this.#stderr;
    if (this.#stopping) return await new Promise<never>(() => {});
    const { name, stderrFile } = this.#options;
    const where = stderrFile === undefined ? "" : `; see ${stderrFile}`;
    throw new Error(`${name} ended with code ${code}${where}`);
  }

  /** Tells it to stop, waits, and returns its exit code. */
  async stop(): Promise<number> {
    this.#signal("SIGTERM");
    this.#stopping = true;
    const timer = setTimeout(() => this.#signal("SIGKILL"), this.#options.stopMsMax);
    const { code } = await this.#process.status;
    clearTimeout(timer);
    await this.#stdout?.cancel();
    await this.#stderr;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // ended already
    }
  }
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}
