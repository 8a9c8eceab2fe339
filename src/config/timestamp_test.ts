import assert from "node:assert/strict";
import fc from "fast-check";
import { timestampOf } from "./timestamp.ts";

function iso(text: string): string | undefined {
  return timestampOf(text)?.instant.toISOString();
}

Deno.test("a bare date is midnight UTC and assumes nothing", () => {
  assert.deepEqual(timestampOf("2024-02-29"), {
    instant: new Date("2024-02-29T00:00:00.000Z"),
    offsetAssumed: false,
  });
});

Deno.test("a time without offset is UTC, and says that this was assumed", () => {
  assert.deepEqual(timestampOf("2024-01-02T03:04:05"), {
    instant: new Date("2024-01-02T03:04:05.000Z"),
    offsetAssumed: true,
  });
});

Deno.test("offsets, fractions and missing seconds are read as ISO 8601 means them", () => {
  assert.equal(iso("2024-01-01T00:30+02:00"), "2023-12-31T22:30:00.000Z");
  assert.equal(iso("2024-01-01T00:30:00.25-0530"), "2024-01-01T06:00:00.250Z");
  assert.equal(iso("2024-01-01 00:30:00,1239999+02"), "2023-12-31T22:30:00.123Z");
  assert.equal(iso("2024-01-01t00:30:00z"), "2024-01-01T00:30:00.000Z");
  assert.equal(iso("0099-01-01T00:00:00Z"), "0099-01-01T00:00:00.000Z");
});

Deno.test("days and times that do not exist, and other ways to write one, are refused", () => {
  const refused = [
    ...["2023-02-29", "2024-02-30", "2024-13-01", "2024-00-10", "2024-04-31", "0000-01-01"],
    ...["2024-01-01T24:00", "2024-01-01T23:60", "2024-01-01T23:59:60Z", "2024-01-01T1:00Z"],
    ...["2024-01-01T00:00+24:00", "2024-01-01T00:00+01:60", "2024-01-01Z", "2024-01-01T"],
    ...["1704067200", "01/02/2024", "2024-1-1", "yesterday", "", " 2024-01-01", "2024-01-01\n"],
    ...["9999-12-31T23:59-01:00", "0001-01-01T00:00+01:00", "٢٠٢٤-01-01"],
  ];
  for (const text of refused) assert.equal(timestampOf(text), undefined, text);
});

Deno.test("every instant is read back from its own ISO form, with any offset", () => {
  const date = fc.date({
    min: new Date("0002-01-01T00:00:00Z"),
    max: new Date("9998-12-31T00:00:00Z"),
    noInvalidDate: true,
  });
  fc.assert(fc.property(date, fc.integer({ min: -1439, max: 1439 }), (instant, minutes) => {
    assert.equal(iso(instant.toISOString()), instant.toISOString());
    const local = new Date(instant.getTime() + minutes * 60_000).toISOString().slice(0, -1);
    const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    const offset = `${minutes < 0 ? "-" : "+"}${pad(hours)}:${pad(rest)}`;
    assert.equal(iso(local + offset), instant.toISOString());
  }));
});

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
