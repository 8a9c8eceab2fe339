/** Standard output, standard error and the terminal, as far as commands use them. */
export interface Console {
  /** What a command was asked for. */
  print(text: string): void;
  /** Everything else: logs, progress, usage errors. */
  complain(text: string): void;
  /** Whether standard error is a terminal. */
  readonly isTerminal: boolean;
  /** Width of the terminal in characters. */
  columns(): number;
}

/** The console of this process. A reader that has gone away is no reason to stop syncing. */
export const systemConsole: Console = {
  print: (text) => write(Deno.stdout, text),
  complain: (text) => write(Deno.stderr, text),
  isTerminal: Deno.stderr.isTerminal(),
  columns: () => Deno.stderr.isTerminal() ? Deno.consoleSize().columns : 80,
};

const ENCODER = new TextEncoder();

function write(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = ENCODER.encode(text);
  try {
    for (let at = 0; at < bytes.byteLength;) at += to.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
