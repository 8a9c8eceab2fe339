import assert from "node:assert/strict";
import { retryAfterMsOf } from "./retry_after.ts";

Deno.test("Retry-After is seconds or a date, and never before now", () => {
  const now = new Date("2026-11-26T12:00:00Z");
  const cases: readonly (readonly [string | undefined, number | undefined])[] = [
    ["17", 17_000],
    [" 0 ", 0],
    ["Thu, 26 Nov 2026 12:01:00 GMT", 60_000],
    ["Thu, 26 Nov 2026 11:59:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [field, ms] of cases) assert.equal(retryAfterMsOf(field, now), ms, field);
});
