import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { retry } from "../core/retry.ts";
import { countedByCode } from "./counted_by_code.ts";
import { NO_ABORT, testEnv } from "./testing/test_env.ts";

const failed = (code: string) => new SyncError("retryable", code, "Failed");

Deno.test("a failure may happen so often, whatever else fails in between", () => {
  const mayGoOn = countedByCode(({ code }) => code === "Poison" ? 3 : Infinity);
  const goesOn = (code: string) => mayGoOn(failed(code)) > 0;
  assert.deepEqual(
    ["Poison", "Busy", "Busy", "Busy", "Poison", "Busy", "Poison"].map(goesOn),
    [true, true, true, true, true, true, false],
  );
  // Each code has its own count, each use of it begins at nothing.
  assert.equal(countedByCode(() => 2)(failed("Poison")), Infinity);
});

Deno.test("a busy server uses up no attempts of a request that may be hopeless", async () => {
  const env = testEnv();
  const codes = ["Busy", "Poison", "Busy", "Busy", "Busy", "Poison", "Poison"];
  let attempts = 0;
  const running = retry(() => Promise.reject(failed(codes[attempts++]!)), {
    ...NO_ABORT,
    env,
    budgetMs: 10 * 60_000,
    attemptsMax: countedByCode(({ code }) => code === "Poison" ? 3 : Infinity),
  });
  await assert.rejects(env.clock.runUntil(running), { code: "Poison" });
  assert.equal(attempts, codes.length);
});
