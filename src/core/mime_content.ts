/**
 * The bytes of one email, exactly as the source gives them, as a stream that can be opened again.
 *
 * Content held in memory opens from there; large content is fetched anew with every `open`, so that
 * it flows from source to sink without ever being whole in memory.
 */
export interface MimeContent {
  /** Exact length in bytes, known only where the content is held. */
  readonly sizeBytes?: number;
  /**
   * Opens the content from its first byte. The stream closes normally only if the source has
   * delivered all of it; otherwise it fails with a `SyncError` of the source (`retryable`, `item`,
   * …), and whoever wrote it must discard what was written.
   */
  open(signal: AbortSignal): ReadableStream<Uint8Array>;
}

/** MIME content held in memory as the chunks it arrived in. */
export function heldMimeContent(chunks: readonly Uint8Array[]): MimeContent {
  return {
    sizeBytes: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0),
    open: () => ReadableStream.from(chunks),
  };
}
