import assert from "node:assert/strict";
import type { CredentialTargets } from "../../config/credential_targets.ts";
import { SyncError } from "../../core/errors.ts";
import { testEnv } from "../../source/testing/test_env.ts";
import { StopBegun, StopController } from "../../sync/stop.ts";
import { reloading } from "../reloading.ts";
import type { MeantConfig } from "./meant_config.ts";
import { watchRemoteConfig } from "./remote_config_watch.ts";

const MINUTE_MS = 60_000;
const unreachable = new SyncError(
  "destination",
  "PlatformHttp503",
  "The platform cannot answer now",
);

/** What lies remotely: a text, or why it cannot be read; nothing: there is none. */
type Remote = string | SyncError | undefined;

/** A configuration is a text; after a `>`, it says where credentials go. `!` makes it invalid. */
function meaningOf(bytes: Uint8Array): Promise<MeantConfig<string>> {
  const text = new TextDecoder().decode(bytes);
  if (text.startsWith("!")) return Promise.resolve({ problems: [`invalid: ${text}`] });
  const targets: CredentialTargets = new Map([["ews_endpoint", text.split(">")[1] ?? "home"]]);
  return Promise.resolve({ config: text, targets });
}

/** Lives under a remote configuration, on virtual time. */
function harness(first: Remote, { dice = 0.5, once = false } = {}) {
  const env = testEnv(dice);
  const stop = new StopController(env.clock);
  const hangUps = new Set<() => void>();
  const lived: { readonly config: string; readonly atMs: number }[] = [];
  const startMs = env.clock.monotonicMs();
  const remote: { now: Remote; reads: number; meant: number } = { now: first, reads: 0, meant: 0 };
  const store = {
    place: "az://acct/mail/config/acme/prod.json",
    read: () => {
      remote.reads++;
      if (remote.now instanceof SyncError) return Promise.reject(remote.now);
      const { now } = remote;
      return Promise.resolve(now === undefined ? undefined : new TextEncoder().encode(now));
    },
    write: () => Promise.reject(new Error("A watch never writes")),
  };
  const options = {
    store,
    meaningOf: (bytes: Uint8Array) => {
      remote.meant++;
      return meaningOf(bytes);
    },
    onHangUp: (listener: () => void) => {
      hangUps.add(listener);
      return { [Symbol.dispose]: () => hangUps.delete(listener) };
    },
    env,
    stop,
  };
  const live = async (config: string, { begun }: StopController) => {
    lived.push({ config, atMs: env.clock.monotonicMs() - startMs });
    await new Promise((resolve) => begun.addEventListener("abort", resolve));
    throw new StopBegun();
  };
  const run = async () => {
    const watch = await watchRemoteConfig(options, { once });
    if ("problems" in watch) return watch.problems;
    const { first, load, onRequest } = watch;
    const source = { first, load, onRequest, isSame: (a: string, b: string) => a === b };
    return await reloading(live, source, { env, stop });
  };
  /** Lets so much time pass, with all that happens in it. */
  const pass = (ms: number) => env.clock.runUntil(env.clock.sleep(ms, { signal: stop.begun }));
  const ended = run().catch((thrown: unknown) => thrown);
  return {
    env,
    remote,
    lived,
    hangUps,
    stop,
    pass,
    ended,
    hangUp: async () => {
      for (const listener of hangUps) listener();
      await pass(1);
    },
    said: (level: string) => env.lines.filter((line) => line[0] === level),
    end: async () => {
      stop.begin();
      const outcome = await ended;
      stop[Symbol.dispose]();
      assert.equal(hangUps.size, 0, "nobody listens any more");
      return outcome;
    },
  };
}

Deno.test("a changed remote configuration is found within five minutes, give or take, and applied", async () => {
  for (const [dice, minutes] of [[0, 4.5], [0.5, 5], [0.999, 5.5]] as const) {
    const { remote, lived, pass, end } = harness("one", { dice });
    await pass(1);
    remote.now = "two";
    await pass(6 * MINUTE_MS);
    assert.deepEqual(lived.map(({ config }) => config), ["one", "two"]);
    assert.ok(Math.abs(lived[1]!.atMs - minutes * MINUTE_MS) < 1_000, `${lived[1]!.atMs}`);
    assert.ok(await end() instanceof StopBegun);
  }
});

Deno.test("what stays the same is read again and again, and neither looked at nor said", async () => {
  const { remote, lived, pass, end, env } = harness("one");
  await pass(61 * MINUTE_MS);
  assert.ok(remote.reads >= 12, `${remote.reads} reads`);
  assert.equal(remote.meant, 1);
  assert.equal(lived.length, 1);
  assert.equal(env.lines.length, 1, "that it is used");
  await end();
});

Deno.test("however often it has changed, it is read no more often", async () => {
  const { remote, lived, pass, end } = harness("one");
  for (const text of ["two", "three", "four"]) {
    remote.now = text;
    await pass(6 * MINUTE_MS);
  }
  assert.equal(lived.length, 4);
  const before = remote.reads;
  await pass(50 * MINUTE_MS);
  assert.ok(remote.reads - before <= 10, `${remote.reads - before} reads`);
  await end();
});

Deno.test("SIGHUP reads it at once, also what it names, and says so if it is the same", async () => {
  const { remote, lived, pass, hangUp, end, said } = harness("one");
  await pass(1);
  await hangUp();
  assert.equal(remote.meant, 2);
  assert.ok(
    said("info").some(([, msg]) => msg === "The configuration was read again and is the same."),
  );
  remote.now = "two";
  await hangUp();
  assert.deepEqual(lived.map(({ config }) => config), ["one", "two"]);
  await end();
});

Deno.test("an invalid one is reported once with all its problems, and the old one stays", async () => {
  const { remote, lived, pass, end, said } = harness("one");
  await pass(1);
  remote.now = "!broken";
  await pass(31 * MINUTE_MS);
  assert.deepEqual(said("error").map(([, , { reason }]) => reason), ["invalid: !broken"]);
  remote.now = "two";
  await pass(6 * MINUTE_MS);
  assert.deepEqual(lived.map(({ config }) => config), ["one", "two"]);
  await end();
});

Deno.test("what cannot be read, or is gone, is said once, and the old one stays", async () => {
  const { remote, lived, pass, end, said } = harness("one");
  await pass(1);
  for (const trouble of [unreachable, undefined]) {
    const before = said("warn").length;
    remote.now = trouble;
    await pass(61 * MINUTE_MS);
    assert.equal(said("warn").length, before + 1);
    remote.now = "one";
    await pass(6 * MINUTE_MS);
  }
  assert.equal(said("info").filter(([, msg]) => msg.endsWith("can be read again.")).length, 2);
  assert.equal(lived.length, 1);
  await end();
});

Deno.test("a change of where credentials go is refused with both values, and nothing of it is used", async () => {
  const { remote, lived, pass, hangUp, end, said } = harness("one>home");
  await pass(1);
  remote.now = "two>evil";
  await pass(31 * MINUTE_MS);
  const [warning, ...others] = said("warn");
  assert.deepEqual(warning?.[2].changes, ['ews_endpoint from "home" to "evil"']);
  assert.equal(others.length, 0, "said once");
  await hangUp();
  assert.equal(said("warn").length, 2, "whoever asks is told again");
  remote.now = "three>home";
  await pass(6 * MINUTE_MS);
  assert.deepEqual(lived.map(({ config }) => config), ["one>home", "three>home"]);
  remote.now = "four>evil";
  await pass(6 * MINUTE_MS);
  assert.equal(lived.length, 2, "also in a later life: only a restart of the process accepts it");
  assert.equal(said("error").length, 0);
  await end();
});

Deno.test("at the start it is waited for with growing pauses, whatever keeps it from being read", async () => {
  const { remote, lived, pass, end, said } = harness(unreachable);
  await pass(2 * MINUTE_MS);
  remote.now = undefined;
  await pass(20 * MINUTE_MS);
  const codes = new Set(said("error").map(([, , { code }]) => code));
  assert.deepEqual([...codes], ["PlatformHttp503", "RemoteConfigMissing"]);
  assert.equal(lived.length, 0);
  remote.now = "one";
  await pass(6 * MINUTE_MS);
  assert.deepEqual(lived.map(({ config }) => config), ["one"]);
  await end();
});

Deno.test("at the start an invalid one ends it with its problems", async () => {
  const { env, ended } = harness("!broken");
  assert.deepEqual(await env.clock.runUntil(ended), ["invalid: !broken"]);
});

Deno.test("with --once a start is given up after a few tries, with the failure itself", async () => {
  const { env, remote, ended } = harness(unreachable, { once: true });
  assert.equal(await env.clock.runUntil(ended), unreachable);
  assert.equal(remote.reads, 3);
});

Deno.test("a stop ends the waiting at the start", async () => {
  const { pass, end } = harness(unreachable);
  await pass(MINUTE_MS);
  assert.ok(await end() instanceof StopBegun);
});
