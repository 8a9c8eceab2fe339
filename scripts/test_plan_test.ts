import assert from "node:assert/strict";
import { planTests } from "./test_plan.ts";

const FILES = [
  "scripts/elf_test.ts",
  "src/core/email_test.ts",
  "src/core/mailbox_test.ts",
  "tests/e2e/run_test.ts",
  "tests/long/soak_test.ts",
];

function planned(...args: readonly string[]): Record<string, readonly string[]> {
  const { runs } = planTests(args, FILES);
  return Object.fromEntries(runs.map(({ group, files }) => [group.name, files]));
}

Deno.test("test plan holds every group, and the long ones only when asked", () => {
  const usual = {
    unit: ["src/core/email_test.ts", "src/core/mailbox_test.ts"],
    scripts: ["scripts/elf_test.ts"],
    e2e: ["tests/e2e/run_test.ts"],
  };
  assert.deepEqual(planned(), usual);
  assert.deepEqual(planned("--all"), { ...usual, long: ["tests/long/soak_test.ts"] });
  assert.equal(planTests(["--all"], FILES).whole, true);
});

Deno.test("test plan takes files, folders and sources that developers name", () => {
  assert.deepEqual(planned("src/core/email.ts"), { unit: ["src/core/email_test.ts"] });
  assert.deepEqual(planned("./src/core/email_test.ts"), { unit: ["src/core/email_test.ts"] });
  assert.deepEqual(planned("tests/e2e/", "scripts"), {
    scripts: ["scripts/elf_test.ts"],
    e2e: ["tests/e2e/run_test.ts"],
  });
  assert.deepEqual(planned("tests/long"), { long: ["tests/long/soak_test.ts"] });
});

Deno.test("test plan passes any other word on as part of a test's name", () => {
  const { whole, runs } = planTests(["keeps the old state", "src/core"], FILES);
  assert.equal(whole, false);
  assert.deepEqual(runs.map(({ filter, files }) => [filter, files.length]), [
    ["keeps the old state", 2],
  ]);
  assert.throws(() => planTests(["one", "two"], FILES), /At most one name/);
});

Deno.test("test plan refuses to leave tests out in silence", () => {
  assert.throws(
    () => planTests([], [...FILES, "tests/novel/x_test.ts"]),
    /novel\/x_test.ts is in no/,
  );
  assert.throws(() => planTests(["src/missing"], FILES), /No tests at src\/missing/);
});
