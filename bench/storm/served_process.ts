import { fileURLToPath } from "node:url";
import type { CommandLine } from "./commands.ts";
import { TextLineStream } from "./text_lines.ts";

/** A script of this folder in a process of its own, which is told what to do (`serveCommands`). */
export class ServedProcess<Ready> implements AsyncDisposable {
  /** What it said once it was ready. */
  readonly ready: Ready;
  readonly #process: Deno.ChildProcess;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array>;
  readonly #replies: ReadableStreamDefaultReader<string>;
  /** One command at a time: replies carry no number. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    process: Deno.ChildProcess,
    replies: ReadableStreamDefaultReader<string>,
    ready: Ready,
  ) {
    this.#process = process;
    this.#commands = process.stdin.getWriter();
    this.#replies = replies;
    this.ready = ready;
  }

  /** Resolves when the process is ready. */
  static async start<Ready>(
    script: string,
    args: readonly string[],
  ): Promise<ServedProcess<Ready>> {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--cached-only", "--no-check", "--allow-all", path, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const replies = process.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
    const { value, done } = await replies.read();
    if (done) throw new Error(`${script} ended before it was ready`);
    return new ServedProcess<Ready>(process, replies, JSON.parse(value));
  }

  /** Tells it to do something; resolves to its reply. Rejects if it is no more. */
  async call<Reply = null>(command: string, argument?: unknown): Promise<Reply> {
    const call = this.#last.then(async () => {
      const line: CommandLine = { command, argument };
      await this.#commands.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
      const { value, done } = await this.#replies.read();
      if (done) throw new Error(`The process ended instead of "${command}"`);
      return JSON.parse(value) as Reply;
    });
    this.#last = call.catch(() => undefined);
    return await call;
  }

  /** Ends it without a word (SIGKILL). */
  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // ended already
    }
    await this.#process.status;
    await this.#commands.abort().catch(() => undefined);
    await this.#replies.cancel();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
