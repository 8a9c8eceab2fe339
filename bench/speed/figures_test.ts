import assert from "node:assert/strict";
import fc from "fast-check";
import { figureText, median, medians } from "./figures.ts";

Deno.test("half of the values are at or below the median, and half at or above", () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
  fc.assert(fc.property(values, (values) => {
    const middle = median(values);
    assert.ok(values.filter((value) => value <= middle).length * 2 >= values.length);
    assert.ok(values.filter((value) => value >= middle).length * 2 >= values.length);
  }));
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 7]), 6);
  assert.throws(() => median([]), RangeError);
});

Deno.test("each figure has a median of its own, of the runs that have it", () => {
  const runs = [{ emailsPerS: 1, peakMib: 90 }, { emailsPerS: 3, peakMib: 70 }, { emailsPerS: 2 }];
  assert.deepEqual(medians(runs), { emailsPerS: 2, peakMib: 80 });
});

Deno.test("a figure is shown with the digits of its kind", () => {
  assert.equal(figureText("emailsPerS", 1234.5), "1,235");
  assert.equal(figureText("emailsPerS", 0.27), "0.27");
  assert.equal(figureText("fetchedAgain", 0), "0");
  assert.equal(figureText("idleCpu", 0.05), "0.050");
});
