import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { doubtedRequest } from "./doubted_request.ts";

const failed = (kind: "retryable" | "mailbox", code: string) =>
  doubtedRequest(() => Promise.reject(new SyncError(kind, code, "Failed")), {
    failuresMax: 2,
    probe: () => Promise.resolve(),
  });

Deno.test("a request is doubted at the given number of failures, not before", async () => {
  const request = failed("retryable", "Http500");
  await assert.rejects(request(), { kind: "retryable", code: "Http500" });
  await assert.rejects(request(), { kind: "item", code: "Http500" });
});

Deno.test("failures that no item can cause are passed on as they are, and so is what works", async () => {
  for (const [kind, code] of [["retryable", "Http503"], ["mailbox", "Http500"]] as const) {
    const request = failed(kind, code);
    for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(request(), { kind, code });
  }
  const works = doubtedRequest(() => Promise.resolve("value"), {
    failuresMax: 1,
    probe: () => Promise.reject(new Error("not asked")),
  });
  assert.equal(await works(), "value");
});

Deno.test("a defect in a probe, or an abort of it, is no failure of the server", async () => {
  const request = doubtedRequest(
    () => Promise.reject(new SyncError("retryable", "Timeout", "Failed")),
    { failuresMax: 1, probe: () => Promise.reject(new Error("stopping")) },
  );
  await assert.rejects(request(), /stopping/);
});
