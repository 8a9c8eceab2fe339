import assert from "node:assert/strict";
import { usageOf } from "./process_usage.ts";

Deno.test("a process is measured as long as it lives", async () => {
  const usage = await usageOf(Deno.pid);
  assert.ok(usage!.cpuSeconds > 0);
  assert.ok(usage!.peakMib * 2 ** 20 >= Deno.memoryUsage().rss / 2);
  const ended = await new Deno.Command("true").spawn();
  await ended.status;
  assert.equal(await usageOf(ended.pid), undefined);
});
