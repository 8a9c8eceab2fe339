import assert from "node:assert/strict";
import fc from "fast-check";
import { SyncError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { systemClock } from "../runtime/system.ts";
import { CredentialGate } from "./credential_gate.ts";
import { dial } from "./dial.ts";
import { createNtlmTransport } from "./ntlm_transport.ts";
import { challengeMessage } from "./testing/ntlm_verifier.ts";
import { TestServer } from "./testing/test_server.ts";
import { textOf } from "./testing/text_of.ts";
import { undiciCase } from "./testing/undici_case.ts";

/*
 * Goal: whatever a proxy or a server answers before anybody is signed in ends in an answer or a typed
 * error, over real sockets. Method: heads of the pieces that are looked for, and bytes of no meaning.
 */

const PASSWORD = "pässword";
const options = { clock: systemClock, signal: new AbortController().signal } as const;
const trust = { verify: true, extraRoots: [] };

/** Each connection is answered with `answer.bytes`, whatever it asks, and closed. */
function serverOf(answer: { bytes: Uint8Array }): TestServer {
  return new TestServer(async (conn) => {
    if (await conn.read(new Uint8Array(16 * 1024)) === null) return;
    const { bytes } = answer;
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  });
}

const piece = fc.oneof(
  fc.constantFrom(
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 401 x\r\n",
    "HTTP/1.0 407 \r\n",
    "HTTP/9.9 999\r\n",
  ),
  fc.constantFrom(
    "\r\n",
    "\n\n",
    "\r\n\r\n",
    ": ",
    "\0",
    "\x16\x03\x01\0\x02",
    "Content-Length: 0\r\n",
  ),
  fc.constantFrom(
    "Content-Length: 99999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "-1\r\n",
  ),
  fc.constantFrom(
    'Proxy-Authenticate: Basic realm="\xff"\r\n',
    "Proxy-Authenticate: \x1b[2J, NTLM\r\n",
  ),
  fc.constantFrom(
    "WWW-Authenticate: NTLM\r\n",
    "WWW-Authenticate: NTLM A===\r\n",
    "Connection: close\r\n",
  ),
  fc.constant(`WWW-Authenticate: NTLM ${challengeMessage({ time: true }).toBase64()}\r\n`),
  fc.string({ maxLength: 6 }),
);
const head = fc.tuple(
  fc.constantFrom(
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 401 No\r\nContent-Length: 0\r\n",
    "HTTP/1.1 407 \r\n",
    "HTTP/1.1 \x1b[2J\r\n",
    "",
  ),
  fc.array(piece, { maxLength: 6, size: "max" }),
  fc.constantFrom("\r\n", "\r\n\r\n", ""),
).map(([first, pieces, last]) =>
  Uint8Array.from(
    `${first}${pieces.join("")}${last}`,
    (character) => character.charCodeAt(0) & 0xff,
  )
);

const challenge = fc.tuple(
  fc.constantFrom("NTLM", "Negotiate"),
  fc.stringMatching(/^[A-Za-z0-9+/]{1,20}={0,3}$/),
)
  .map(([scheme, token]) =>
    new TextEncoder().encode(
      `HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: ${scheme} ${token}\r\n\r\n`,
    )
  );

const status = fc.integer({ min: 300, max: 599 }).map((status) =>
  new TextEncoder().encode(`HTTP/1.1 ${status} \r\nContent-Length: 0\r\n\r\n`)
);

function assertPresentable(error: unknown): void {
  assert.ok(error instanceof SyncError, `${error}`);
  assert.match(error.message, /^[\x20-\x7e]{1,999}$/);
  assert.ok(error.hint && !error.message.includes(PASSWORD));
}

undiciCase("whatever a proxy answers to CONNECT is a typed error on one short line", async () => {
  const answer = { bytes: new Uint8Array() };
  await using proxy = serverOf(answer);
  const through = { ...options, trust, proxy: { url: proxy.url() } };
  await fc.assert(
    fc.asyncProperty(head, async (bytes) => {
      answer.bytes = bytes;
      // A proxy that agrees speaks no TLS behind it.
      await assert.rejects(dial(new URL("https://exchange.test/"), through), (error) => {
        assertPresentable(error);
        return true;
      });
    }),
    { numRuns: 120 },
  );
});

undiciCase(
  "whatever a server answers to a sign-in is an answer or a typed error on one line",
  async () => {
    const answer = { bytes: new Uint8Array() };
    await using server = serverOf(answer);
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(head, challenge, status), async (bytes) => {
        answer.bytes = bytes;
        await using transport = createNtlmTransport({
          endpoint: server.url(),
          user: "CORP\\svc",
          password: new Secret(PASSWORD),
          gate: new CredentialGate("CORP\\svc", systemClock),
          trust,
          clock: systemClock,
        });
        const request = { method: "POST", url: server.url("/EWS"), headers: {} } as const;
        try {
          const response = await transport.send(request, options);
          await textOf(response);
          answered++;
        } catch (error) {
          assertPresentable(error);
        }
      }),
      { numRuns: 120 },
    );
    assert.ok(answered > 0, "some of them are answers");
  },
);
