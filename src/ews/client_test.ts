import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import {
  type Script,
  type ScriptedAnswer,
  ScriptedTransport,
} from "../source/testing/scripted_transport.ts";
import { NO_ABORT, type TestEnv, testEnv } from "../source/testing/test_env.ts";
import { EwsClient, type EwsClientOptions } from "./client.ts";
import { getFolder } from "./operations/get_folder.ts";
import { getItemContent } from "./operations/get_item_content.ts";
import { syncFolderItems } from "./operations/sync_folder_items.ts";
import { answer, backOff, contentMessage, failure, fault, success } from "./testing/answers.ts";

const ROOT = getFolder([{ name: "msgfolderroot" }]);
const FOUND = answer(
  "GetFolder",
  success("GetFolder", `<m:Folders><t:Folder><t:FolderId Id="R"/></t:Folder></m:Folders>`),
);

function mailboxOf(address: string): Mailbox {
  return { address, bucket: { owner: "o", name: "n" }, startFrom: "bucket" };
}

const ALICE = mailboxOf("alice@example.com");
const BOB = mailboxOf("bob@example.com");

interface Harness {
  readonly client: EwsClient;
  readonly transport: ScriptedTransport;
  readonly env: TestEnv;
  /** Virtual ms since the beginning. */
  elapsedMs(): number;
}

function harness(script: Script, options: Partial<EwsClientOptions> = {}): Harness {
  const env = testEnv();
  const transport = new ScriptedTransport(script);
  const endpoint = new URL("https://mail.example.com/EWS/Exchange.asmx");
  const client = new EwsClient({
    transport,
    endpoint,
    accessType: "impersonation",
    env,
    ...options,
  });
  const startedMs = env.clock.monotonicMs();
  return { client, transport, env, elapsedMs: () => env.clock.monotonicMs() - startedMs };
}

/** Sends the probe, with `script` as the server. */
async function send(script: Script, options: Partial<EwsClientOptions> = {}) {
  const parts = harness(script, options);
  const sent = parts.client.send(ALICE, ROOT, NO_ABORT);
  return { ...parts, answer: await parts.env.clock.runUntil(sent) };
}

/** The first request is answered with `first`, all others are fine. */
const once = (first: string | ScriptedAnswer): Script => (_text, number) =>
  number === 1 ? first : FOUND;

async function rejection(
  script: Script,
): Promise<SyncError & { requests: number; tookMs: number }> {
  const { client, env, transport, elapsedMs } = harness(script);
  try {
    await env.clock.runUntil(client.send(ALICE, ROOT, NO_ABORT));
  } catch (error) {
    assert.ok(error instanceof SyncError, String(error));
    return Object.assign(error, { requests: transport.requests.length, tookMs: elapsedMs() });
  }
  throw new assert.AssertionError({ message: "not rejected" });
}

Deno.test("requests carry what Exchange wants to see, and whose they are only with impersonation", async () => {
  for (const accessType of ["impersonation", "delegate"] as const) {
    const { transport: { requests: [request] } } = await send(() => FOUND, { accessType });
    assert.equal(request?.method, "POST");
    assert.equal(request.headers["content-type"], "text/xml; charset=utf-8");
    assert.equal(request.headers["return-client-request-id"], "true");
    assert.match(
      request.headers["client-request-id"]!,
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
    const anchor = accessType === "impersonation" ? ALICE.address : undefined;
    assert.equal(request.headers["x-anchormailbox"], anchor);
    const text = new TextDecoder().decode(request.body);
    assert.equal(text.includes("ExchangeImpersonation"), accessType === "impersonation");
  }
});

Deno.test("the server's time is the one of its Date header", async () => {
  const { answer: { serverTime, value } } = await send(() => FOUND);
  assert.deepEqual(serverTime, new Date("2026-01-01T08:00:00Z"));
  assert.deepEqual(value, ["R"]);
  const { answer: dateless } = await send(() => ({ body: FOUND, headers: { date: "?" } }));
  assert.deepEqual(dateless.serverTime, new Date("2026-01-01T00:00:00Z"));
});

Deno.test("busy is understood in a fault, in a response message, and as HTTP status", async () => {
  const busy: readonly (string | ScriptedAnswer)[] = [
    { status: 500, body: fault("ErrorServerBusy", 20_000) },
    answer("GetFolder", failure("GetFolder", "ErrorServerBusy", backOff(20_000))),
    { status: 503, body: "<html>busy</html>", headers: { "retry-after": "20" } },
    { status: 429, body: "", headers: { "retry-after": "Thu, 01 Jan 2026 00:00:20 GMT" } },
  ];
  for (const first of busy) {
    const { transport, elapsedMs } = await send(once(first));
    assert.equal(transport.requests.length, 2);
    assert.equal(transport.bodiesEnded, 2, "connections are freed");
    assert.ok(elapsedMs() >= 20_000, `${elapsedMs()} ms`);
    assert.ok(elapsedMs() < 25_000, `${elapsedMs()} ms`);
  }
});

Deno.test("a busy answer holds up who spends the same budget, nobody else", async () => {
  for (const accessType of ["impersonation", "delegate"] as const) {
    const { client, env, elapsedMs } = harness(
      once({ status: 500, body: fault("ErrorServerBusy", 20_000) }),
      { accessType },
    );
    const first = client.attempt(ALICE, ROOT, NO_ABORT).catch(() => {});
    await env.clock.runUntil(first);
    await env.clock.runUntil(client.attempt(BOB, ROOT, NO_ABORT));
    assert.equal(elapsedMs() >= 20_000, accessType === "delegate");
    await env.clock.runUntil(client.attempt(ALICE, ROOT, NO_ABORT));
    assert.ok(elapsedMs() >= 20_000);
  }
});

Deno.test("HTTP 503, and whatever names a time to come back, holds up everybody", async () => {
  for (const status of [503, 504]) {
    const { client, env, elapsedMs } = harness(once({ status, headers: { "retry-after": "9" } }));
    await env.clock.runUntil(client.attempt(ALICE, ROOT, NO_ABORT).catch(() => {}));
    await env.clock.runUntil(client.attempt(BOB, ROOT, NO_ABORT));
    assert.ok(elapsedMs() >= 9_000);
  }
});

Deno.test("after HTTP 503 half as many requests go to the server, whosever they are, and slowly more again", async () => {
  let [inFlight, peak] = [0, 0];
  const { client, env } = harness(async (_text, number) => {
    if (number === 1) return { status: 503, headers: { "retry-after": "9" } };
    peak = Math.max(peak, ++inFlight);
    await env.clock.sleep(100, NO_ABORT);
    inFlight--;
    return FOUND;
  });
  const peakOf = async (requests: number) => {
    peak = 0;
    const sent = Array.from(
      { length: requests },
      (_, index) => client.attempt(mailboxOf(`${index}@example.com`), ROOT, NO_ABORT),
    );
    await env.clock.runUntil(Promise.all(sent));
    return peak;
  };
  await env.clock.runUntil(client.attempt(ALICE, ROOT, NO_ABORT).catch(() => {}));
  const { connectionsMax } = LIMITS;
  assert.equal(await peakOf(connectionsMax * 3 / 4), connectionsMax / 2);
  await peakOf(20 * connectionsMax);
  assert.equal(await peakOf(2 * connectionsMax), connectionsMax);
});

Deno.test("a redirect is followed at once, and the answer is as good as any", async () => {
  const { transport, answer: { value }, elapsedMs } = await send(
    once({ status: 301, headers: { location: "/moved/Exchange.asmx" } }),
  );
  assert.deepEqual(value, ["R"]);
  assert.equal(elapsedMs(), 0);
  assert.deepEqual(transport.requests.map(({ url }) => url.pathname), [
    "/EWS/Exchange.asmx",
    "/moved/Exchange.asmx",
  ]);
  assert.equal(transport.texts[0], transport.texts[1]);
});

Deno.test("traces show of a refused request what it came to and which servers were asked", async () => {
  const headers = { "request-id": "R1", "x-feserver": "FE1", "x-targetbeserver": "BE1" };
  const answers = [{ status: 404, headers }, {
    status: 500,
    headers,
    body: fault("ErrorAccessDenied"),
  }];
  for (const refusal of answers) {
    const { client, env } = harness(() => refusal);
    await client.attempt(ALICE, ROOT, NO_ABORT).catch(() => {});
    const [, , fields] = env.lines.find(([, msg]) => msg === "EWS response.")!;
    assert.equal(fields["status"], refusal.status);
    assert.equal(fields["serverRequestId"], "R1");
    assert.deepEqual([fields["server"], fields["mailboxServer"]], ["FE1", "BE1"]);
    assert.match(String(fields["code"]), /Http404|ErrorAccessDenied/);
  }
});

Deno.test("a delay too long to wait for suspends the mailbox, and no request is made before it", async () => {
  const tooLongMs = LIMITS.retryAfterMsMax + 1_000;
  const busy: readonly (string | ScriptedAnswer)[] = [
    { status: 500, body: fault("ErrorServerBusy", tooLongMs) },
    answer("GetFolder", failure("GetFolder", "ErrorServerBusy", backOff(tooLongMs))),
  ];
  for (const first of busy) {
    const { client, env, transport } = harness(once(first));
    for (let call = 0; call < 2; call++) {
      const sent = client.send(ALICE, ROOT, NO_ABORT);
      await assert.rejects(sent, { kind: "mailbox", code: "ErrorServerBusy" });
    }
    assert.equal(transport.requests.length, 1);
    await env.clock.runUntil(env.clock.sleep(tooLongMs, NO_ABORT));
    await env.clock.runUntil(client.send(ALICE, ROOT, NO_ABORT));
  }
});

Deno.test("what can pass is tried again: error pages, cut answers, missing messages, redirects", async () => {
  const cut = FOUND.slice(0, -30);
  const passing: readonly (string | ScriptedAnswer)[] = [
    cut,
    "",
    { body: "<html><body>x</body></html>", headers: { "content-type": "text/html" } },
    { status: 500, body: "<html>Server Error</html>", headers: { "content-type": "text/html" } },
    { status: 502 },
    { status: 504 },
    { status: 408 },
    { status: 302, headers: { location: "/ews/genericerrorpage.htm?aspxerrorpath=/EWS" } },
    answer("GetFolder"),
    { status: 500, body: fault("ErrorInternalServerTransientError") },
  ];
  for (const first of passing) {
    const { transport, env } = await send(once(first));
    assert.equal(transport.requests.length, 2, JSON.stringify(first));
    assert.ok(env.lines.some(([level, , fields]) => level === "warn" && fields["code"]));
  }
});

Deno.test("a body that breaks off is tried again with what the transport says of it", async () => {
  async function* broken() {
    yield new TextEncoder().encode(FOUND.slice(0, 100));
    await Promise.resolve();
    throw new SyncError("retryable", "ResponseCutShort", "Cut");
  }
  const { transport } = await send((_text, number) => number === 1 ? { body: broken() } : FOUND);
  assert.equal(transport.requests.length, 2);
});

Deno.test("what cannot pass is not tried again and names its remedy", async () => {
  const refusals: readonly (readonly [ScriptedAnswer, string, RegExp])[] = [
    [{ status: 403 }, "Http403", /Set-OrganizationConfig -EwsEnabled/],
    [{ status: 401 }, "Http401", /auth_user/],
    [{ status: 440 }, "Http440", /auth_user/],
    [{ status: 456 }, "Http456", /factor/],
    [{ status: 404 }, "Http404", /ews_endpoint/],
    [{ status: 301, headers: { location: "https://other/" } }, "HttpRedirect", /ews_endpoint/],
    [
      { status: 500, body: fault("ErrorImpersonateUserDenied") },
      "ErrorImpersonateUserDenied",
      /ApplicationImpersonation/,
    ],
  ];
  for (const [refusal, code, hint] of refusals) {
    const error = await rejection(() => refusal);
    assert.deepEqual([error.kind, error.code, error.requests], ["mailbox", code, 1]);
    assert.match(error.hint ?? "", hint);
    assert.equal(error.context.mailbox, ALICE.address);
    assert.equal(error.context.operation, "GetFolder");
  }
});

Deno.test("errors of the transport are passed on, kind and all", async () => {
  const refused = new SyncError("fatal", "CredentialsRefused", "Refused");
  const error = await rejection(() => Promise.reject(refused));
  assert.deepEqual([error.kind, error.code, error.requests], ["fatal", "CredentialsRefused", 1]);
});

Deno.test("retries end with the budget; an unknown code is tried a few times only", async () => {
  const busy = await rejection(() => ({ status: 500, body: fault("ErrorServerBusy", 60_000) }));
  assert.equal(busy.kind, "retryable");
  assert.ok(busy.tookMs <= LIMITS.retryBudgetMs);
  assert.ok(busy.requests >= 8, `${busy.requests} requests`);
  const unknown = await rejection(() => ({ status: 500, body: fault("ErrorFromTheFuture") }));
  assert.deepEqual([unknown.kind, unknown.code, unknown.requests], ["mailbox", "ErrorUnknown", 5]);
});

Deno.test("schema versions are negotiated down once for the server", async () => {
  const refusing: Script = (text) =>
    text.includes("Exchange2010_SP2")
      ? FOUND
      : { status: 500, body: fault("ErrorInvalidServerVersion") };
  const { client, transport, env } = await send(refusing);
  const versions = transport.texts.map((text) => /Version="(\w+)"/.exec(text)?.[1]);
  assert.deepEqual(versions, [
    "Exchange2016",
    "Exchange2013_SP1",
    "Exchange2013",
    "Exchange2010_SP2",
  ]);
  await env.clock.runUntil(client.send(BOB, ROOT, NO_ABORT));
  assert.equal(transport.requests.length, 5);
  const hopeless = await rejection(() => ({
    status: 500,
    body: fault("ErrorInvalidServerVersion"),
  }));
  assert.deepEqual([hopeless.kind, hopeless.requests], ["mailbox", 4]);
});

Deno.test("a request that does not validate is a defect once the server has understood one", async () => {
  const { client, transport } = await send((_text, number) =>
    number === 1 ? FOUND : { status: 500, body: fault("ErrorSchemaValidation") }
  );
  await assert.rejects(client.send(ALICE, ROOT, NO_ABORT), {
    code: "ErrorSchemaValidation",
    kind: "mailbox",
  });
  assert.equal(transport.requests.length, 2);
});

Deno.test("traces show requests, never content, and no field is a subject", async () => {
  const { client, env } = harness(() => answer("GetItem", contentMessage("A", "Subject: secret")));
  const operation = getItemContent(["A"]);
  let mime = "";
  await client.attempt(ALICE, operation, {
    ...NO_ABORT,
    receive: (_index, bytes) => {
      mime += new TextDecoder().decode(bytes);
    },
  });
  assert.equal(mime, "Subject: secret");
  const log = JSON.stringify(env.lines);
  assert.match(log, /IncludeMimeContent/);
  assert.match(log, /"mimeBytes":15/);
  assert.doesNotMatch(log, /secret|U3ViamVjd/);
});

Deno.test("a long sync state is cut in the trace, not in the request", async () => {
  const { client, env, transport } = harness(() => answer("SyncFolderItems"));
  const operation = syncFolderItems({ folderId: "F", syncState: "S".repeat(9_000), limit: 1 });
  await client.attempt(ALICE, operation, NO_ABORT).catch(() => {});
  const [, , fields] = env.lines.find(([level]) => level === "trace")!;
  assert.equal(String(fields["envelope"]).length, 4_096);
  assert.ok(transport.texts[0]!.length > 9_000);
});

Deno.test("an abort rejects with the signal's reason, also while waiting at the gate", async () => {
  const stop = new AbortController();
  const { client, env } = harness(once({ status: 500, body: fault("ErrorServerBusy", 60_000) }));
  const sent = client.send(ALICE, ROOT, { signal: stop.signal });
  const stopping = env.clock.sleep(10_000, NO_ABORT).then(() => stop.abort(new Error("stopping")));
  await assert.rejects(env.clock.runUntil(Promise.all([sent, stopping])), /stopping/);
});

Deno.test("who watches is told of every request, and of every wait that the server asks for", async () => {
  const busy = answer("GetFolder", failure("GetFolder", "ErrorServerBusy", backOff(20_000)));
  for (const accessType of ["impersonation", "delegate"] as const) {
    const told: string[] = [];
    const { answer: found } = await send(once(busy), {
      accessType,
      observer: {
        requestEnded: (operation, tookMs, error) =>
          told.push(`${operation} ${tookMs >= 0} ${error?.code ?? "ok"}`),
        throttled: ({ code }, delayMs, mailbox) =>
          told.push(`${code} ${delayMs} ${mailbox?.address ?? "all"}`),
      },
    });
    assert.ok(found);
    assert.deepEqual(told, [
      `ErrorServerBusy 20000 ${accessType === "impersonation" ? ALICE.address : "all"}`,
      "GetFolder true ErrorServerBusy",
      "GetFolder true ok",
    ]);
  }
});
