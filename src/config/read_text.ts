import { quoted } from "./printable.ts";

/**
 * Reads a file, following symbolic links. Resolves to at most `bytesMax` + 1 of its first bytes,
 * the one more telling that there are too many. Rejects with the system's error and its `code`, or
 * with `UnreadableFile`.
 */
export type ReadFile = (path: string, bytesMax: number) => Promise<Uint8Array>;

export type ReadText =
  | { readonly text: string }
  /** Why there is none, completing "Cannot read the file: it ...". */
  | { readonly fault: string };

/** The system refuses to read a file. The message says what stands in the way, and what to do. */
export class UnreadableFile extends Error {}

/** Reads a file of UTF-8 text, with or without a byte order mark. */
export async function readText(
  path: string,
  bytesMax: number,
  readFile: ReadFile,
): Promise<ReadText> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, bytesMax);
  } catch (thrown) {
    return { fault: reasonOf(thrown) };
  }
  if (bytes.byteLength > bytesMax) return { fault: `is larger than ${bytesMax / 1024} KiB` };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { fault: "is not UTF-8 text" };
  }
}

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "does not exist"],
  ["ENOTDIR", "does not exist"],
  ["EACCES", "may not be read by this user"],
  ["EPERM", "may not be read by this user"],
  ["EISDIR", "is a folder"],
  ["ELOOP", "is a symbolic link that leads in a circle"],
]);

function reasonOf(thrown: unknown): string {
  if (thrown instanceof UnreadableFile) return `may not be read: ${thrown.message}`;
  // Whatever permissions a program was compiled with, the runtime keeps it out of these.
  if (thrown instanceof Deno.errors.NotCapable) return "must not be below /dev, /proc or /sys";
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown
    ? thrown.code
    : undefined;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return REASONS.get(code) ?? `cannot be read: ${quoted(message)}`;
}
