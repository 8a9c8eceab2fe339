import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { RotatingSecret } from "./rotating_secret.ts";
import { warningsTo } from "./testing/warning_log.ts";

function setUp(kept: { value: string }) {
  const seen = { reads: 0, changes: 0, warnings: [] as unknown[] };
  const secret = new RotatingSecret(new Secret("old"), {
    read: () => {
      seen.reads++;
      if (kept.value !== "") return Promise.resolve(new Secret(kept.value));
      return Promise.reject(new SyncError("fatal", "SecretFileUnreadable", "It is gone"));
    },
    onChange: () => void seen.changes++,
    log: warningsTo((_msg, fields) => seen.warnings.push(fields?.code)),
  });
  return { secret, seen };
}

Deno.test("a secret that is the same is no change, another one is told once", async () => {
  const kept = { value: "old" };
  const { secret, seen } = setUp(kept);
  await secret.reread();
  assert.deepEqual([secret.current.reveal(), seen.changes], ["old", 0]);
  kept.value = "new";
  await Promise.all([secret.reread(), secret.reread(), secret.reread()]);
  assert.deepEqual([secret.current.reveal(), seen.changes, seen.reads], ["new", 1, 2]);
});

Deno.test("who used the secret before last need not read it again", async () => {
  const kept = { value: "new" };
  const { secret, seen } = setUp(kept);
  const used = secret.current;
  assert.ok(await secret.isReplaced(used));
  assert.ok(await secret.isReplaced(used));
  assert.equal(seen.reads, 1);
  assert.ok(!await secret.isReplaced(secret.current));
});

Deno.test("a secret that cannot be read stays as it is, with a warning", async () => {
  const { secret, seen } = setUp({ value: "" });
  assert.ok(!await secret.isReplaced(secret.current));
  assert.equal(secret.current.reveal(), "old");
  assert.deepEqual([seen.changes, seen.warnings], [0, ["SecretFileUnreadable"]]);
});

Deno.test("a secret without a place to read it from stays as it is", async () => {
  const secret = new RotatingSecret(new Secret("only"));
  assert.ok(!await secret.isReplaced(secret.current));
});
