import { fileURLToPath } from "node:url";

/** Starts `writing_process.ts` on a folder; it writes until it is killed. */
export function startWriting(prefix: string) {
  const script = fileURLToPath(new URL("./writing_process.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-read", "--allow-write", "--allow-env", script, prefix],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let unread = "";
  return {
    /** Resolves when it says `word`. */
    async says(word: string): Promise<void> {
      for (;;) {
        const lines = unread.split("\n");
        const at = lines.indexOf(word);
        unread = lines.slice(at + 1).join("\n");
        if (at >= 0) return;
        const { value } = await reader.read();
        if (value === undefined) throw new Error(`Process ended before it said "${word}"`);
        unread += value;
      }
    },
    /** Ends it without giving it a chance to do anything. */
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}
