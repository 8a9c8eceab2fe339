import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffMs } from "./backoff.ts";

const bounds = { backoffMsMin: 1_000, backoffMsMax: 300_000 };

Deno.test("backoff grows with each failure up to its greatest", () => {
  const most = [0, 1, 2, 9, 500].map((n) => backoffMs(n, bounds, { next: () => 0.999_999 }));
  assert.deepEqual(most, [1_000, 2_000, 4_000, 300_000, 300_000]);
});

Deno.test("backoff stays within its bounds whatever the dice", () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (n, dice) => {
      const ms = backoffMs(n, bounds, { next: () => dice });
      assert.ok(ms >= bounds.backoffMsMin && ms <= bounds.backoffMsMax);
    }),
  );
});
