import assert from "node:assert/strict";
import { isUtf8, NotUtf8, Utf8Check } from "./utf8_check.ts";

const STRICT = new TextDecoder("utf-8", { fatal: true });

function isUtf8ForTheRuntime(bytes: Uint8Array): boolean {
  try {
    STRICT.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

Deno.test("UTF-8 is what the runtime takes for UTF-8, at every edge of its ranges", () => {
  const edges = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  const leads = [
    ...edges,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xe1,
    0xec,
    0xed,
    0xee,
    0xef,
    0xf0,
    0xf1,
    0xf3,
    0xf4,
    0xf5,
    0xff,
  ];
  for (const lead of leads) {
    for (const second of leads) {
      for (const third of edges) {
        for (const fourth of [undefined, ...edges]) {
          const bytes = Uint8Array.from([
            lead,
            second,
            third,
            ...(fourth === undefined ? [] : [fourth]),
          ]);
          assert.equal(isUtf8(bytes), isUtf8ForTheRuntime(bytes), bytes.toHex());
        }
      }
    }
  }
});

Deno.test("UTF-8 may be cut between pieces, and not at the end", () => {
  const check = new Utf8Check();
  for (const byte of new TextEncoder().encode("a😀é")) check.check(Uint8Array.of(byte));
  check.finish();
  check.check(Uint8Array.of(0xf0, 0x9f));
  assert.throws(() => check.finish(), NotUtf8);
});
