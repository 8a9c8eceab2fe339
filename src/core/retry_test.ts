import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import type { Env, LogFields, Logger } from "./env.ts";
import { SyncError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { retry, type RetryEvent, type RetryOptions } from "./retry.ts";

const BUSY = new SyncError("retryable", "ErrorServerBusy", "Busy");

interface Harness {
  readonly clock: VirtualClock;
  readonly warnings: LogFields[];
  readonly events: RetryEvent[];
  readonly options: RetryOptions;
}

function harness(dice: number, overrides: Partial<RetryOptions> = {}): Harness {
  const clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
  const warnings: LogFields[] = [];
  const events: RetryEvent[] = [];
  const silent = () => {};
  const log: Logger = {
    error: silent,
    warn: (_msg, fields = {}) => void warnings.push(fields),
    info: silent,
    debug: silent,
    trace: silent,
    with: () => log,
  };
  const env: Env = { clock, entropy: { next: () => dice }, log };
  return {
    clock,
    warnings,
    events,
    options: {
      env,
      signal: new AbortController().signal,
      budgetMs: LIMITS.retryBudgetMs,
      onRetry: (event) => events.push(event),
      ...overrides,
    },
  };
}

function failing(times: number, error: unknown = BUSY): (attempt: number) => Promise<number> {
  return (attempt) => attempt <= times ? Promise.reject(error) : Promise.resolve(attempt);
}

Deno.test("an attempt that works is made once, without a pause", async () => {
  const { clock, options, events } = harness(0.5);
  assert.equal(await retry(failing(0), options), 1);
  assert.equal(events.length, 0);
  assert.equal(clock.now().toISOString(), "2026-01-01T00:00:00.000Z");
});

Deno.test("pauses double up to their ceiling, jitter decides where within", async () => {
  for (const [dice, expected] of [[0, [1000, 1000, 1000]], [1, [2000, 4000, 8000]]] as const) {
    const { clock, options, events } = harness(dice);
    assert.equal(await clock.runUntil(retry(failing(3), options)), 4);
    assert.deepEqual(events.map(({ delayMs }) => delayMs), expected);
    assert.deepEqual(events.map(({ attempt }) => attempt), [1, 2, 3]);
  }
});

Deno.test("a delay the server names is never undercut, jitter comes on top", async () => {
  const named = new SyncError("retryable", "ErrorServerBusy", "Busy", { retryAfterMs: 20_000 });
  for (const dice of [0, 0.99]) {
    const { clock, options, events } = harness(dice);
    const startedMs = clock.monotonicMs();
    await clock.runUntil(retry(failing(1, named), options));
    assert.ok(clock.monotonicMs() - startedMs >= 20_000);
    assert.ok(events[0]!.delayMs <= 22_000);
  }
});

Deno.test("a named delay above the limit rejects at once", async () => {
  const long = new SyncError("retryable", "Http503", "Busy", {
    retryAfterMs: LIMITS.retryAfterMsMax + 1,
  });
  const { options, events } = harness(0);
  await assert.rejects(retry(failing(1, long), options), long);
  assert.equal(events.length, 0);
});

Deno.test("time is up when the next attempt would begin after the budget", async () => {
  const { clock, options } = harness(1, { budgetMs: 10_000 });
  const startedMs = clock.monotonicMs();
  await assert.rejects(clock.runUntil(retry(failing(Infinity), options)), BUSY);
  // 2 s and 4 s pass; the 8 s after them do not fit any more.
  assert.equal(clock.monotonicMs() - startedMs, 6_000);
});

Deno.test("attempts are counted where the error asks for it", async () => {
  const { clock, options, events } = harness(0, {
    attemptsMax: ({ code }) => code === "ErrorServerBusy" ? 3 : Infinity,
  });
  await assert.rejects(clock.runUntil(retry(failing(Infinity), options)), BUSY);
  assert.equal(events.length, 2);
});

Deno.test("errors of any other kind, and what is no SyncError, are passed on at once", async () => {
  for (const error of [BUSY.as("item"), BUSY.as("fatal"), new TypeError("defect")]) {
    const { options, events } = harness(0);
    await assert.rejects(retry(failing(1, error), options), error);
    assert.equal(events.length, 0);
  }
});

Deno.test("an abort ends the pause with the signal's reason", async () => {
  const stop = new AbortController();
  const { clock, options } = harness(0, {
    signal: stop.signal,
    onRetry: () => stop.abort(new Error("stopping")),
  });
  await assert.rejects(clock.runUntil(retry(failing(1), options)), /stopping/);
});

Deno.test("an attempt that failed because of the abort rejects with the signal's reason", async () => {
  const stop = new AbortController();
  const { options } = harness(0, { signal: stop.signal });
  const attempt = () => {
    stop.abort(new Error("stopping"));
    return Promise.reject(BUSY);
  };
  await assert.rejects(retry(attempt, options), /stopping/);
});

Deno.test("every retry is logged with what an operator needs", async () => {
  const { clock, options, warnings } = harness(0);
  const error = BUSY.in({ mailbox: "a@example.com", operation: "GetItem" });
  await clock.runUntil(retry(failing(1, error), options));
  assert.deepEqual(warnings, [{
    attempt: 1,
    delayMs: 1000,
    code: "ErrorServerBusy",
    reason: "Busy",
    operation: "GetItem",
    mailbox: "a@example.com",
  }]);
});
