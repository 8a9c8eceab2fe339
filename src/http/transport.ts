import type { CallOptions } from "../core/env.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Absolute URL; the transport decides which connection serves it. */
  readonly url: URL;
  /** Names in lower case. Never credentials: those are the transport's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; several fields of one name joined with ", ". */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * The body as it arrives, to be read once, to its end, or cancelled (`return()`), which frees the
   * connection. Fails with a `retryable` `SyncError` when it is cut short or stalls.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Sends one request, with credentials where the implementation adds them. Resolves for any status
 * it does not handle itself. Rejects with a `SyncError`: `retryable` for what can pass (connection
 * refused or reset, timeouts), others with the real cause and its remedy (TLS trust, credentials).
 */
export interface HttpTransport {
  send(request: HttpRequest, options: CallOptions): Promise<HttpResponse>;
}
