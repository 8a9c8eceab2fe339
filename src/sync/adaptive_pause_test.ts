import assert from "node:assert/strict";
import fc from "fast-check";
import { AdaptivePause } from "./adaptive_pause.ts";

const OPTIONS = { pauseMsMin: 2_000, pausePerFolderMs: 300, pauseMsMax: 15_000 };

Deno.test("mail is followed by a short pause, and pauses grow while there is none", () => {
  const pause = new AdaptivePause(OPTIONS);
  const few = { folders: 3 };
  assert.equal(pause.after({ ...few, hadMail: false }), 15_000);
  const pauses = [true, false, false, false, false, false, false]
    .map((hadMail) => pause.after({ ...few, hadMail }));
  assert.deepEqual(pauses, [2_000, 3_000, 4_500, 6_750, 10_125, 15_000, 15_000]);
});

Deno.test("many folders are polled no more often than the requests allow", () => {
  const pause = new AdaptivePause(OPTIONS);
  assert.equal(pause.after({ folders: 20, hadMail: true }), 6_000);
  assert.equal(pause.after({ folders: 1_000, hadMail: true }), 15_000);
});

Deno.test("no pause is longer than poll_frequency, nor shorter than both bounds allow", () => {
  const round = fc.record({ folders: fc.nat(500), hadMail: fc.boolean() });
  fc.assert(fc.property(
    fc.array(round),
    fc.integer({ min: 100, max: 86_400_000 }),
    (rounds, pauseMsMax) => {
      const pause = new AdaptivePause({ ...OPTIONS, pauseMsMax });
      for (const outcome of rounds) {
        const ms = pause.after(outcome);
        const leastMs = Math.max(OPTIONS.pauseMsMin, outcome.folders * OPTIONS.pausePerFolderMs);
        assert.ok(ms <= pauseMsMax && ms >= Math.min(leastMs, pauseMsMax));
      }
    },
  ));
});
