import assert from "node:assert/strict";
import { type MemorySample, rssKibOf, slopeKibPerMinute } from "./memory_samples.ts";

/** A sample each second. */
function life(seconds: number, rssKib: (minute: number) => number): readonly MemorySample[] {
  return Array.from({ length: seconds }, (_, second) => ({
    atMs: second * 1_000,
    rssKib: rssKib(second / 60),
  }));
}

Deno.test("the slope is that of the line through what follows the warm-up", () => {
  const growing = life(300, (minute) => minute < 1 ? 1_000_000 * minute : 90_000 + 50 * minute);
  assert.ok(Math.abs(slopeKibPerMinute(growing)! - 50) < 0.001);
  const shaking = life(600, (minute) => 90_000 + 1_000 * (Math.round(minute * 60) % 2));
  assert.ok(Math.abs(slopeKibPerMinute(shaking)!) < 5);
});

Deno.test("a life that is hardly longer than its warm-up has no slope", () => {
  assert.equal(slopeKibPerMinute(life(100, () => 1)), undefined);
  assert.equal(slopeKibPerMinute([]), undefined);
});

Deno.test("the memory of a process is read as long as it is there", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  assert.ok((await rssKibOf(Deno.pid))! > 1_000);
  assert.equal(await rssKibOf(2 ** 22 + 1), undefined);
});
