import assert from "node:assert/strict";
import fc from "fast-check";
import { BUCKET_MS, emailsOf, Throughput } from "./throughput.ts";

Deno.test("throughput holds exactly what was added within the last hour, minute by minute", () => {
  const deliveries = fc.array(
    fc.record({ pauseMs: fc.integer({ min: 0, max: 40 * BUCKET_MS }), emails: fc.nat(500) }),
    { maxLength: 40 },
  );
  fc.assert(fc.property(deliveries, fc.nat(90 * BUCKET_MS), (list, waitMs) => {
    const throughput = new Throughput();
    const added: { minute: number; emails: number }[] = [];
    let nowMs = 0;
    for (const { pauseMs, emails } of list) {
      nowMs += pauseMs;
      throughput.add(emails, emails * 10, nowMs);
      added.push({ minute: Math.floor(nowMs / BUCKET_MS), emails });
    }
    nowMs += waitMs;
    const minute = Math.floor(nowMs / BUCKET_MS);
    const expected = Array.from(
      { length: 60 },
      (_, index) =>
        added.filter((each) => each.minute === minute - 59 + index)
          .reduce((sum, { emails }) => sum + emails, 0),
    );
    const hour = throughput.read(nowMs);
    assert.deepEqual(hour.emails, expected);
    assert.deepEqual(hour.bytes, expected.map((emails) => emails * 10));
    assert.equal(emailsOf(hour), expected.reduce((a, b) => a + b, 0));
  }));
});
