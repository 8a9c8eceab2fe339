import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/simulation/virtual_clock.ts";
import { quietEnv } from "../../tests/contract/quiet_env.ts";
import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { Semaphore } from "../core/semaphore.ts";
import { AzureObjectStore } from "./azure_object_store.ts";
import type { BlobContainer } from "./blob_container.ts";
import type { BlobLeases } from "./blob_leases.ts";
import { LEASE_S, MailboxLease } from "./mailbox_lease.ts";

const { signal } = new AbortController();
const NAME = "state/acme/support/ada@example.com/lock";
const LOST = { kind: "mailbox", code: "MailboxLost" };

/** A service that gives one lease, on virtual time, and may be out of order. */
class LeaseService {
  readonly clock = new VirtualClock(new Date("2024-03-01T12:00:00Z"));
  readonly #quiet = quietEnv();
  readonly lines = this.#quiet.lines;
  readonly env = { ...this.#quiet.env, clock: this.clock };
  /** Times of renewals, s. */
  readonly renewals: number[] = [];
  isOutOfOrder = false;
  #holder: { readonly id: string; untilMs: number } | undefined;

  get holder(): string | undefined {
    const holder = this.#holder;
    return holder && this.clock.monotonicMs() < holder.untilMs ? holder.id : undefined;
  }

  acquire(_name: string, id: string): Promise<boolean> {
    if (this.holder !== undefined && this.holder !== id) return Promise.resolve(false);
    this.#holder = { id, untilMs: this.clock.monotonicMs() + LEASE_S * 1000 };
    return Promise.resolve(true);
  }

  /** One that ended is renewed as long as nobody else has taken it, as the service does. */
  renew(_name: string, id: string): Promise<boolean> {
    if (this.isOutOfOrder) {
      return Promise.reject(new SyncError("destination", "ServerBusy", "The service is busy"));
    }
    if (this.#holder?.id !== id) return Promise.resolve(false);
    this.renewals.push(this.clock.monotonicMs() / 1000);
    this.#holder.untilMs = this.clock.monotonicMs() + LEASE_S * 1000;
    return Promise.resolve(true);
  }

  release(_name: string, id: string, { signal }: CallOptions): Promise<void> {
    if (this.isOutOfOrder) {
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    if (this.#holder?.id === id) this.#holder = undefined;
    return Promise.resolve();
  }

  /** Takes it away from whoever has it. */
  give(id: string): void {
    this.#holder = { id, untilMs: Infinity };
  }

  /** A lease that has just been taken. */
  async taken(): Promise<MailboxLease> {
    await this.acquire(NAME, "ours");
    const askedMs = this.clock.monotonicMs();
    return new MailboxLease({ leases: this, name: NAME, id: "ours", env: this.env, askedMs });
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.runUntil(this.clock.sleep(seconds * 1000, { signal }));
  }
}

Deno.test("a lease is renewed every 15 s and given up at the end", async () => {
  const service = new LeaseService();
  {
    await using lease = await service.taken();
    await service.pass(100);
    await lease.check({ signal });
    const [start = 0] = service.renewals;
    const times = service.renewals.map((time) => time - start);
    assert.deepEqual(times, [0, 15, 30, 45, 60, 75]);
    assert.equal(service.holder, "ours");
  }
  assert.equal(service.holder, undefined);
  await service.pass(100);
  assert.equal(service.renewals.length, 6);
});

Deno.test("a lease outlasts an outage that is shorter than it", async () => {
  const service = new LeaseService();
  await using lease = await service.taken();
  service.isOutOfOrder = true;
  await service.pass(59);
  await lease.check({ signal });
  await lease.confirm({ signal });
  service.isOutOfOrder = false;
  await service.pass(10);
  assert.equal(service.holder, "ours");
  await lease.check({ signal });
  assert.deepEqual(service.lines, []);
});

Deno.test("nothing is written under a lease that ended in an outage, until it is ours again", async () => {
  const service = new LeaseService();
  await using lease = await service.taken();
  service.isOutOfOrder = true;
  await service.pass(61);
  assert.equal(service.holder, undefined);
  for (const ask of [() => lease.check({ signal }), () => lease.confirm({ signal })]) {
    await assert.rejects(ask, { kind: "destination", code: "ServerBusy" });
  }
  await service.pass(60);
  assert.deepEqual(service.lines.map(({ level, fields }) => [level, fields.code]), [
    ["warn", "ServerBusy"],
  ], "it is said once");
  service.isOutOfOrder = false;
  await lease.check({ signal });
  assert.equal(service.holder, "ours");
});

Deno.test("a lease that another has taken is lost for good, and its service left alone", async () => {
  const service = new LeaseService();
  await using lease = await service.taken();
  service.give("theirs");
  await lease.check({ signal });
  await assert.rejects(lease.confirm({ signal }), LOST);
  for (const ask of [() => lease.check({ signal }), () => lease.confirm({ signal })]) {
    await assert.rejects(ask, LOST);
  }
  service.give("ours");
  await service.pass(100);
  assert.deepEqual(service.renewals, []);
  await assert.rejects(lease.check({ signal }), LOST);
  await lease[Symbol.asyncDispose]();
  assert.equal(service.holder, "ours", "what is lost is not given up");
});

Deno.test("a renewal without an answer holds nobody up who stops", async () => {
  const service = new LeaseService();
  await using lease = await service.taken();
  service.renew = () => Promise.withResolvers<boolean>().promise;
  const stop = new AbortController();
  const confirmed = lease.confirm({ signal: stop.signal });
  stop.abort(new Error("stopped"));
  await assert.rejects(confirmed, /stopped/);
});

Deno.test("an idle holder notices within 15 s that another has taken its lease", async () => {
  const service = new LeaseService();
  await using lease = await service.taken();
  service.give("theirs");
  await service.pass(16);
  await assert.rejects(lease.check({ signal }), LOST);
});

Deno.test("a service that does not answer holds nobody up who gives a lease back", async () => {
  const service = new LeaseService();
  const lease = await service.taken();
  service.isOutOfOrder = true;
  const startedMs = service.clock.monotonicMs();
  await service.clock.runUntil(Promise.resolve(lease[Symbol.asyncDispose]()));
  assert.equal(service.clock.monotonicMs() - startedMs, 5_000);
  assert.deepEqual(service.lines.map(({ level }) => level), ["debug"]);
});

Deno.test("a lock waits for the lease of a killed holder if it is told to, and else does not", async () => {
  const service = new LeaseService();
  const options = {
    leases: service as unknown as BlobLeases,
    // A lock that is there needs nothing else.
    container: {} as BlobContainer,
    uploads: new Semaphore(1),
    env: service.env,
  };
  await service.acquire(NAME, "killed");
  assert.equal(await new AzureObjectStore(options).lock(NAME, "data/x", { signal }), undefined);
  const waiting = new AzureObjectStore({ ...options, lockWaitMsMax: 70_000 });
  const startedMs = service.clock.monotonicMs();
  const lock = await service.clock.runUntil(waiting.lock(NAME, "data/x", { signal }));
  assert.ok(lock);
  const tookMs = service.clock.monotonicMs() - startedMs;
  assert.ok(tookMs >= 60_000 && tookMs <= 66_000, `${tookMs}`);
  // A holder that lives is not waited for any longer.
  assert.equal(await service.clock.runUntil(waiting.lock(NAME, "data/x", { signal })), undefined);
  await lock[Symbol.asyncDispose]();
});
