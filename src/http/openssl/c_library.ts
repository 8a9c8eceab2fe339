/**
 * Where distributions keep the C library. The runtime takes a library by its path only, and these
 * are the paths the executable may load it from.
 */
export const C_LIBRARIES = [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/lib/aarch64-linux-gnu/libc.so.6",
  "/lib64/libc.so.6",
  "/usr/lib/libc.so.6",
] as const;

/** Where the files lie that a process holds open. */
export const OPEN_FILES = "/proc/self/fd";

const SYMBOLS = {
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  memccpy: { parameters: ["buffer", "pointer", "i32", "usize"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Of Linux's <linux/memfd.h>. */
const MFD_CLOEXEC = 1;
const TEXT_BYTES_MAX = 256;

/** What is used of the C library this process runs on. */
export class CLibrary {
  readonly #symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

  private constructor(symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"]) {
    this.#symbols = symbols;
  }

  /** Throws an error with the loader's words if there is none at any of the known places. */
  static load(): CLibrary {
    let problem: unknown;
    for (const path of C_LIBRARIES) {
      try {
        return new CLibrary(Deno.dlopen(path, SYMBOLS).symbols);
      } catch (error) {
        problem ??= error;
      }
    }
    throw problem;
  }

  /**
   * Calls `use` with the path of a file of these bytes that lies in memory alone: it needs no folder
   * that can be written to or executed from. The file is closed after it; what is mapped stays.
   *
   * Throws an error for people if the kernel or a policy refuses such files.
   */
  withMemoryFile<T>(name: string, bytes: Uint8Array<ArrayBuffer>, use: (path: string) => T): T {
    const file = this.#symbols.memfd_create(cString(name), MFD_CLOEXEC);
    if (file < 0) throw new Error("the system refuses files in memory (memfd_create)");
    try {
      for (let offset = 0; offset < bytes.length;) {
        const rest = bytes.subarray(offset);
        const written = Number(this.#symbols.write(file, rest, BigInt(rest.length)));
        if (written <= 0) throw new Error("there is no memory for a file in it");
        offset += written;
      }
      return use(`${OPEN_FILES}/${file}`);
    } finally {
      this.#symbols.close(file);
    }
  }

  /** The text at a pointer to characters, at most 256 of them; empty for no pointer. */
  textAt(pointer: Deno.PointerValue): string {
    if (pointer === null) return "";
    const bytes = new Uint8Array(TEXT_BYTES_MAX);
    this.#symbols.memccpy(bytes, pointer, 0, BigInt(bytes.length));
    return textOf(bytes);
  }
}

/** Text as C takes it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** The text up to the first zero. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}
