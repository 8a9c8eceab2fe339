/**
 * The bytes of one email, exactly as the source gives them, as a stream that can be opened again.
 *
 * Content held in memory opens from there; large content is fetched anew with every `open`, so that
 * it flows from source to sink without ever being whole in memory.
 */
export interface MimeContent {
  /** Exact length in bytes, known only where the content is held. */
  readonly sizeBytes?: number;
  /** All of its bytes, where they are held: `mimeChunks` reads them without a stream. */
  readonly held?: readonly Uint8Array[];
  /**
   * Opens the content from its first byte. The stream closes normally only if the source has
   * delivered all of it; otherwise it fails with a `SyncError` of the source (`retryable`, `item`,
   * …), and whoever wrote it must discard what was written.
   */
  open(signal: AbortSignal): ReadableStream<Uint8Array>;
  /**
   * Gives back the memory that the content is held in, which then is used for other content: only
   * for who knows that nobody reads it any more, or ever will. May be called again; need not be
   * called at all.
   */
  release?(): void;
}

/** MIME content held in memory, in pieces. */
export function heldMimeContent(
  held: readonly Uint8Array[],
  release?: () => void,
): MimeContent {
  return {
    sizeBytes: held.reduce((sum, chunk) => sum + chunk.byteLength, 0),
    held,
    open: () => ReadableStream.from(held),
    ...(release ? { release } : {}),
  };
}

/** The bytes in order, as `open` gives them; a stream is made only where one is needed. */
export function mimeChunks(
  mime: MimeContent,
  signal: AbortSignal,
): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return mime.held ?? mime.open(signal);
}
