import assert from "node:assert/strict";
import type { Clock } from "../core/env.ts";
import { memoryEnv } from "./testing/memory_env.ts";
import { failure, mailbox, world } from "./testing/world.ts";

const DAY_MS = 86_400_000;
const a = mailbox("a");

/** The minute of 2025 that is ten before a time in it, or after it. */
function minuteBefore(time: Date): number {
  return Math.floor((time.getTime() - Date.UTC(2025, 0, 1)) / 60_000) - 10;
}

/** Makes the next request for changes find that the token means nothing any more. */
function loseToken({ source }: ReturnType<typeof world>): void {
  source.fault = (call) => {
    if (call !== "changes") return undefined;
    source.fault = () => undefined;
    return failure("folder", "SyncStateInvalid");
  };
}

Deno.test("a server whose clock was ahead for a while has no email passed over once a token is lost", async () => {
  const set = world();
  const { source, destination, restart } = set;
  const folder = source.addFolder(a, "Inbox");
  source.arrive(folder);
  await restart().run({ once: true });
  const { serverTime } = source;
  source.serverTime = new Date(serverTime.getTime() + 3 * DAY_MS);
  await restart().run({ once: true });
  source.serverTime = serverTime;
  source.arrive(folder, { minute: minuteBefore(serverTime) });
  loseToken(set);
  await restart().run({ once: true });
  assert.equal(destination.emails.size, 2);
});

Deno.test("a clock of ours that jumps about while it runs loses no email and repeats none", async () => {
  const set = world();
  const { source, destination, restart } = set;
  const folder = source.addFolder(a, "Inbox");
  const { env, clock, lines } = memoryEnv();
  let aheadMs = 0;
  const jumping: Clock = {
    now: () => new Date(clock.now().getTime() + aheadMs),
    monotonicMs: () => clock.monotonicMs(),
    sleep: (ms, options) => clock.sleep(ms, options),
  };
  const process = restart(source, { env: { ...env, clock: jumping }, clock, lines });
  const jumps = [400 * DAY_MS, -400 * DAY_MS, 3_600_000, -20 * 365 * DAY_MS, 0];
  source.arrive(folder);
  await process.runUntil(() => {
    const jump = process.phases.at(-1) === "a@x idle" ? jumps.shift() : undefined;
    if (jump === undefined) return process.phases.at(-1) === "a@x idle";
    aheadMs = jump;
    source.arrive(folder, { minute: minuteBefore(source.serverTime) });
    if (jumps.length === 1) loseToken(set);
    return false;
  });
  assert.equal(destination.emails.size, 6);
  assert.equal(source.fetched.length, 6);
  assert.deepEqual(process.errors(), []);
});
