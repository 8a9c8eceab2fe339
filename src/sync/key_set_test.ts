import assert from "node:assert/strict";
import { storageKeyOf } from "../core/email.ts";
import { KeySet } from "./key_set.ts";

Deno.test("a set of keys knows what it holds and what was seen, however far it has grown", () => {
  const keys = Array.from(
    { length: 5_000 },
    (_, number) => storageKeyOf(`<${number}@x>`, undefined),
  );
  const set = new KeySet();
  for (const key of keys.slice(0, 500)) set.add(key);
  for (const key of keys.slice(0, 100)) assert.ok(set.see(key));
  for (const key of keys.slice(400, 4_000)) set.add(key);
  assert.equal(set.size, 4_000);
  assert.equal(set.seen, 100);
  assert.ok(set.see(keys[50]!), "seen before it grew");
  assert.equal(set.seen, 100);
  assert.ok(keys.slice(0, 4_000).every((key) => set.has(key)));
  assert.ok(!keys.slice(4_000).some((key) => set.see(key)));
});
