import assert from "node:assert/strict";
import { type ScriptedAnswer, ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { RedirectedEndpoint } from "./redirected_endpoint.ts";

const ENDPOINT = new URL("https://mail.corp.example/EWS/Exchange.asmx");
const REQUEST = {
  method: "POST",
  headers: { "x-test": "1" },
  body: new TextEncoder().encode("<s:Envelope/>"),
} as const;

/** An endpoint whose server answers by path; what is not listed is EWS. */
function harness(answers: Readonly<Record<string, ScriptedAnswer>>) {
  const known = new Map(Object.entries(answers));
  const transport = new ScriptedTransport((_text, _number, { url }) =>
    known.get(url.pathname) ?? { body: "<ok/>" }
  );
  const endpoint = new RedirectedEndpoint(transport, ENDPOINT);
  return {
    known,
    transport,
    send: () => endpoint.send(REQUEST, NO_ABORT),
    /** Paths asked for since the last look. */
    paths: () => transport.requests.splice(0).map(({ url }) => url.pathname),
  };
}

const to = (location: string, status: number): ScriptedAnswer => ({
  status,
  headers: { location },
  body: "<html>moved</html>",
});

Deno.test("the same request is sent again where it is redirected to, and its connection is freed", async () => {
  const { transport, send } = harness({ [ENDPOINT.pathname]: to("/ews/moved.asmx", 302) });
  assert.equal((await send()).status, 200);
  assert.equal(transport.bodiesEnded, 1);
  const [first, second] = transport.requests;
  assert.deepEqual({ ...second, url: first?.url }, first);
  assert.deepEqual([second?.method, second?.url.pathname], ["POST", "/ews/moved.asmx"]);
});

Deno.test("only permanent redirects are remembered, up to the first temporary one", async () => {
  const { send, paths } = harness({
    [ENDPOINT.pathname]: to("/a", 301),
    "/a": to("/b", 308),
    "/b": to("/c", 307),
    "/c": to("/d", 301),
  });
  await send();
  assert.deepEqual(paths(), [ENDPOINT.pathname, "/a", "/b", "/c", "/d"]);
  await send();
  assert.deepEqual(paths(), ["/b", "/c", "/d"]);
});

Deno.test("where EWS does not answer is not remembered, and no longer once it stops answering", async () => {
  const { send, paths, known } = harness({
    [ENDPOINT.pathname]: to("/a", 301),
    "/a": { status: 404 },
  });
  assert.equal((await send()).status, 404);
  await send();
  assert.deepEqual(paths(), [ENDPOINT.pathname, "/a", ENDPOINT.pathname, "/a"]);

  known.delete("/a");
  await send();
  known.set("/a", { status: 404 });
  known.delete(ENDPOINT.pathname);
  assert.equal((await send()).status, 404);
  assert.equal((await send()).status, 200);
  assert.deepEqual(paths(), [ENDPOINT.pathname, "/a", "/a", ENDPOINT.pathname]);
});

Deno.test("no request goes to another host, not even after redirects that were followed", async () => {
  const { send, transport } = harness({
    [ENDPOINT.pathname]: to("/a", 301),
    "/a": to("https://evil.example/EWS/Exchange.asmx", 301),
  });
  await assert.rejects(send(), { kind: "mailbox", code: "HttpRedirect" });
  await assert.rejects(send(), { kind: "mailbox", code: "HttpRedirect" });
  assert.deepEqual(
    [...new Set(transport.requests.map(({ url }) => url.origin))],
    [ENDPOINT.origin],
  );
  assert.equal(transport.bodiesEnded, transport.requests.length);
});

Deno.test("redirects that go in circles end after five", async () => {
  const { send, paths } = harness({
    [ENDPOINT.pathname]: to("/a", 302),
    "/a": to(ENDPOINT.pathname, 302),
  });
  await assert.rejects(send(), { kind: "mailbox", code: "HttpRedirectLoop", hint: /ews_endpoint/ });
  assert.equal(paths().length, 6);
});

Deno.test("a redirect to the error page passes", async () => {
  const { send } = harness({ [ENDPOINT.pathname]: to("/ews/genericerrorpage.htm", 302) });
  await assert.rejects(send(), { kind: "retryable", code: "HttpErrorPage" });
});

Deno.test("of a page that does not end only so much is read that it costs less than a connection", async () => {
  let chunks = 0;
  async function* endless() {
    for (;;) {
      chunks++;
      await Promise.resolve();
      yield new Uint8Array(16 * 1024);
    }
  }
  const { send, transport } = harness({
    [ENDPOINT.pathname]: { status: 302, headers: { location: "/a" }, body: endless() },
  });
  assert.equal((await send()).status, 200);
  assert.ok(chunks <= 5, `${chunks} chunks`);
  assert.equal(transport.bodiesEnded, 1);
});
