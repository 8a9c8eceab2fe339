import type { Console } from "../../console.ts";

export interface RecordingConsole extends Console {
  readonly printed: () => string;
  readonly complained: () => string;
}

/** A console to look into. */
export function recordingConsole(isTerminal = false): RecordingConsole {
  let [printed, complained] = ["", ""];
  return {
    print: (text) => void (printed += text),
    complain: (text) => void (complained += text),
    isTerminal,
    columns: () => 80,
    printed: () => printed,
    complained: () => complained,
  };
}
