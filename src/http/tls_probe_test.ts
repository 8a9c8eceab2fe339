import assert from "node:assert/strict";
import { ManualClock } from "./testing/manual_clock.ts";
import { tlsEvidenceOf } from "./tls_probe.ts";

Deno.test("a server is looked at once a minute, and each for itself", async () => {
  const clock = new ManualClock();
  let looks = 0;
  const look = () => Promise.resolve({ certificatesSent: ++looks });
  const seen = async (key: string) => (await tlsEvidenceOf(key, clock, look)).certificatesSent;
  assert.deepEqual(await Promise.all([seen("a"), seen("a"), seen("b")]), [1, 1, 2]);
  clock.advance(59_999);
  assert.equal(await seen("a"), 1);
  clock.advance(1);
  assert.equal(await seen("a"), 3);
  assert.equal(await seen("a"), 3);
});

Deno.test("what is remembered is bounded, and the oldest goes first", async () => {
  const clock = new ManualClock();
  let looks = 0;
  const look = () => Promise.resolve({ certificatesSent: ++looks });
  for (let index = 0; index < 100; index++) await tlsEvidenceOf(`host-${index}`, clock, look);
  assert.equal((await tlsEvidenceOf("host-99", clock, look)).certificatesSent, 100);
  assert.equal((await tlsEvidenceOf("host-0", clock, look)).certificatesSent, 101);
});
