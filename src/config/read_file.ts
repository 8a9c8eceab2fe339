import { deniedAccess } from "../core/denied_access.ts";
import { UnreadableFile } from "./read_text.ts";

/** The system's `ReadFile`: bounded, so that a device or a log given by mistake does no harm. */
export async function readFile(path: string, bytesMax: number): Promise<Uint8Array> {
  using file = await opened(path);
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= bytesMax) {
    const chunk = new Uint8Array(Math.min(64 * 1024, bytesMax + 1 - size));
    const count = await file.read(chunk);
    if (count === null) break;
    chunks.push(chunk.subarray(0, count));
    size += count;
  }
  return joined(chunks, size);
}

async function opened(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (thrown) {
    const isDenied = thrown instanceof Deno.errors.PermissionDenied;
    const denied = isDenied ? await deniedAccess(path, Deno) : undefined;
    if (denied === undefined) throw thrown;
    throw new UnreadableFile(
      `${denied.reason}; run chown ${denied.uid} on it, in a container on what is mounted there`,
    );
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
