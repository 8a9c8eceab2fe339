import assert from "node:assert/strict";
import fc from "fast-check";
import { VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { RequestWindow } from "./request_window.ts";

const { windowRequests, windowReserve, windowForNewMail, windowMs } = GRAPH_LIMITS;

const call = fc.record({
  pauseMs: fc.integer({ min: 0, max: 90_000 }),
  count: fc.integer({ min: 1, max: 20 }),
  repeat: fc.integer({ min: 1, max: 120 }),
  background: fc.boolean(),
});

Deno.test("in no ten minutes does a mailbox get more requests than Graph grants", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 30 }), async (calls) => {
      const clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
      const window = new RequestWindow(clock);
      const sent: { readonly atMs: number; readonly count: number }[] = [];
      await clock.runUntil((async () => {
        for (const { pauseMs, count, repeat, background } of calls) {
          await clock.sleep(pauseMs, NO_ABORT);
          for (let time = 0; time < repeat; time++) {
            await window.take({ count, background, ...NO_ABORT });
            sent.push({ atMs: clock.monotonicMs(), count });
          }
        }
      })());
      let used = 0;
      let oldest = 0;
      for (const { atMs, count } of sent) {
        used += count;
        for (; sent[oldest]!.atMs <= atMs - windowMs; oldest++) used -= sent[oldest]!.count;
        assert.ok(used <= windowRequests, `${used} requests within ten minutes`);
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("older mail leaves a part of the window to new mail", async () => {
  const clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
  const window = new RequestWindow(clock);
  const background = { background: true, ...NO_ABORT };
  const left = windowRequests - windowReserve - windowForNewMail;
  await window.take({ count: left, ...background });
  const startedMs = clock.monotonicMs();
  const older = window.take({ count: 1, ...background });
  await window.take({ count: windowForNewMail, background: false, ...NO_ABORT });
  assert.equal(clock.monotonicMs(), startedMs);
  await clock.runUntil(older);
  assert.ok(clock.monotonicMs() - startedMs >= windowMs);
});

Deno.test("an abort ends the wait for room in the window", async () => {
  const clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
  const window = new RequestWindow(clock);
  const all = windowRequests - windowReserve;
  await window.take({ count: all, background: false, ...NO_ABORT });
  const stop = new AbortController();
  const waiting = window.take({ count: 1, background: false, signal: stop.signal });
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
});
