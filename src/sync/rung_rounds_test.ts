import assert from "node:assert/strict";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxBell } from "../core/ports.ts";
import { memoryEnv } from "./testing/memory_env.ts";
import { failure, mailbox, world } from "./testing/world.ts";

const a = mailbox("a");
const b = mailbox("b");
const HOUR_MS = 3_600_000;

/** A bell that is rung by hand; knows who listens. */
function handBell() {
  const listeners = new Map<string, () => void>();
  const bell: MailboxBell = {
    listen({ address }, ring) {
      assert.ok(!listeners.has(address), "one listener for a mailbox");
      listeners.set(address, ring);
      return { [Symbol.dispose]: () => void listeners.delete(address) };
    },
  };
  return { bell, listeners, ring: ({ address }: Mailbox) => listeners.get(address)?.() };
}

Deno.test("a ring ends the pause of its mailbox and of no other", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  source.addFolder(b, "Inbox");
  const { bell, listeners, ring } = handBell();
  const memory = memoryEnv();
  const startedMs = memory.clock.monotonicMs();
  const { phases, runUntil } = restart(source, memory, {
    phaseChanged(mailbox, { name }) {
      if (name !== "idle" || mailbox !== a || destination.emails.size > 0) return;
      source.arrive(folder);
      ring(a);
    },
  }, bell);
  await runUntil(() => destination.emails.size === 1, [a, b], { pollFrequencyMs: HOUR_MS });
  assert.ok(memory.clock.monotonicMs() - startedMs < 10_000);
  assert.equal(phases.filter((phase) => phase === "b@x syncing").length, 1);
  assert.equal(listeners.size, 0, "nobody listens after the end");
});

Deno.test("a ring that never comes costs the wait for the poll", async () => {
  const { source, destination, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const memory = memoryEnv();
  const startedMs = memory.clock.monotonicMs();
  let isFirst = true;
  const { runUntil } = restart(source, memory, {
    phaseChanged(_mailbox, { name }) {
      if (name === "idle" && isFirst) source.arrive(folder);
      if (name === "idle") isFirst = false;
    },
  }, handBell().bell);
  await runUntil(() => destination.emails.size === 1, [a], { pollFrequencyMs: HOUR_MS });
  assert.ok(memory.clock.monotonicMs() - startedMs >= HOUR_MS);
});

Deno.test("a ring does not shorten the pause after a failure", async () => {
  const { source, restart } = world();
  source.addFolder(a, "Inbox");
  const { bell, ring } = handBell();
  const memory = memoryEnv();
  const atMs: number[] = [];
  source.fault = (call) => call === "changes" ? failure("retryable") : undefined;
  const { runUntil } = restart(source, memory, {
    phaseChanged(_mailbox, { name }) {
      if (name === "syncing") atMs.push(memory.clock.monotonicMs());
      if (name === "backing-off") ring(a);
      if (atMs.length === 3) source.fault = () => undefined;
    },
  }, bell);
  await runUntil(() => atMs.length >= 3, [a], { pollFrequencyMs: HOUR_MS });
  for (const [index, ms] of atMs.slice(1, 3).entries()) {
    assert.ok(ms - atMs[index]! >= HOUR_MS, "the pause of poll_frequency was kept");
  }
});

Deno.test("with once nobody listens", async () => {
  const { source, restart } = world();
  source.addFolder(a, "Inbox");
  const bell: MailboxBell = { listen: () => assert.fail("there is only one round") };
  const [report] = await restart(source, memoryEnv(), {}, bell).run({ once: true });
  assert.equal(report!.failed, undefined);
});

Deno.test("an adaptive mailbox is polled sooner after mail, and never later than poll_frequency", async () => {
  const { source, restart } = world();
  const folder = source.addFolder(a, "Inbox");
  const memory = memoryEnv();
  const atMs: number[] = [];
  const { runUntil } = restart(source, memory, {
    phaseChanged(_mailbox, { name }) {
      if (name !== "syncing") return;
      atMs.push(memory.clock.monotonicMs());
      if (atMs.length === 3) source.arrive(folder);
    },
  });
  await runUntil(() => atMs.length === 10, [a], {
    pollFrequencyMs: 15_000,
    adaptive: { pauseMsMin: 2_000, pausePerFolderMs: 300 },
  });
  const pauses = atMs.slice(1).map((ms, index) => ms - atMs[index]!);
  assert.deepEqual(pauses, [15_000, 15_000, 2_000, 3_000, 4_500, 6_750, 10_125, 15_000, 15_000]);
});
