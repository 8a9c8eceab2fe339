import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { NO_ABORT, testEnv } from "./testing/test_env.ts";
import { ThrottleGate } from "./throttle_gate.ts";

const BUSY = new SyncError("retryable", "ErrorServerBusy", "Busy");
const done = () => Promise.resolve("done");

Deno.test("nobody passes before the time that was named, jitter only delays", async () => {
  for (const dice of [0, 0.999]) {
    const env = testEnv(dice);
    const gate = new ThrottleGate(env, { inFlightMax: 10 });
    const startedMs = env.clock.monotonicMs();
    gate.close(BUSY, 30_000);
    const passedMs: number[] = [];
    const pass = () => gate.run(done, NO_ABORT).then(() => passedMs.push(env.clock.monotonicMs()));
    await env.clock.runUntil(Promise.all([pass(), pass(), pass()]));
    assert.ok(passedMs.every((ms) => ms - startedMs >= 30_000), String(passedMs));
    assert.ok(passedMs.every((ms) => ms - startedMs <= 31_000), String(passedMs));
  }
});

Deno.test("a shorter delay does not open the gate early, one that comes meanwhile extends it", async () => {
  const env = testEnv();
  const gate = new ThrottleGate(env, { inFlightMax: 10 });
  const startedMs = env.clock.monotonicMs();
  gate.close(BUSY, 30_000);
  gate.close(BUSY, 1_000);
  const passed = gate.run(done, NO_ABORT);
  const later = env.clock.sleep(20_000, NO_ABORT).then(() => gate.close(BUSY, 40_000));
  await env.clock.runUntil(Promise.all([passed, later]));
  assert.equal(env.clock.monotonicMs() - startedMs, 60_000);
});

Deno.test("a gate that closes while callers wait for the wider one keeps them, too", async () => {
  const env = testEnv();
  const server = new ThrottleGate(env, { inFlightMax: Infinity });
  const mailbox = new ThrottleGate(env, { inFlightMax: 10, wider: server });
  const other = new ThrottleGate(env, { inFlightMax: 10, wider: server });
  const startedMs = env.clock.monotonicMs();
  const passed = (gate: ThrottleGate) =>
    gate.run(() => Promise.resolve(env.clock.monotonicMs() - startedMs), NO_ABORT);
  server.close(BUSY, 5_000);
  const times = Promise.all([passed(mailbox), passed(other)]);
  const closing = env.clock.sleep(1_000, NO_ABORT).then(() => mailbox.close(BUSY, 20_000));
  await env.clock.runUntil(closing);
  assert.deepEqual(await env.clock.runUntil(times), [21_000, 5_000]);
});

Deno.test("a gate closed for too long turns callers away, kind mailbox, without a wait", async () => {
  const env = testEnv();
  const gate = new ThrottleGate(env, { inFlightMax: 1 });
  gate.close(BUSY, LIMITS.retryAfterMsMax + 60_000);
  await assert.rejects(gate.run(done, NO_ABORT), { code: "ErrorServerBusy", kind: "mailbox" });
  await env.clock.runUntil(env.clock.sleep(60_000, NO_ABORT));
  assert.equal(await env.clock.runUntil(gate.run(done, NO_ABORT)), "done");
});

/** Holds as many callers as the gate admits, and says how many those are. */
async function admitted(gate: ThrottleGate, callers: number): Promise<number> {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let inside = 0;
  const calls = Array.from({ length: callers }, () =>
    gate.run(async () => {
      inside++;
      await held;
    }, NO_ABORT));
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  const peak = inside;
  release();
  await Promise.all(calls);
  assert.equal(inside, callers, "everybody gets in at last");
  return peak;
}

Deno.test("only so many are inside; half as many after a busy answer, more again with success", async () => {
  const env = testEnv();
  const gate = new ThrottleGate(env, { inFlightMax: 4 });
  assert.equal(await admitted(gate, 9), 4);
  gate.close(BUSY, 1);
  gate.close(BUSY, 1); // of another request that was in flight: the same overload
  await env.clock.runUntil(env.clock.sleep(1_000, NO_ABORT));
  assert.equal(await admitted(gate, 2), 2);
  assert.ok(await admitted(gate, 20) >= 2);
  assert.equal(await admitted(gate, 9), 4);
});

Deno.test("what one budget has no room for waits for the wider one; others get in meanwhile", async () => {
  const env = testEnv();
  const server = new ThrottleGate(env, { inFlightMax: 3 });
  const [one, other] = [2, 2].map((inFlightMax) =>
    new ThrottleGate(env, { inFlightMax, wider: server })
  );
  const inside: string[] = [];
  const leave: (() => void)[] = [];
  const calls = [one!, one!, one!, other!, other!, other!].map((gate, at) =>
    gate.run(async () => {
      inside.push(`${at}`);
      await new Promise<void>((resolve) => leave.push(resolve));
    }, NO_ABORT)
  );
  const settled = async () => {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    return inside.join(" ");
  };
  assert.equal(await settled(), "0 1 3");
  leave[2]!();
  assert.equal(await settled(), "0 1 3 4");
  leave[0]!();
  const last = await settled();
  assert.equal(last.split(" ").length, 5);
  while (inside.length < calls.length || leave.length > 0) {
    leave.splice(0).forEach((go) => go());
    await settled();
  }
  await Promise.all(calls);
  assert.equal(inside.toSorted().join(" "), "0 1 2 3 4 5");
});

Deno.test("an abort while waiting rejects with its reason and takes no one's place", async () => {
  const gate = new ThrottleGate(testEnv(), { inFlightMax: 1 });
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const first = gate.run(() => held, NO_ABORT);
  const stop = new AbortController();
  const second = assert.rejects(gate.run(done, { signal: stop.signal }), /stopping/);
  const third = gate.run(done, NO_ABORT);
  stop.abort(new Error("stopping"));
  await second;
  release();
  await first;
  assert.equal(await third, "done");
});

Deno.test("a caller that was let in and is aborted at that moment lets the next one in", async () => {
  const gate = new ThrottleGate(testEnv(), { inFlightMax: 1 });
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const stop = new AbortController();
  const first = gate.run(() => held, NO_ABORT).then(() => stop.abort(new Error("stopping")));
  const second = gate.run(done, { signal: stop.signal }).catch(() => {});
  const third = gate.run(done, NO_ABORT);
  release();
  await first;
  await second;
  assert.equal(await third, "done");
});
