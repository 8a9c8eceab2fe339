import assert from "node:assert/strict";
import fc from "fast-check";
import { sampleBoard } from "../../tests/browser/sample_board.ts";
import { quietEnv } from "../../tests/contract/quiet_env.ts";
import { startStatusServer } from "./status_server.ts";
import { StatusView } from "./status_view.ts";

/*
 * Goal: whatever comes in over its socket, the status server answers or closes; it never fails, never
 * answers at length, and nothing of a request becomes a header of an answer. Method: requests of the
 * pieces that are looked for, as bytes on a connection of their own, and bytes of no meaning.
 */

const PAGE = { html: "<p>page", css: "p{}", js: "1", icon: "<svg/>" };
const MARK = "X-Injected";
const ANSWER_BYTES_MAX = 1024 * 1024;
/** What the server says, and what its HTTP does before it is asked; `503`: not ready. */
const STATUSES = new Set([200, 304, 400, 404, 405, 413, 414, 417, 431, 501, 503, 505]);

function served() {
  const { env, lines } = quietEnv();
  const { board, time } = sampleBoard({ mailboxes: 300, troubled: true });
  const server = startStatusServer({
    bind: { host: "127.0.0.1", port: 0 },
    view: new StatusView(board, time, "1.0.0"),
    metrics: { exposition: (detail) => ReadableStream.from([`${detail}\n`]), type: "text/plain" },
    page: PAGE,
    log: env.log,
  });
  return { server, lines };
}

/** All that is answered to bytes, after which nothing more comes. */
async function answered(url: URL, request: Uint8Array<ArrayBuffer>): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(url.port) });
  let text = "";
  try {
    for (let at = 0; at < request.length;) at += await connection.write(request.subarray(at));
    await connection.closeWrite();
    const decoder = new TextDecoder("latin1");
    for await (const bytes of connection.readable) text += decoder.decode(bytes);
  } catch (error) {
    // Who is refused while he speaks sees his connection end.
    if (!(error instanceof Deno.errors.ConnectionReset) && !isBroken(error)) throw error;
  }
  return text;
}

function isBroken(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.NotConnected;
}

const odd = fc.oneof(
  fc.constantFrom("", " ", "\0", "\t", "\u001b[2J", "\u00ff", "%00", "%zz", "%", "..", "//", "\\"),
  fc.constantFrom(`\r\n${MARK}: 1\r\n`, `\n${MARK}: 1\n`, `%0d%0a${MARK}:%201`, `\r${MARK}: 1`),
  fc.constant("a".repeat(20_000)),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const method = fc.oneof(
  fc.constantFrom("GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "CONNECT", "TRACE", "PRI", "get"),
  odd,
);
const place = fc.oneof(
  fc.constantFrom("/", "/livez", "/readyz", "/metrics", "/status.json", "/script.js", "*"),
  fc.constantFrom("/../etc/passwd", "/__proto__", "//evil.example/", "http://evil.example/metrics"),
  odd.map((text) => `/${text}`),
  odd,
);
const parameter = fc.tuple(
  fc.oneof(
    fc.constantFrom("mailbox", "search", "show", "sort", "order", "offset", "limit", "folders"),
    odd,
  ),
  fc.oneof(fc.constantFrom("0", "1", "-1", "1e9", "999999999", "999999999999", "NaN", "desc"), odd),
).map(([name, value]) => `${name}=${value}`);
const target = fc.tuple(place, fc.array(parameter, { maxLength: 4 })).map(
  ([place, parameters]) => parameters.length > 0 ? `${place}?${parameters.join("&")}` : place,
);
const field = fc.tuple(
  fc.oneof(
    fc.constantFrom("Host", "If-None-Match", "Content-Length", "Transfer-Encoding", "Connection"),
    fc.constantFrom("Upgrade", "Expect", "Range", "Origin", "Cookie", "X-Forwarded-For"),
    odd,
  ),
  fc.oneof(
    fc.constantFrom("127.0.0.1", "evil.example", "[::1", "a b", "*", "5", "chunked", "close"),
    fc.constantFrom("websocket", "h2c", "100-continue", "99999999999999999999", "bytes=0-"),
    odd,
  ),
).map(([name, value]) => `${name}: ${value}\r\n`);
const version = fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "");
const head = fc.tuple(method, target, version, fc.array(field, { maxLength: 4 }), odd).map(
  ([method, target, version, fields, body]) =>
    new TextEncoder().encode(`${method} ${target} ${version}\r\n${fields.join("")}\r\n${body}`),
);
const requests = fc.oneof(
  { weight: 9, arbitrary: head },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
);

/** The heads of all answers on a connection, each with its status. */
function headsIn(text: string) {
  return [...text.matchAll(/^HTTP\/1\.[01] ([0-9]{3})[^\r]*\r\n((?:[^\r\n]+\r\n)*)/gm)]
    .map(([, status, fields]) => ({ status: Number(status), fields: fields! }));
}

Deno.test("whatever is sent to the status server, it goes on, answers briefly, and says nothing of it in a header", async () => {
  const { server, lines } = served();
  await using _server = server;
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const text = await answered(server.url, new Uint8Array(request));
      assert.ok(text.length < ANSWER_BYTES_MAX, `${text.length} bytes`);
      assert.ok(text === "" || text.startsWith("HTTP/1."), text.slice(0, 100));
      for (const { status, fields } of headsIn(text)) {
        assert.ok(STATUSES.has(status), `${status}`);
        assert.doesNotMatch(fields, new RegExp(`^${MARK}`, "im"));
        statuses.add(status);
      }
    }),
    { numRuns: 600 },
  );
  assert.ok([200, 400, 404, 405].every((status) => statuses.has(status)), [...statuses].join());
  assert.equal(await (await fetch(new URL("livez", server.url))).text(), "live\n");
  assert.deepEqual(lines.filter(({ level }) => level === "error"), []);
});

Deno.test("any query of the status document is answered with a page of it, bounded and in JSON", async () => {
  const { server } = served();
  await using _server = server;
  const short = parameter.filter((text) => text.length < 1_000);
  await fc.assert(
    fc.asyncProperty(fc.array(short, { maxLength: 6 }), async (parameters) => {
      const query = parameters.join("&").replace(/[#\r\n\t]/g, "?");
      const response = await fetch(new URL(`status.json?${query}`, server.url));
      const text = await response.text();
      assert.equal(response.status, 200);
      assert.ok(text.length < ANSWER_BYTES_MAX);
      assert.equal(typeof JSON.parse(text), "object");
    }),
    { numRuns: 200 },
  );
});
