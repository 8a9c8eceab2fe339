import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { LIMITS } from "../core/limits.ts";
import { CredentialGate, type SignInResult } from "./credential_gate.ts";
import { ManualClock } from "./testing/manual_clock.ts";

const REFUSED = { verdict: "refused" } as const;
const ACCEPTED = { verdict: "accepted", value: "in" } as const;
const UNDECIDED = { verdict: "undecided", value: "503" } as const;
const FOREVER = { signal: new AbortController().signal };

/** Sign-ins whose results a test gives one by one. */
class Attempts {
  readonly #waiting: PromiseWithResolvers<SignInResult<string>>[] = [];
  started = 0;

  readonly attempt = (): Promise<SignInResult<string>> => {
    this.started++;
    const result = Promise.withResolvers<SignInResult<string>>();
    this.#waiting.push(result);
    return result.promise;
  };

  /** Gives the oldest one under way its result, and lets what follows from it happen. */
  async settle(result: SignInResult<string> | Error): Promise<void> {
    const waiting = this.#waiting.shift();
    assert.ok(waiting, "a sign-in is under way");
    if (result instanceof Error) waiting.reject(result);
    else waiting.resolve(result);
    await settled();
  }
}

/** Everything that can go on by itself has. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function setUp() {
  const clock = new ManualClock();
  const gate = new CredentialGate("CORP\\svc", clock);
  const attempts = new Attempts();
  const signIn = (signal = FOREVER.signal) => gate.signIn(attempts.attempt, { signal });
  const signInWith = (result: SignInResult<string>) =>
    gate.signIn(() => Promise.resolve(result), FOREVER);
  return { clock, gate, attempts, signIn, signInWith };
}

Deno.test("the first sign-in is made alone, and its success lets all others go at once", async () => {
  const { attempts, signIn } = setUp();
  const all = Array.from({ length: 16 }, () => signIn());
  await settled();
  assert.equal(attempts.started, 1);
  await attempts.settle(ACCEPTED);
  assert.equal(attempts.started, 16);
  for (let left = 15; left > 0; left--) await attempts.settle(ACCEPTED);
  assert.deepEqual(await Promise.all(all), new Array(16).fill("in"));
});

Deno.test("a first refusal costs one attempt, is fatal for all who wait, and holds 15 minutes", async () => {
  const { clock, gate, attempts, signIn, signInWith } = setUp();
  const all = Array.from({ length: 8 }, () => signIn());
  const refused = { kind: "fatal", code: "CredentialsRefused" };
  const rejections = Promise.all(all.map((each) => assert.rejects(each, refused)));
  await settled();
  await attempts.settle(REFUSED);
  await rejections;
  assert.equal(attempts.started, 1);

  clock.advance(LIMITS.credentialHoldMs - 1);
  assert.throws(() => gate.check(), { ...refused, retryAfterMs: 1 });
  await assert.rejects(signIn(), refused);
  assert.equal(attempts.started, 1);

  clock.advance(1);
  gate.check();
  assert.equal(await signInWith(ACCEPTED), "in");
});

Deno.test("after the hold again one attempt alone decides", async () => {
  const { clock, attempts, signIn, signInWith } = setUp();
  await assert.rejects(signInWith(REFUSED));
  clock.advance(LIMITS.credentialHoldMs);
  const all = Promise.all([signIn(), signIn()].map((each) => assert.rejects(each)));
  await settled();
  assert.equal(attempts.started, 1);
  await attempts.settle(REFUSED);
  await all;
  assert.equal(attempts.started, 1);
});

Deno.test("a refusal after a success is throttling first, then holds one mailbox at a time", async () => {
  const { clock, attempts, signIn, signInWith } = setUp();
  await signInWith(ACCEPTED);

  const throttled = { kind: "retryable", code: "SignInThrottled" };
  await assert.rejects(signInWith(REFUSED), {
    ...throttled,
    retryAfterMs: LIMITS.signInBackoffMs,
  });
  clock.advance(LIMITS.signInBackoffMs - 1);
  await assert.rejects(signInWith(ACCEPTED), throttled);

  clock.advance(1);
  const refused = { kind: "mailbox", code: "CredentialsRefused" };
  const all = Promise.all([signIn(), signIn()].map((each) => assert.rejects(each, refused)));
  await settled();
  assert.equal(attempts.started, 1, "one new sign-in, alone");
  await attempts.settle(REFUSED);
  await all;

  clock.advance(LIMITS.credentialHoldMs);
  await assert.rejects(signInWith(REFUSED), refused, "never fatal again");
});

Deno.test("a success after throttling makes the next refusal throttling again", async () => {
  const { clock, signInWith } = setUp();
  await signInWith(ACCEPTED);
  await assert.rejects(signInWith(REFUSED), { code: "SignInThrottled" });
  clock.advance(LIMITS.signInBackoffMs);
  await signInWith(ACCEPTED);
  await assert.rejects(signInWith(REFUSED), { code: "SignInThrottled" });
});

Deno.test("several sign-ins refused side by side are one refusal", async () => {
  const { attempts, signIn, signInWith } = setUp();
  await signInWith(ACCEPTED);
  const throttled = { code: "SignInThrottled" };
  const all = Promise.all([1, 2, 3].map(() => assert.rejects(signIn(), throttled)));
  await settled();
  assert.equal(attempts.started, 3);
  for (let left = 3; left > 0; left--) await attempts.settle(REFUSED);
  await all;
});

Deno.test("a sign-in vouches for others for a minute only", async () => {
  const { clock, attempts, signIn, signInWith } = setUp();
  await signInWith(ACCEPTED);
  clock.advance(LIMITS.signInProofMs);
  const all = [signIn(), signIn()];
  await settled();
  assert.equal(attempts.started, 1);
  await attempts.settle(ACCEPTED);
  await attempts.settle(ACCEPTED);
  assert.deepEqual(await Promise.all(all), ["in", "in"]);
});

Deno.test("after a connection was lost the next sign-in goes alone, unless one was just accepted", async () => {
  const { clock, gate, attempts, signIn, signInWith } = setUp();
  await signInWith(ACCEPTED);
  clock.advance(LIMITS.signInProofAfterLossMs - 1);
  gate.connectionLost();
  const first = [signIn(), signIn()];
  await settled();
  assert.equal(attempts.started, 2, "side by side");
  for (const _ of first) await attempts.settle(ACCEPTED);

  clock.advance(LIMITS.signInProofAfterLossMs);
  gate.connectionLost();
  const second = [signIn(), signIn()];
  await settled();
  assert.equal(attempts.started, 3, "alone");
  await attempts.settle(ACCEPTED);
  await attempts.settle(ACCEPTED);
  assert.deepEqual(await Promise.all([...first, ...second]), new Array(4).fill("in"));
});

Deno.test("a network failure is no refusal: the next one tries, alone again", async () => {
  const { attempts, signIn } = setUp();
  const first = assert.rejects(signIn(), /reset/);
  const second = signIn();
  const third = signIn();
  await settled();
  await attempts.settle(new Error("reset"));
  await first;
  assert.equal(attempts.started, 2);
  await attempts.settle(UNDECIDED);
  assert.equal(await second, "503");
  assert.equal(attempts.started, 3);
  await attempts.settle(ACCEPTED);
  assert.equal(await third, "in");
});

Deno.test("who is aborted while waiting is gone, and the others keep their turn", async () => {
  const { attempts, signIn } = setUp();
  const abort = new AbortController();
  const first = signIn();
  const second = assert.rejects(signIn(abort.signal), /enough/);
  const third = signIn();
  await settled();
  abort.abort(new Error("enough"));
  await second;
  await attempts.settle(ACCEPTED);
  await attempts.settle(ACCEPTED);
  assert.deepEqual(await Promise.all([first, third]), ["in", "in"]);
  assert.equal(attempts.started, 2);
});

Deno.test("a changed secret opens the gate, and verdicts on the old one no longer count", async () => {
  const { gate, attempts, signIn, signInWith } = setUp();
  await assert.rejects(signInWith(REFUSED));
  gate.secretChanged();
  const old = assert.rejects(signIn(), { kind: "retryable" });
  await settled();
  gate.secretChanged();
  await attempts.settle(REFUSED);
  await old;
  assert.equal(await signInWith(ACCEPTED), "in");
});

Deno.test("the refusal names the account and the end of the hold, and no secret", async () => {
  const { signInWith } = setUp();
  await assert.rejects(signInWith(REFUSED), {
    message: 'Exchange refused the credentials of "CORP\\svc"; ' +
      "not tried again before 2024-01-01T00:15:00.000Z",
  });
});

Deno.test("a refusal that says why keeps its code, and names it in its own words", async () => {
  const { clock, signInWith } = setUp();
  const refusal = { code: "OauthSecretWrong", message: "The secret is wrong", hint: "Mend it" };
  const refused = { verdict: "refused", refusal } as const;
  await assert.rejects(signInWith(refused), {
    kind: "fatal",
    code: "OauthSecretWrong",
    message: "The secret is wrong; not tried again before 2024-01-01T00:15:00.000Z",
    hint: "Mend it",
  });
  clock.advance(LIMITS.credentialHoldMs);
  await signInWith(ACCEPTED);
  await assert.rejects(signInWith(refused), {
    kind: "retryable",
    code: "OauthSecretWrong",
    message: "The secret is wrong",
  });
});
