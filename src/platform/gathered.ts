import { joined } from "./joined.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";

/** The same bytes in fewer pieces, for each goes out as a chunk of its own. Fails as `pieces` does. */
export async function* gathered(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < PLATFORM_LIMITS.bodyPieceBytes) continue;
    yield joined(waiting);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield joined(waiting);
}
