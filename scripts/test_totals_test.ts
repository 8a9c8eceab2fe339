import assert from "node:assert/strict";
import { join } from "node:path";
import { addTotals, groupTotals, NO_TESTS, readTotals, totalsLine } from "./test_totals.ts";

// Reports come from the real thing: a format that Deno changes must fail here.
async function report(source: string): Promise<{ code: number; junit: string | undefined }> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "sample_test.ts"), source);
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-config", "--no-check", "--junit-path=report.xml", "sample_test.ts"],
      cwd: folder,
      stdout: "null",
      stderr: "null",
    }).output();
    return {
      code,
      junit: await Deno.readTextFile(join(folder, "report.xml")).catch(() => undefined),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("totals count passed, failed and ignored tests and steps, whatever they print", async () => {
  const { junit, code } = await report(`
    Deno.test("passes", () => console.log('<testcase name="x"><failure>'));
    Deno.test("fails", () => { throw new Error('<skipped/> <testcase name="y">'); });
    Deno.test("has steps", async (t) => { await t.step("one", () => {}); });
    Deno.test.ignore('needs a "tape drive" & <patience>', () => {});
  `);
  assert.equal(code, 1);
  assert.deepEqual(groupTotals(junit, code), {
    passed: 3,
    failed: 1,
    skipped: ['needs a "tape drive" & <patience>'],
  });
});

Deno.test("totals count a test that an uncaught error cancelled as failed", async () => {
  const { junit, code } = await report(`
    Deno.test("is torn down", async () => {
      setTimeout(() => { throw new Error("late"); });
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    });
  `);
  assert.deepEqual(groupTotals(junit, code), { passed: 0, failed: 1, skipped: [] });
});

Deno.test("totals count a file that does not load as one failure", async () => {
  for (const source of ['throw new Error("at load");', 'import "./missing.ts";', "syntax error"]) {
    const { junit, code } = await report(source);
    assert.deepEqual(groupTotals(junit, code), { passed: 0, failed: 1, skipped: [] }, source);
  }
});

Deno.test("totals of a run without a report are nothing if it succeeded", () => {
  assert.deepEqual(groupTotals(undefined, 0), NO_TESTS);
  assert.deepEqual(readTotals(""), NO_TESTS);
});

Deno.test("totals line has the skipped ones only if there are any", () => {
  const totals = { passed: 2, failed: 1, skipped: [] };
  assert.equal(totalsLine(totals), "tests: 2 passed, 1 failed");
  assert.equal(
    totalsLine(addTotals(totals, { passed: 1, failed: 0, skipped: ["a", "b"] })),
    "tests: 3 passed, 1 failed, 2 skipped",
  );
});
