import { SyncError } from "../core/errors.ts";

/**
 * Failures of the server, or on the way to it, that one poisonous item can cause every time: whoever
 * makes its content crashes, or is not done in time. Not those by which a server says it is busy.
 */
const DOUBTED_CODES: ReadonlySet<string> = new Set([
  "ConnectionClosed",
  "ConnectionReset",
  "Http500",
  "Http502",
  "Http504",
  "HttpMalformed",
  "ResponseNotJson",
  "ResponseNotMime",
  "ResponseNotXml",
  "Timeout",
]);

export interface DoubtOptions {
  /** So many failures, and the request is doubted: at this one and each that follows. */
  readonly failuresMax: number;
  /** One harmless request that shows whether the mailbox answers; rejects if not. */
  readonly probe: () => Promise<void>;
}

/**
 * For `retry`: a request for items whose failures are blamed on the server until it is found to
 * answer otherwise. From then on they are the items' own (kind `item`).
 */
export function doubtedRequest<T>(
  request: () => Promise<T>,
  { failuresMax, probe }: DoubtOptions,
): () => Promise<T> {
  let failures = 0;
  return async () => {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof SyncError) || !isDoubted(error)) throw error;
      failures++;
      if (failures < failuresMax || !(await answers(probe))) throw error;
      throw error.as("item");
    }
  };
}

/** Whether the server failed in a way that one item can cause. */
export function isDoubted({ kind, code }: SyncError): boolean {
  return kind === "retryable" && DOUBTED_CODES.has(code);
}

/** Whether a probe succeeds. */
export async function answers(probe: () => Promise<void>): Promise<boolean> {
  try {
    await probe();
    return true;
  } catch (error) {
    // The failure of the request itself is the one that is reported.
    if (error instanceof SyncError) return false;
    throw error;
  }
}
