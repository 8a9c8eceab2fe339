export interface ServerProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs a program until its own standard input ends, which it does even when this process is killed;
 * and lets go of the outputs, so that they end with the program.
 */
const WHILE_WE_LIVE =
  '"$@" </dev/null & child=$!; exec >&- 2>&-; cat >/dev/null; kill $child; wait $child';

/** A server that others wrote, running beside the tests; disposed, it is gone. */
export class ServerProcess implements AsyncDisposable {
  /** What it has written so far, on either output. */
  readonly lines: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #ended: Promise<void>;
  #alive = true;
  #changed = Promise.withResolvers<void>();

  constructor({ program, args, env }: ServerProgram) {
    this.#process = new Deno.Command("/bin/sh", {
      args: ["-c", WHILE_WE_LIVE, "sh", program, ...args],
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr } = this.#process;
    this.#ended = Promise.all([this.#read(stdout), this.#read(stderr)]).then(() => {
      this.#alive = false;
      this.#changed.resolve();
    });
  }

  /** The first line that matches, written already or not yet; rejects if the program ends before. */
  async lineMatching(pattern: RegExp): Promise<RegExpExecArray> {
    for (let at = 0;; at++) {
      while (at >= this.lines.length) {
        if (!this.#alive) throw new Error(`The server has ended: ${this.lines.join("\n")}`);
        await this.#changed.promise;
      }
      const match = pattern.exec(this.lines[at] ?? "");
      if (match) return match;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close();
    await this.#ended;
    await this.#process.status;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
    if (rest !== "") this.lines.push(rest);
  }
}
