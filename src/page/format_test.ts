import assert from "node:assert/strict";
import fc from "fast-check";
import { absoluteText, countedText, durationText, relativeText, sizeText } from "./format.ts";

const now = new Date(2026, 10, 26, 12, 3, 44);

function before(ms: number): Date {
  return new Date(now.getTime() - ms);
}

Deno.test("ages are told in the unit that says most", () => {
  const seconds = {
    0: "0 s",
    1: "1 s",
    119: "119 s",
    120: "2 min",
    7_199: "119 min",
    7_200: "2 h",
  };
  for (const [s, text] of Object.entries(seconds)) {
    assert.equal(durationText(Number(s) * 1_000), text);
  }
  const days = {
    1: "24 h",
    2: "2 d",
    89: "89 d",
    90: "3 months",
    729: "24 months",
    730: "2 years",
  };
  for (const [d, text] of Object.entries(days)) {
    assert.equal(durationText(Number(d) * 86_400_000), text);
  }
  assert.equal(relativeText(now, now), "now");
  assert.equal(relativeText(before(200_000), now), "3 min ago");
  assert.equal(relativeText(before(-200_000), now), "in 3 min");
});

Deno.test("a time shows as much of its date as is needed", () => {
  assert.equal(absoluteText(new Date(2026, 10, 26, 0, 5), now), "00:05");
  assert.equal(absoluteText(new Date(2026, 10, 25, 23, 59), now), "25 Nov 23:59");
  assert.equal(absoluteText(new Date(2019, 0, 1, 9, 0), now), "1 Jan 2019 09:00");
});

Deno.test("sizes have three digits at most and never a thousand of a unit", () => {
  assert.equal(sizeText(0), "0 bytes");
  assert.equal(sizeText(999), "999 bytes");
  assert.equal(sizeText(1_000), "1 kB");
  assert.equal(sizeText(999_999), "1 MB");
  assert.equal(sizeText(1_234_567_890), "1.23 GB");
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), (bytes) => {
    assert.match(sizeText(bytes * 1_000), /^\d{1,3}(\.\d{1,2})? (bytes|kB|MB|GB|TB)$/);
  }));
});

Deno.test("counts are grouped, and one is singular", () => {
  assert.equal(countedText(1, "mailbox", "mailboxes"), "1 mailbox");
  assert.equal(countedText(12_345, "email"), "12,345 emails");
});
