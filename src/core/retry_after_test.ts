import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "./limits.ts";
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

Deno.test("whatever Retry-After says, it is a delay that a timer can keep, or none", () => {
  const field = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^[0-9]{1,12}$/),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  let longest = 0;
  fc.assert(fc.property(field, fc.date({ noInvalidDate: true }), (field, now) => {
    const ms = retryAfterMsOf(field, now);
    if (ms === undefined) return;
    assert.ok(Number.isInteger(ms) && ms >= 0 && ms <= LIMITS.namedDelayMsMax, `${field}: ${ms}`);
    longest = Math.max(longest, ms);
  }));
  assert.equal(longest, LIMITS.namedDelayMsMax, "some of them say more");
  assert.ok(LIMITS.namedDelayMsMax < 2 ** 31, "beyond it, timers fire at once");
});
