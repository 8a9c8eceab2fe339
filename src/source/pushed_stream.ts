import type { CallOptions } from "../core/env.ts";

/** Takes the next bytes; resolves when the reader has room for more. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/**
 * A stream of what `push` writes, at the reader's pace: nothing is made ahead. It closes when `push`
 * resolves and fails with what `push` rejects with. When the reader cancels, the signal that `push`
 * was given is aborted.
 */
export function pushedStream(
  signal: AbortSignal,
  push: (write: Write, options: CallOptions) => Promise<void>,
): ReadableStream<Uint8Array> {
  const cancelled = new AbortController();
  // Nothing is read ahead: the writer waits until somebody reads.
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  // Rejects when the reader cancels; then the work must not go on.
  writer.closed.catch((reason) => cancelled.abort(reason));
  const options = { signal: AbortSignal.any([signal, cancelled.signal]) };
  push((bytes) => writer.write(bytes), options)
    .then(() => writer.close())
    // The stream carries the failure to its reader; after a cancel there is none.
    .catch((error) => writer.abort(error).catch(() => {}));
  return readable;
}
