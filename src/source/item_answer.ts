import type { SyncError } from "../core/errors.ts";

/** The outcome for one item of a request for several. */
export type ItemAnswer<T> =
  | { readonly itemId: string; readonly value: T }
  | { readonly itemId: string; readonly error: SyncError };
