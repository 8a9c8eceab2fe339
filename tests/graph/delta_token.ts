import { gunzipSync, gzipSync } from "node:zlib";
import type { SeenChanges } from "../exchange/change_log.ts";
import type { OptionName } from "./query_options.ts";

/** What a `$skiptoken` or `$deltatoken` stands for. */
export interface DeltaToken {
  /** The options of the first call, which count for all that follow. */
  readonly options: readonly (readonly [OptionName, string])[];
  /** Of a folder's messages its id and sync state, of the folders themselves what was told. */
  readonly state:
    | { readonly folderId: string; readonly syncState: string }
    | { readonly seen: SeenChanges };
  /** Whether everything there is has been told once. */
  readonly isFollowing: boolean;
  /** Messages told since the round began. */
  readonly told: number;
}

const TOKEN_BYTES_MAX = 1024 * 1024;

/** The opaque string a link carries. */
export function encodeDeltaToken(token: DeltaToken): string {
  return Uint8Array.from(gzipSync(JSON.stringify(token))).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** The token behind a string; undefined for one that was cut, altered or made elsewhere. */
export function decodeDeltaToken(text: string): DeltaToken | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    // gzip carries a checksum, so that an altered token does not pass as another one
    return JSON.parse(gunzipSync(bytes, { maxOutputLength: TOKEN_BYTES_MAX }).toString());
  } catch {
    return undefined; // the caller answers SyncStateInvalid
  }
}
