import assert from "node:assert/strict";
import { elfLength } from "./elf.ts";

/** A header of 64 bytes whose section table begins at `tableStart`, then `length - 64` zeros. */
function elf(tableStart: number, sections: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0x28, BigInt(tableStart), true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, sections, true);
  return bytes;
}

Deno.test("elf ends with its section table, whatever was appended", () => {
  assert.equal(elfLength(elf(100, 3, 292)), 292);
  assert.equal(elfLength(elf(100, 3, 5000)), 292);
});

Deno.test("elf reads a header that does not begin at the start of its buffer", () => {
  const padded = new Uint8Array(5010);
  padded.set(elf(100, 3, 5000), 10);
  assert.equal(elfLength(padded.subarray(10)), 292);
});

Deno.test("elf refuses what is cut, too short or something else", () => {
  assert.throws(() => elfLength(elf(100, 3, 291)), /cut at 291/);
  assert.throws(() => elfLength(elf(0, 0, 64).subarray(0, 63)), /Not a 64-bit/);
  assert.throws(() => elfLength(new TextEncoder().encode("#!/bin/sh\n".repeat(10))), /Not a/);
});

Deno.test("elf measures a real executable to its last byte", async () => {
  const ls = await Deno.readFile(await Deno.realPath("/bin/ls"));
  assert.equal(elfLength(ls), ls.length);
});
