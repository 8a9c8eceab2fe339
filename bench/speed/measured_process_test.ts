import assert from "node:assert/strict";
import { measuredRun } from "./measured_process.ts";

Deno.test("a program gets its input, and what it says last is its result", async () => {
  const program = "bash";
  const script = 'read -r count; echo "some words"; echo "{\\"delivered\\":$count,\\"tookMs\\":1}"';
  const { last } = await measuredRun({ program, args: ["-c", script], input: "7\n" });
  assert.deepEqual(last, { delivered: 7, tookMs: 1 });
  await assert.rejects(
    measuredRun({ program, args: ["-c", "echo broken; exit 3"] }),
    /bash ended with 3: broken/,
  );
});
