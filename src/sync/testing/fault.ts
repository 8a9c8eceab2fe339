import type { SyncError } from "../../core/errors.ts";

/** Asked before each call of a port; what it returns is thrown. */
export type Fault = (call: string, subject: string) => SyncError | undefined;
