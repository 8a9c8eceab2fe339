import { gunzipSync, gzipSync } from "node:zlib";
import type { SeenChanges } from "./change_log.ts";

/** What a `SyncState` stands for. */
export interface SyncStateToken {
  readonly folderId: string;
  /** Raised when the server forgets: tokens of an earlier epoch are no longer accepted. */
  readonly epoch: number;
  readonly seen: SeenChanges;
}

const TOKEN_BYTES_MAX = 1024 * 1024;

/** The opaque string a client gets: compressed and in base64, as Exchange's own is. */
export function encodeSyncState(token: SyncStateToken): string {
  const text = JSON.stringify([1, token.folderId, token.epoch, token.seen]);
  return Uint8Array.from(gzipSync(text)).toBase64();
}

/** The token behind a string; undefined for one that was cut, altered or made elsewhere. */
export function decodeSyncState(text: string): SyncStateToken | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text);
    // gzip carries a checksum, so that an altered token does not pass as another one
    const json = gunzipSync(bytes, { maxOutputLength: TOKEN_BYTES_MAX }).toString();
    const [version, folderId, epoch, seen] = JSON.parse(json);
    return version === 1 ? { folderId, epoch, seen } : undefined;
  } catch {
    return undefined; // the caller answers ErrorInvalidSyncStateData
  }
}
