import assert from "node:assert/strict";
import type { Clock } from "../../src/core/env.ts";
import { SyncError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { RotatingSecret } from "../../src/http/rotating_secret.ts";
import { TestAuthority } from "../../src/http/testing/certificates.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { SimulatedProxy } from "../proxy/simulated_proxy.ts";
import type { MimeContent } from "../../src/core/mime_content.ts";
import { quietEnv } from "../contract/quiet_env.ts";
import { brokenContent, sampleEmail } from "../contract/sample_emails.ts";
import { BUCKET, hastyClock, platformSubject } from "./platform_subject.ts";
import { SimulatedPlatform } from "./simulated_platform.ts";
import {
  emails,
  firstPuts,
  isKind,
  isPut,
  MAILBOX,
  signal,
  sinkCase as test,
  streamed,
} from "./sink_case.ts";

undiciCase("a delay that the platform names holds back every request", async () => {
  const sleepsMs: number[] = [];
  const { sleep, ...clock } = hastyClock();
  const noting: Clock["sleep"] = (ms, options) => {
    sleepsMs.push(ms);
    return sleep(ms, options);
  };
  await using subject = platformSubject({ clock: { ...clock, sleep: noting } });
  const opened = await subject.sink.open(MAILBOX, { signal });
  const headers = { "retry-after": "7" };
  subject.platform.intercept = firstPuts(1, { kind: "status", status: 429, headers });
  await opened.put(emails(1), { signal });
  assert.equal((await subject.stored(MAILBOX)).length, 1);
  // Who failed waits for it and a little more; on this hasty clock the next request comes too early.
  assert.ok(sleepsMs.some((ms) => ms >= 7_000 && ms < 30_000));
  assert.ok(sleepsMs.some((ms) => ms > 5_000 && ms < 7_000));
});

test("an answer that comes before the body was read whole counts", async (subject) => {
  const mime = streamed(new Uint8Array(30 * 1024 * 1024).fill(65));
  subject.platform.intercept = (request) =>
    isPut(request) ? { kind: "early", status: 413, message: "Too large" } : undefined;
  const put = subject.opened.put([sampleEmail("<early@x>", { mime })], { signal });
  const outcome = await put.then(([one]) => one, (error: SyncError) => error);
  // Whether the answer is seen before the cut is up to the network.
  const error = outcome instanceof SyncError ? outcome : outcome?.stored === false && outcome.error;
  assert.ok(error instanceof SyncError);
  assert.ok(error.code === "PlatformTooLarge" || error.kind === "destination", error.code);
});

undiciCase(
  "the platform is reached over TLS, and a body that breaks off stores nothing",
  async () => {
    const authority = await TestAuthority.create();
    const certificate = await authority.issue();
    await using platform = new SimulatedPlatform({ buckets: [BUCKET], certificate });
    await using subject = platformSubject({ platform, extraRoots: [authority.pem] });
    const opened = await subject.sink.open(MAILBOX, { signal });
    const error = new SyncError("item", "ErrorItemCorrupt", "Cut");
    const chunks = new Array<Uint8Array>(40).fill(new Uint8Array(65_536).fill(65));
    const broken = sampleEmail("<broken@x>", { mime: brokenContent(chunks, error) });
    const [cut, whole] = await opened.put([broken, sampleEmail("<whole@x>")], { signal });
    assert.deepEqual([cut?.stored, whole?.stored], [false, true]);
    assert.ok(cut?.stored === false && cut.error === error);
    assert.deepEqual((await subject.stored(MAILBOX)).map(({ id }) => id), ["<whole@x>"]);
    await using stranger = platformSubject({ platform });
    await assert.rejects(
      stranger.sink.probe({ signal }),
      (thrown) =>
        thrown instanceof SyncError && thrown.kind === "destination" &&
        /^Tls/.test(thrown.code) && !/ews_/.test(thrown.hint ?? ""),
    );
  },
);

undiciCase(
  "a token that is replaced where it comes from is read again when it is refused",
  async () => {
    await using platform = new SimulatedPlatform({ buckets: [BUCKET] });
    const { env: { log } } = quietEnv();
    let kept = platform.token;
    let reads = 0;
    const read = () => {
      reads++;
      return Promise.resolve(new Secret(kept));
    };
    const token = new RotatingSecret(new Secret(kept), { read, onChange: () => undefined, log });
    await using subject = platformSubject({ platform, token });
    const opened = await subject.sink.open(MAILBOX, { signal });
    platform.token = "another token";
    await assert.rejects(
      opened.put(emails(1), { signal }),
      isKind("destination", "PlatformTokenRefused"),
    );
    assert.equal(reads, 1);
    kept = platform.token;
    const batches = [0, 1, 2].map((n) => [sampleEmail(`<${n}@x>`)]);
    const outcomes = await Promise.all(batches.map((batch) => opened.put(batch, { signal })));
    assert.ok(outcomes.every(([outcome]) => outcome?.stored));
    assert.equal((await subject.stored(MAILBOX)).length, 3);
    assert.doesNotMatch(JSON.stringify(subject.lines), /another token|token-of/);
  },
);

undiciCase("the platform is reached through a proxy", async () => {
  const authority = await TestAuthority.create();
  const certificate = await authority.issue();
  await using platform = new SimulatedPlatform({ buckets: [BUCKET], certificate });
  const { host, port } = new URL(platform.endpoint);
  await using proxy = new SimulatedProxy({ hosts: { [host]: Number(port) } });
  const options = { platform, extraRoots: [authority.pem], proxy: { url: proxy.url } };
  await using subject = platformSubject(options);
  const opened = await subject.sink.open(MAILBOX, { signal });
  const mime = streamed(new Uint8Array(1_000_000).fill(65));
  await opened.put([sampleEmail("<proxied@x>", { mime })], { signal });
  assert.equal((await subject.stored(MAILBOX))[0]?.mimeSizeBytes, 1_000_000);
  assert.ok(proxy.requests.every(({ method, path }) => method === "CONNECT" && path === host));
});

undiciCase("a platform that falls silent is given up, and a slow source is not", async () => {
  const waits: (() => void)[] = [];
  const hasty = hastyClock();
  let nowMs = 0;
  const sleep: Clock["sleep"] = (ms, options) => {
    if (ms !== 240_000) return hasty.sleep(ms, options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waits.push(resolve);
    options.signal.addEventListener("abort", () => reject(options.signal.reason), { once: true });
    return promise;
  };
  const clock = { ...hasty, sleep, monotonicMs: () => nowMs };
  await using subject = platformSubject({ clock });
  const opened = await subject.sink.open(MAILBOX, { signal });
  const { promise: never, resolve: atLast } = Promise.withResolvers<void>();
  const passLimit = () => {
    nowMs += 240_000;
    for (const wake of waits.splice(0)) wake();
  };
  const slow: MimeContent = {
    open: () =>
      ReadableStream.from((async function* () {
        yield new TextEncoder().encode(`Subject: x\r\n\r\n${"x".repeat(100_000)}`);
        for (const _ of [1, 2, 3]) {
          await waitUntil(() => waits.length > 0);
          passLimit();
        }
        yield new TextEncoder().encode("late");
      })()),
  };
  const [outcome] = await opened.put([sampleEmail("<slow@x>", { mime: slow })], { signal });
  assert.equal(outcome?.stored, true);
  waits.length = 0;
  subject.platform.intercept = (request) =>
    isPut(request) ? { kind: "slow", until: never } : undefined;
  const put = assert.rejects(
    opened.put([sampleEmail("<silent@x>")], { signal }),
    isKind("destination", "PlatformTimeout"),
  );
  let isOver = false;
  put.finally(() => isOver = true).catch(() => {});
  while (!isOver) {
    await waitUntil(() => waits.length > 0 || isOver);
    passLimit();
  }
  await put;
  atLast();
});
