import assert from "node:assert/strict";
import type { SyncError } from "../../core/errors.ts";

/** What a promise rejects with, as it must. */
export async function rejectionOf(promise: Promise<unknown>): Promise<SyncError> {
  return await promise.then(
    () => assert.fail("it was expected to reject"),
    (error) => error as SyncError,
  );
}
