import { TextLineStream } from "./text_lines.ts";

/** What a process can be told, by name. What a handler returns is the reply. */
export type CommandHandlers = Readonly<Record<string, (argument: never) => unknown>>;

/** One line of standard input. */
export interface CommandLine {
  readonly command: string;
  readonly argument?: unknown;
}

/**
 * Says on standard output that a process is ready, and then answers commands of standard input, a
 * line of JSON each, until that ends: with whoever started it, at the latest.
 */
export async function serveCommands(ready: unknown, handlers: CommandHandlers): Promise<void> {
  reply(ready);
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    const { command, argument } = JSON.parse(line) as CommandLine;
    const handler = handlers[command];
    if (!handler) throw new TypeError(`There is no command "${command}"`);
    reply(await handler(argument as never) ?? null);
  }
}

function reply(value: unknown): void {
  console.log(JSON.stringify(value));
}
