import assert from "node:assert/strict";
import type { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { Secret } from "../core/secret.ts";
import { withProxyCredentials } from "./proxy_credentials.ts";
import type { ProxyAnswer } from "./proxy_error.ts";
import { ManualClock } from "./testing/manual_clock.ts";

const TARGET = new URL("https://exchange.test/");
const FOREVER = { signal: new AbortController().signal };
let proxies = 0;

/** A proxy of its own, and what it answers next. */
function setting() {
  const clock = new ManualClock();
  const url = new URL(`http://proxy-${proxies++}.test:3128/`);
  const proxy = { url, user: "svc", password: new Secret("secret") };
  let attempts = 0;
  const ask = (answer: ProxyAnswer | Promise<ProxyAnswer>) =>
    withProxyCredentials({ proxy, target: TARGET, clock }, () => {
      attempts++;
      return Promise.resolve(answer);
    }, FOREVER);
  const refused = async (answer: ProxyAnswer = { status: 407 }): Promise<SyncError> =>
    await ask(answer).then(() => assert.fail("it was expected to reject"), (error) => error);
  return { clock, ask, refused, attempts: () => attempts };
}

Deno.test("refused proxy credentials are left alone for as long as those of a mailbox", async () => {
  const { clock, ask, refused, attempts } = setting();
  const first = await refused();
  assert.equal(first.code, "ProxyCredentialsRefused");
  assert.equal(first.retryAfterMs, LIMITS.credentialHoldMs);
  clock.advance(LIMITS.credentialHoldMs - 1);
  assert.equal((await refused()).retryAfterMs, 1);
  assert.equal(attempts(), 1);
  clock.advance(1);
  assert.equal((await ask({ status: 200 })).status, 200);
  assert.equal(attempts(), 2);
});

Deno.test("what had worked is tried once more soon, and then left alone as long", async () => {
  const { clock, ask, refused } = setting();
  await ask({ status: 200 });
  assert.equal((await refused()).retryAfterMs, LIMITS.signInBackoffMs);
  clock.advance(LIMITS.signInBackoffMs);
  assert.equal((await refused()).retryAfterMs, LIMITS.credentialHoldMs);
});

Deno.test("only a success lets the others go along, and only for a while", async () => {
  const { clock, ask, attempts } = setting();
  const slow = Promise.withResolvers<ProxyAnswer>();
  const asked = [ask(slow.promise), ask({ status: 502 }), ask({ status: 502 })];
  await Promise.resolve();
  assert.equal(attempts(), 1);
  slow.resolve({ status: 502 });
  await Promise.all(asked);
  // Now together: one is held up, the other passes.
  await ask({ status: 200 });
  const held = Promise.withResolvers<ProxyAnswer>();
  const waiting = ask(held.promise);
  assert.equal((await ask({ status: 200 })).status, 200);
  held.resolve({ status: 200 });
  await waiting;
  clock.advance(LIMITS.signInProofMs);
  const before = attempts();
  const again = Promise.withResolvers<ProxyAnswer>();
  const alone = [ask(again.promise), ask({ status: 200 })];
  await Promise.resolve();
  assert.equal(attempts(), before + 1);
  again.resolve({ status: 200 });
  await Promise.all(alone);
});

Deno.test("a proxy that wants another scheme has refused no password", async () => {
  const { refused, attempts } = setting();
  const answer = { status: 407, challenge: "NTLM" };
  assert.equal((await refused(answer)).code, "ProxyAuthenticationUnsupported");
  assert.equal((await refused(answer)).code, "ProxyAuthenticationUnsupported");
  assert.equal(attempts(), 2);
});
