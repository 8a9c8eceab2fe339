import assert from "node:assert/strict";
import { SyncError } from "../../src/core/errors.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { sampleEmail } from "../contract/sample_emails.ts";
import { BUCKET, platformSubject } from "./platform_subject.ts";
import type { PlatformFault } from "./simulated_platform.ts";
import {
  assertStored,
  emails,
  firstPuts,
  isKind,
  isPut,
  MAILBOX,
  signal,
  sinkCase as test,
} from "./sink_case.ts";

test("a failure that passes is tried again, and stores once", async (subject) => {
  const faults: readonly PlatformFault[] = [
    { kind: "status", status: 503 },
    { kind: "status", status: 429, headers: { "retry-after": "1" } },
    { kind: "status", status: 409 },
    { kind: "status", status: 200, body: "<html>Sign in</html>" },
    { kind: "status", status: 200, body: '{"status":"error","message":"?"}' },
    { kind: "status", status: 500, body: '{"status":"ok"}' },
    { kind: "reset", when: "before" },
    { kind: "reset", when: "after" },
  ];
  for (const [i, fault] of faults.entries()) {
    const email = sampleEmail(`<${i}@x>`);
    subject.platform.intercept = firstPuts(1, fault);
    const [outcome] = await subject.opened.put([email], { signal });
    assert.equal(outcome?.stored, true, JSON.stringify(fault));
  }
  assert.equal((await subject.stored(MAILBOX)).length, faults.length);
});

test("one poison email in a batch is refused by itself, and no other", async (subject) => {
  const batch = emails(20);
  subject.platform.poisonIds.add("<13@x>");
  const outcomes = await subject.opened.put(batch, { signal });
  const refused = outcomes.filter(({ stored }) => !stored);
  assert.equal(refused.length, 1);
  const [outcome] = refused;
  assert.ok(outcome?.stored === false);
  assert.equal(outcome.key, batch[13]!.key);
  assert.deepEqual([outcome.error.kind, outcome.error.code], ["item", "PlatformEmailRefused"]);
  await assertStored(subject, batch.filter(({ id }) => id !== "<13@x>"));
});

test("an id that talks of a quota or a bucket is not taken for the platform's words", async (subject) => {
  const poison = sampleEmail("<quota-of-bucket-permission@x>");
  subject.platform.poisonIds.add(poison.id);
  const [outcome] = await subject.opened.put([poison], { signal });
  assert.ok(outcome?.stored === false && outcome.error.kind === "item");
});

test("a server that takes less than our batches gets less, and remembers it", async (subject) => {
  subject.platform.bodyBytesMax = 60_000;
  const batch = emails(40, 10_000);
  const outcomes = await subject.opened.put(batch, { signal });
  assert.ok(outcomes.every(({ stored }) => stored));
  await assertStored(subject, batch);
  const refusals = () =>
    subject.platform.ledger.requests.filter(({ status }) => status === 413).length;
  const before = refusals();
  await subject.opened.put(emails(40, 10_000), { signal });
  assert.ok(refusals() - before < before, `${refusals() - before} refusals, ${before} before`);
});

test("an email that alone is too large is refused for good", async (subject) => {
  subject.platform.bodyBytesMax = 60_000;
  const [outcome] = await subject.opened.put(emails(1, 100_000), { signal });
  assert.ok(outcome?.stored === false);
  assert.deepEqual([outcome.error.kind, outcome.error.code], ["item", "PlatformTooLarge"]);
});

test("a batch whose connection is cut whatever happens is sent in halves", async (subject) => {
  const batch = emails(8);
  subject.platform.intercept = (request) =>
    isPut(request) && cutsLarge() ? { kind: "reset", when: "before" } : undefined;
  let puts = 0;
  // Stands for a server that cuts what is too large for it: the first six attempts.
  const cutsLarge = () => puts++ < 6;
  const outcomes = await subject.opened.put(batch, { signal });
  assert.ok(outcomes.every(({ stored }) => stored));
  assert.ok(subject.platform.ledger.puts.every(({ ids }) => ids.length < 8));
  await assertStored(subject, batch);
});

test("a platform that is out of order fails as a destination, and loses nothing", async (subject) => {
  const batch = emails(3);
  subject.platform.intercept = () => ({ kind: "status", status: 503 });
  await assert.rejects(
    subject.opened.put(batch, { signal }),
    isKind("destination", "PlatformHttp503"),
  );
  await assert.rejects(subject.sink.probe({ signal }), isKind("destination", "PlatformHttp503"));
  subject.platform.intercept = undefined;
  await subject.sink.probe({ signal });
  await subject.opened.put(batch, { signal });
  await assertStored(subject, batch);
});

test("a platform that takes no emails is out of order, though all else works", async (subject) => {
  const { opened, platform, sink } = subject;
  const batch = emails(3);
  const isOut = isKind("destination", "PlatformHttp503");
  platform.intercept = (request) => isPut(request) ? { kind: "status", status: 503 } : undefined;
  await sink.probe({ signal });
  await assert.rejects(opened.put(batch, { signal }), isOut);
  await assert.rejects(sink.probe({ signal }), isOut);
  // That it does not care for a request without emails is an answer, too.
  platform.intercept = (request) => isPut(request) ? { kind: "status", status: 400 } : undefined;
  await sink.probe({ signal });
  platform.intercept = undefined;
  await opened.put(batch, { signal });
  await assertStored(subject, batch);
});

test("a revoked token pauses everything, and is never in a message", async (subject) => {
  const { token } = subject.platform;
  subject.platform.intercept = () => ({
    kind: "status",
    status: 401,
    message: `Token ${token} was revoked`,
  });
  const refused = isKind("destination", "PlatformTokenRefused");
  const isSilent = (thrown: unknown) => refused(thrown) && !String(thrown).includes(token);
  await assert.rejects(subject.opened.put(emails(1), { signal }), isSilent);
  await assert.rejects(subject.sink.probe({ signal }), isSilent);
  assert.doesNotMatch(JSON.stringify(subject.lines), new RegExp(token));
});

test("quota, permission and bucket are the mailbox's failure, also for one email", async (subject) => {
  const cases = [
    [402, undefined, "PlatformQuotaExceeded"],
    [400, "Quota exceeded", "PlatformQuotaExceeded"],
    [403, "Missing permission", "PlatformForbidden"],
    [404, "No such bucket", "PlatformBucketMissing"],
  ] as const;
  for (const [status, message, code] of cases) {
    subject.platform.intercept = (request) =>
      isPut(request) ? { kind: "status", status, ...(message ? { message } : {}) } : undefined;
    for (const count of [1, 5]) {
      await assert.rejects(subject.opened.put(emails(count), { signal }), isKind("mailbox", code));
    }
  }
  assert.deepEqual(subject.platform.ledger.puts, []);
});

test("what stands beside an email that the platform does not get over is stored", async (subject) => {
  const [poison, ...rest] = emails(6);
  subject.platform.brokenIds.add(poison!.id);
  await assert.rejects(
    subject.opened.put([poison!, ...rest], { signal }),
    isKind("destination", "PlatformHttp500"),
  );
  await assertStored(subject, rest);
});

test("a platform that fails on everything is out of order before each email is tried", async (subject) => {
  const { opened, platform } = subject;
  platform.intercept = (request) => isPut(request) ? { kind: "status", status: 500 } : undefined;
  await assert.rejects(
    opened.put(emails(40), { signal }),
    isKind("destination", "PlatformHttp500"),
  );
  const puts = platform.ledger.requests.filter(({ method, path }) =>
    method === "PUT" && path.endsWith("/emails")
  );
  // Twice with the emails, then without any until the time is up.
  assert.ok(puts.length < 20, `${puts.length} requests`);
  platform.intercept = undefined;
  await opened.put(emails(40), { signal });
  await assertStored(subject, emails(40));
});

test("an email that the platform never gets over does not hold up the others for ever", async (subject) => {
  const [poison, ...rest] = emails(6);
  const { opened, platform } = subject;
  platform.brokenIds.add(poison!.id);
  // As long as nothing else is stored, it may as well be the platform.
  for (const _attempt of [1, 2]) {
    await assert.rejects(
      opened.put([poison!], { signal }),
      isKind("destination", "PlatformHttp500"),
    );
  }
  const outcomes = await opened.put([...rest, poison!], { signal });
  await assertStored(subject, rest);
  const outcome = outcomes.at(-1);
  assert.ok(outcome?.stored === false);
  assert.deepEqual([outcome.error.kind, outcome.error.code], ["item", "PlatformFailsOnEmail"]);
});

test("a redirect is not followed", async (subject) => {
  subject.platform.intercept = (request) =>
    isPut(request)
      ? { kind: "status", status: 307, headers: { location: "http://127.0.0.1:1/" } }
      : undefined;
  await assert.rejects(
    subject.opened.put(emails(1), { signal }),
    isKind("destination", "PlatformRedirected"),
  );
});

undiciCase("a bucket that is missing is the mailbox's failure, and names the command", async () => {
  await using subject = platformSubject({ buckets: [{ owner: "acme", name: "gone" }, BUCKET] });
  const gone = { ...MAILBOX, bucket: { owner: "acme", name: "gone" } };
  await assert.rejects(
    subject.sink.open(gone, { signal }),
    (thrown) =>
      isKind("mailbox", "PlatformBucketMissing")(thrown) &&
      /re create bucket acme\/gone/.test((thrown as SyncError).hint ?? ""),
  );
  // Another bucket works, so the destination does.
  await subject.sink.probe({ signal });
  await using alone = platformSubject({ platform: subject.platform, buckets: [gone.bucket] });
  await assert.rejects(
    alone.sink.probe({ signal }),
    isKind("destination", "PlatformBucketMissing"),
  );
});
