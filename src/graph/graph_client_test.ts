import assert from "node:assert/strict";
import { z } from "zod";
import { SyncError } from "../core/errors.ts";
import type { SourceObserver } from "../core/observer.ts";
import type { ScriptedAnswer } from "../source/testing/scripted_transport.ts";
import { type Script, ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { GraphClient } from "./graph_client.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { graphPath } from "./graph_path.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";
import { ALICE, BOB, ENDPOINT } from "./testing/simulated_source.ts";

const JSON_TYPE = { "content-type": "application/json" };

const REQUEST: GraphRequest<string> = {
  name: "mailFolder",
  reach: "mailbox",
  path: graphPath(ALICE, ["mailFolders", "inbox"]),
  read: (answer) => readAs(z.object({ id: z.string() }), answer).id,
};

function clientOf(script: Script, observer?: SourceObserver) {
  const env = testEnv();
  const transport = new ScriptedTransport(async (text, number, request) => {
    const answer = await script(text, number, request);
    const scripted = typeof answer === "string" ? { body: answer } : answer;
    return { ...scripted, headers: { ...JSON_TYPE, ...scripted.headers } };
  });
  const options = { transport, endpoint: ENDPOINT, env, ...(observer ? { observer } : {}) };
  return { env, transport, client: new GraphClient(options) };
}

/** What one attempt makes of an answer. */
async function attempted(answer: string | ScriptedAnswer): Promise<SyncError> {
  const { client, transport } = clientOf(() => answer);
  try {
    await client.attempt(ALICE, REQUEST, NO_ABORT);
  } catch (error) {
    assert.ok(error instanceof SyncError, String(error));
    assert.equal(transport.bodiesEnded, 1, "the connection is free again");
    return error;
  }
  throw new assert.AssertionError({ message: "not rejected" });
}

const said = ({ kind, code }: SyncError) => `${kind} ${code}`;

Deno.test("every request asks for immutable ids and is sent to the endpoint", async () => {
  const { client, transport } = clientOf(() => '{"id":"F","@odata.context":"unknown fields"}');
  const { value, serverTime } = await client.attempt(ALICE, {
    ...REQUEST,
    prefer: ["odata.maxpagesize=5"],
  }, NO_ABORT);
  assert.equal(value, "F");
  assert.equal(serverTime.toISOString(), "2026-01-01T08:00:00.000Z");
  const [{ method, url, headers }] = transport.requests as [typeof transport.requests[0]];
  assert.equal(`${method} ${url}`, `GET ${ENDPOINT.origin}${REQUEST.path}`);
  assert.equal(headers["prefer"], 'IdType="ImmutableId", odata.maxpagesize=5');
  assert.match(headers["client-request-id"]!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(headers["authorization"], undefined, "tokens are the transport's");
});

Deno.test("what is no answer of Graph is never taken for an empty one", async () => {
  const page = { body: "<html>Sign in</html>", headers: { "content-type": "text/html" } };
  assert.equal(said(await attempted(page)), "retryable ResponseNotJson");
  assert.equal(said(await attempted('{"id":"F"')), "retryable ResponseCorrupt");
  assert.equal(said(await attempted("")), "retryable ResponseCorrupt");
  assert.equal(said(await attempted("{}")), "retryable ResponseCorrupt");
  assert.equal(said(await attempted('{"id":7}')), "retryable ResponseCorrupt");
  const endless = { body: zeros(GRAPH_LIMITS.answerBytesMax + 1) };
  assert.equal(said(await attempted(endless)), "retryable ResponseTooLarge");
});

async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  for (let sent = 0; sent < bytes; sent += chunk.length) yield await Promise.resolve(chunk);
}

Deno.test("a redirect is not followed, wherever it leads", async () => {
  for (const location of ["https://evil.example/v1.0/users/", `${ENDPOINT.origin}/v1.0/users/x`]) {
    const { client, transport } = clientOf(() => ({ status: 302, headers: { location } }));
    await assert.rejects(client.send(ALICE, REQUEST, NO_ABORT), {
      kind: "mailbox",
      code: "HttpRedirect",
    });
    assert.equal(transport.requests.length, 1);
  }
});

Deno.test("words of an error are cut, kept on one line and without tokens; a huge one is not read", async () => {
  const message = `No\r\n2026 ERROR forged ${"x".repeat(5_000)} `;
  const token = "Bearer eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJhIn0.c2lnbmF0dXJl";
  const error = await attempted({
    status: 403,
    body: JSON.stringify({ error: { code: "ErrorAccessDenied", message: token + message } }),
  });
  assert.ok(!/[\r\n]/.test(error.message) && !error.message.includes("eyJ"));
  assert.ok(error.message.length < 500);
  const huge = { status: 403, body: zeros(GRAPH_LIMITS.errorBytesMax + 1) };
  assert.equal(said(await attempted(huge)), "mailbox Http403");
});

Deno.test("a batch is answered in any order, each part judged by itself", async () => {
  const { client, transport } = clientOf(() =>
    JSON.stringify({
      responses: [
        { id: "3", status: 200, headers: {}, body: { id: "D" } },
        { id: "1", status: 429, headers: { "Retry-After": "7" }, body: { error: { code: "x" } } },
        { id: "0", status: 200, body: { id: "A" } },
        { id: "99", status: 200, body: { id: "?" } },
      ],
    })
  );
  const requests = ["a", "b", "c", "d"].map((name) => ({
    ...REQUEST,
    reach: "item" as const,
    path: graphPath(ALICE, ["mailFolders", name]),
  }));
  const outcomes = await client.batch(ALICE, requests, NO_ABORT);
  assert.deepEqual(
    outcomes.map((outcome) =>
      "error" in outcome ? `${said(outcome.error)} ${outcome.error.retryAfterMs}` : outcome.value
    ),
    ["A", "retryable Http429 7000", "retryable ResponseIncomplete undefined", "D"],
  );
  const sent = JSON.parse(transport.texts[0]!).requests;
  assert.equal(sent[1].url, "/users/alice%40corp.example/mailFolders/b");
  assert.deepEqual(sent[1].headers, { Prefer: 'IdType="ImmutableId"' });
});

Deno.test("content is never a proxy's page, and its failures are those of any answer", async () => {
  const content = { name: "message/$value", reach: "item", path: "/v1.0/users/a", refuse: /html/ };
  const copied = async (answer: ScriptedAnswer) => {
    const { client, transport } = clientOf(() => answer);
    let text = "";
    try {
      await client.copy(ALICE, { ...content, reach: "item" }, (bytes) => {
        text += new TextDecoder().decode(bytes);
      }, NO_ABORT);
      return text;
    } finally {
      assert.equal(transport.bodiesEnded, 1, "the connection is free again");
    }
  };
  const plain = { "content-type": "text/plain" };
  assert.equal(await copied({ body: "Subject: a\r\n", headers: plain }), "Subject: a\r\n");
  const page = { body: "<html>", headers: { "content-type": "text/html" } };
  await assert.rejects(copied(page), { kind: "retryable", code: "ResponseNotMime" });
  const gone = { status: 404, body: '{"error":{"code":"ErrorItemNotFound","message":""}}' };
  await assert.rejects(copied(gone), { kind: "item", code: "ErrorItemNotFound" });
});

/** Milliseconds from the failure until a request of `mailbox` passes. */
async function waitAfter(
  failure: ScriptedAnswer,
  mailbox = ALICE,
  failing = [ALICE],
): Promise<number> {
  const { client, env } = clientOf((_, number) => number <= failing.length ? failure : '{"id":""}');
  for (const each of failing) {
    const failed = client.attempt(each, REQUEST, NO_ABORT);
    await assert.rejects(env.clock.runUntil(failed));
  }
  const startedMs = env.clock.monotonicMs();
  await env.clock.runUntil(client.attempt(mailbox, REQUEST, NO_ABORT));
  return env.clock.monotonicMs() - startedMs;
}

Deno.test("a delay Graph names is obeyed by the mailbox, without one it is half a minute", async () => {
  const named = { status: 429, headers: { "retry-after": "12" } };
  assert.equal(await waitAfter(named), 12_000);
  assert.equal(await waitAfter(named, BOB), 0);
  assert.equal(await waitAfter({ status: 429 }), GRAPH_LIMITS.unnamedBusyMs);
  assert.equal(await waitAfter({ status: 503, headers: { "retry-after": "3" } }), 3_000);
  assert.equal(await waitAfter({ status: 504 }), 0);
  const carol = { ...ALICE, address: "carol@corp.example" };
  assert.equal(await waitAfter(named, carol, [ALICE, BOB]), 12_000, "busy for several: for all");
});

Deno.test("a delay too long to wait for suspends the mailbox", async () => {
  const { client } = clientOf(() => ({ status: 429, headers: { "retry-after": "3600" } }));
  const expected = { kind: "mailbox", code: "Http429", retryAfterMs: 3_600_000 };
  await assert.rejects(client.send(ALICE, REQUEST, NO_ABORT), expected);
  await assert.rejects(client.send(ALICE, REQUEST, NO_ABORT), expected);
});

Deno.test("pauses after busy answers that name none grow, and a success begins anew", async () => {
  const times: number[] = [];
  const { client, env } = clientOf((_, number) => {
    times.push(env.clock.monotonicMs());
    return number % 4 === 0 ? '{"id":"F"}' : { status: 429 };
  });
  for (const _ of [1, 2]) await env.clock.runUntil(client.send(ALICE, REQUEST, NO_ABORT));
  const pauses = times.slice(1).map((ms, index) => Math.round((ms - times[index]!) / 10_000));
  assert.deepEqual(pauses, [3, 6, 12, 0, 3, 6, 12]);
});

Deno.test("who watches is told of every request, and once several wait, that all do", async () => {
  const told: string[] = [];
  const { client } = clientOf(() => ({ status: 429, headers: { "retry-after": "20" } }), {
    requestEnded: (operation, tookMs, error) =>
      told.push(`${operation} ${tookMs >= 0} ${error?.code}`),
    throttled: (_, delayMs, mailbox) => told.push(`${delayMs} ${mailbox?.address ?? "all"}`),
  });
  for (const mailbox of [ALICE, BOB]) {
    await assert.rejects(client.attempt(mailbox, REQUEST, NO_ABORT), SyncError);
  }
  const [, code] = told[1]!.split(" true ");
  assert.deepEqual(told, [
    `20000 ${ALICE.address}`,
    `mailFolder true ${code}`,
    `20000 ${BOB.address}`,
    "20000 all",
    `mailFolder true ${code}`,
  ]);
});
