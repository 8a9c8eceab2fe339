import type { HttpResponse } from "../http/transport.ts";

/** Pages of errors are shorter; reading on would cost more than a new connection. */
const PAGE_BYTES_MAX = 64 * 1024;

/**
 * Frees the connection of an answer whose body is of no use: a short one is read to its end, so that
 * the connection, and the sign-in it may have cost, can be used again.
 */
export async function discardBody({ body }: HttpResponse): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > PAGE_BYTES_MAX) break;
    }
  } catch {
    // What the status says stands, whether or not its page arrives whole; an abort shows later.
  }
}
