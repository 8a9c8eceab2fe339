import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { SyncError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { ManualClock } from "./testing/manual_clock.ts";
import { warningsTo } from "./testing/warning_log.ts";
import { type IssuedToken, TokenCache } from "./token_cache.ts";

const FOREVER = { signal: new AbortController().signal };
const HOUR_MS = 3_600_000;

/** A cache whose requests a test answers; each issues the next number unless it says otherwise. */
function setUp(parts: Partial<IssuedToken> = {}) {
  const clock = new ManualClock();
  const warnings: unknown[] = [];
  const world = { requests: 0, failure: undefined as SyncError | undefined };
  const cache = new TokenCache({
    request: () => {
      const value = new Secret(`token ${++world.requests}`);
      if (world.failure) return Promise.reject(world.failure);
      return Promise.resolve({ value, lifetimeMs: HOUR_MS, ...parts });
    },
    clock,
    log: warningsTo((_msg, fields) => warnings.push(fields?.code)),
  });
  const value = async () => (await cache.token(FOREVER)).value.reveal();
  return { cache, clock, world, warnings, value };
}

/** Everything that can go on by itself has. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function failure(kind: "retryable" | "fatal", retryAfterMs?: number): SyncError {
  const named = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new SyncError(kind, "Failure", "It failed", { hint: "Mend it", ...named });
}

Deno.test("a refused token is replaced once, also for those who learn of it late", async () => {
  const { cache, world } = setUp();
  const first = await cache.token(FOREVER);
  const second = await cache.replacement(first, FOREVER);
  assert.equal(second.value.reveal(), "token 2");
  assert.equal(await cache.replacement(first, FOREVER), second);
  assert.equal(world.requests, 2);
});

Deno.test("a token that cannot be replaced stays with those whom it serves", async () => {
  const { cache, world, value } = setUp();
  const first = await cache.token(FOREVER);
  world.failure = failure("retryable");
  await assert.rejects(cache.replacement(first, FOREVER), { code: "Failure" });
  assert.equal(await value(), "token 1");
});

Deno.test("the authority's wish when to renew is followed, if it is early enough", async () => {
  const early = setUp({ lifetimeMs: 24 * HOUR_MS, renewAfterMs: 12 * HOUR_MS });
  assert.equal(await early.value(), "token 1");
  early.clock.advance(12 * HOUR_MS - 1);
  await early.value();
  assert.equal(early.world.requests, 1);
  early.clock.advance(1);
  await early.value();
  assert.equal(early.world.requests, 2);

  const late = setUp({ renewAfterMs: 2 * HOUR_MS });
  await late.value();
  late.clock.advance(HOUR_MS - 5 * 60_000);
  await late.value();
  assert.equal(late.world.requests, 2);
});

Deno.test("a failure that can pass is not repeated for 5 s, or as long as it says within reason", async () => {
  const pauses = [
    [undefined, 5_000],
    [1_000, 1_000],
    [90_000, 90_000],
    [24 * HOUR_MS, 900_000],
  ] as const;
  for (const [named, pauseMs] of pauses) {
    const { cache, clock, world, value } = setUp();
    world.failure = failure("retryable", named);
    await assert.rejects(cache.token(FOREVER), { code: "Failure", retryAfterMs: pauseMs });
    clock.advance(pauseMs - 1);
    await assert.rejects(cache.token(FOREVER), {
      code: "Failure",
      hint: "Mend it",
      retryAfterMs: 1,
    });
    assert.equal(world.requests, 1);
    clock.advance(1);
    world.failure = undefined;
    assert.equal(await value(), "token 2");
  }
});

Deno.test("a failure that stays is the business of whoever asks", async () => {
  const { cache, world } = setUp();
  world.failure = failure("fatal");
  for (const requests of [1, 2]) {
    await assert.rejects(cache.token(FOREVER), { kind: "fatal" });
    assert.equal(world.requests, requests);
  }
});

Deno.test("an early renewal that fails is said with its code, and pauses as long as told", async () => {
  const { clock, world, warnings, value } = setUp();
  await value();
  world.failure = failure("fatal", 60_000);
  clock.advance(HOUR_MS - 4 * 60_000);
  for (const pauseMs of [0, 59_999]) {
    clock.advance(pauseMs);
    assert.equal(await value(), "token 1");
    await settled();
  }
  assert.deepEqual([world.requests, warnings], [2, ["Failure"]]);
  clock.advance(1);
  await value();
  assert.equal(world.requests, 3);
});

Deno.test("a request that fails when nobody waits for it any more harms nobody", async () => {
  const { cache, world } = setUp();
  world.failure = failure("retryable");
  const abort = new AbortController();
  const waiting = assert.rejects(cache.token({ signal: abort.signal }), /enough/);
  abort.abort(new Error("enough"));
  await waiting;
  await settled();
  assert.equal(world.requests, 1);
  await assert.rejects(cache.token({ signal: abort.signal }), /enough/);
});
