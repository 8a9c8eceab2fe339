import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { smallerAfter } from "./smaller_page.ts";

const failed = (code: string) => new SyncError("retryable", code, "Failed");

function sizes(limit: number) {
  const asked: number[] = [];
  const next = smallerAfter(limit, (size) => {
    asked.push(size);
    return size;
  });
  return { next, asked };
}

Deno.test("after asking for too much, half of it is asked for, and never nothing", () => {
  const { next, asked } = sizes(5);
  for (
    const code of ["ErrorTimeoutExpired", "ErrorExceededFindCountLimit", "ResponseTooLarge"]
  ) next(failed(code));
  for (const code of ["Timeout", "Http504"]) next(failed(code));
  assert.deepEqual(asked, [3, 2, 1, 1, 1]);
});

Deno.test("after any other failure the same is asked for again, however small that is by now", () => {
  const { next, asked } = sizes(8);
  for (const code of ["ErrorServerBusy", "ErrorTimeoutExpired", "Http503", "ResponseCorrupt"]) {
    next(failed(code));
  }
  assert.deepEqual(asked, [8, 4, 4, 4]);
});
