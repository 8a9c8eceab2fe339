import type { MimeContent } from "../../src/core/mime_content.ts";

const MIB = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** Content that is made as it is read, the same each time; `onChunk` is called at each MiB. */
export function hugeContent(sizeBytes: number, onChunk: () => void = () => {}): MimeContent {
  const open = () => {
    let sent = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent % MIB === 0) onChunk();
        controller.enqueue(new Uint8Array(CHUNK_BYTES).fill((sent / CHUNK_BYTES) % 251));
        sent += CHUNK_BYTES;
        if (sent >= sizeBytes) controller.close();
      },
    }, { highWaterMark: 0 });
  };
  return { open };
}
