import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { LIMITS } from "../core/limits.ts";
import { Secret } from "../core/secret.ts";
import { CredentialGate } from "./credential_gate.ts";
import {
  createNtlmTransport,
  type NtlmTransport,
  type NtlmTransportOptions,
} from "./ntlm_transport.ts";
import { RotatingSecret } from "./rotating_secret.ts";
import { type CertificateWithKey, TestAuthority } from "./testing/certificates.ts";
import { encodeResponse, writeAll } from "./testing/http_wire.ts";
import { ManualClock } from "./testing/manual_clock.ts";
import { NtlmServer, type Respond } from "./testing/ntlm_server.ts";
import { TestServer } from "./testing/test_server.ts";
import { textOf } from "./testing/text_of.ts";
import { times } from "./testing/times.ts";
import { undiciCase } from "./testing/undici_case.ts";
import { waitUntil } from "./testing/wait_until.ts";
import { WatchedGate } from "./testing/watched_gate.ts";
import { silentLog } from "./testing/warning_log.ts";
import { systemClock } from "../runtime/system.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";

const authority = await TestAuthority.create();
const FOREVER = { signal: new AbortController().signal };

interface Setting {
  readonly server: TestServer;
  readonly ntlm: NtlmServer;
  readonly transport: NtlmTransport;
  /** Sends `body` and resolves to the status and the body of the answer. */
  readonly post: (body?: string) => Promise<string>;
  readonly request: (body?: string) => HttpRequest;
}

interface SettingOptions extends Partial<NtlmTransportOptions> {
  readonly certificate?: CertificateWithKey;
  /** Hash of the certificate's signature; default SHA-256. */
  readonly hash?: string;
  readonly respond?: Respond;
}

/** A server and a transport to it, both gone when `test` is over. */
async function using(options: SettingOptions, test: (setting: Setting) => Promise<void>) {
  const { certificate, hash = "sha256", respond, ...transportOptions } = options;
  const endPointHash = certificate && createHash(hash).update(certificate.der).digest();
  const ntlm = new NtlmServer({
    domain: "CORP",
    user: "svc",
    password: "pässword",
    targetName: "HTTP/localhost",
    ...(endPointHash ? { endPointHash } : {}),
  }, respond);
  await using server = new TestServer(ntlm.serve, certificate);
  await using transport = createNtlmTransport({
    endpoint: server.url("/EWS/Exchange.asmx"),
    user: "CORP\\svc",
    password: new Secret("pässword"),
    gate: new CredentialGate("CORP\\svc", systemClock),
    trust: { verify: true, extraRoots: [authority.pem] },
    clock: systemClock,
    ...transportOptions,
  });
  const request = (body = "request"): HttpRequest => ({
    method: "POST",
    url: server.url("/EWS/Exchange.asmx"),
    headers: { "content-type": "text/xml" },
    body: new TextEncoder().encode(body),
  });
  const post = async (body?: string) =>
    await answerOf(await transport.send(request(body), FOREVER));
  await test({ server, ntlm, transport, post, request });
}

/** The status and the body. */
async function answerOf(response: HttpResponse): Promise<string> {
  return `${response.status} ${await textOf(response)}`;
}

undiciCase(
  "a connection signs in once, with its first request, and serves all others",
  async () => {
    await using({}, async ({ ntlm, post }) => {
      for (const body of ["one", "two", "three"]) assert.equal(await post(body), `200 ${body}`);
      assert.deepEqual(ntlm.messages, ["NTLM 1", "NTLM 3"]);
      assert.deepEqual(ntlm.answered.map(({ body }) => body), ["one", "two", "three"]);
      assert.deepEqual([ntlm.connections, ntlm.logons], [1, 1]);
    });
  },
);

undiciCase("sign-in works with a server that states no time", async () => {
  await using({}, async ({ ntlm, post }) => {
    ntlm.switches.statesTime = false;
    assert.equal(await post("one"), "200 one");
  });
});

undiciCase("over TLS the sign-in is bound to the certificate, whatever hash signs it", async () => {
  for (const hash of ["SHA-256", "SHA-384"] as const) {
    const certificate = await authority.issue({ hash });
    const digest = hash.replace("SHA-", "sha");
    await using({ certificate, hash: digest }, async ({ post }) => {
      assert.equal(await post("one"), "200 one");
    });
  }
});

undiciCase("a sign-in through someone else's TLS is refused by the channel binding", async () => {
  const certificate = await authority.issue();
  const other = await authority.issue();
  // The server expects the binding of its own certificate, which is not the one on the wire.
  const options = { certificate: { ...certificate, der: other.der } };
  await using(options, async ({ ntlm, post }) => {
    await assert.rejects(post(), { code: "CredentialsRefused" });
    assert.deepEqual(ntlm.refusals, ["wrong channel binding"]);
  });
});

undiciCase(
  "of 16 requests at once the first signs in alone, then all have their connection",
  async () => {
    const hold = Promise.withResolvers<void>();
    await using({ connectionsMax: 16 }, async ({ ntlm, post }) => {
      ntlm.switches.holdsSignIn = hold.promise;
      const answers = times(16, (index) => post(`${index}`));
      await waitUntil(() => ntlm.connections === 16 && ntlm.logons === 1);
      assert.deepEqual(ntlm.messages, ["NTLM 1", "NTLM 3"]);
      ntlm.switches.holdsSignIn = undefined;
      hold.resolve();
      assert.deepEqual(await Promise.all(answers), times(16, (index) => `200 ${index}`));
      assert.deepEqual([ntlm.connections, ntlm.logons], [16, 16]);
    });
  },
);

undiciCase("more requests than connections wait their turn and are answered in order", async () => {
  await using({ connectionsMax: 2 }, async ({ ntlm, post }) => {
    const answers = await Promise.all(times(20, (index) => post(`${index}`)));
    assert.deepEqual(answers, times(20, (index) => `200 ${index}`));
    assert.equal(ntlm.connections, 2);
  });
});

undiciCase(
  "a wrong password costs one sign-in, however many ask, until 15 minutes are over",
  async () => {
    const clock = new ManualClock();
    const gate = new CredentialGate("CORP\\svc", clock);
    await using({ gate, password: new Secret("wrong") }, async ({ ntlm, post }) => {
      const refused = { kind: "fatal", code: "CredentialsRefused" };
      await Promise.all(times(8, () => assert.rejects(post(), refused)));
      assert.deepEqual(ntlm.refusals, ["wrong password"]);

      const { connections } = ntlm;
      clock.advance(LIMITS.credentialHoldMs - 1);
      await assert.rejects(post(), refused);
      assert.deepEqual([ntlm.logons, ntlm.connections], [1, connections], "network untouched");

      clock.advance(1);
      await assert.rejects(post(), refused);
      assert.equal(ntlm.logons, 2);
    });
  },
);

undiciCase(
  "a password that was replaced where it is kept is read again once it is refused",
  async () => {
    let kept = "wrong";
    const clock = new ManualClock();
    const gate = new CredentialGate("CORP\\svc", clock);
    const password = new RotatingSecret(new Secret(kept), {
      read: () => Promise.resolve(new Secret(kept)),
      onChange: () => gate.secretChanged(),
      log: silentLog,
    });
    await using({ gate, password }, async ({ ntlm, post }) => {
      await Promise.all(times(8, () => assert.rejects(post(), { code: "CredentialsRefused" })));
      assert.equal(ntlm.logons, 1);
      kept = "pässword";
      const answers = await Promise.all(times(8, (index) => post(`${index}`)));
      assert.deepEqual(answers, times(8, (index) => `200 ${index}`));
      assert.deepEqual(ntlm.refusals, ["wrong password"]);
    });
  },
);

undiciCase(
  "of 8 requests that wait for a refused sign-in all go on with the new password",
  async () => {
    const gate = new CredentialGate("CORP\\svc", systemClock);
    const password = new RotatingSecret(new Secret("wrong"), {
      read: () => Promise.resolve(new Secret("pässword")),
      onChange: () => gate.secretChanged(),
      log: silentLog,
    });
    await using({ gate, password }, async ({ ntlm, post }) => {
      const answers = await Promise.all(times(8, (index) => post(`${index}`)));
      assert.deepEqual(answers, times(8, (index) => `200 ${index}`));
      assert.deepEqual(ntlm.refusals, ["wrong password"]);
    });
  },
);

undiciCase("a 401 on a signed-in connection is answered by signing in on a fresh one", async () => {
  await using({}, async ({ ntlm, post }) => {
    await post("one");
    ntlm.switches.forgetfulFor = 1;
    assert.equal(await post("two"), "200 two");
    assert.deepEqual(ntlm.answered.map(({ connection }) => connection), [0, 1]);
    assert.deepEqual([ntlm.logons, ntlm.refusals.length], [2, 0]);
  });
});

undiciCase("a refusal after a success is throttling, then one sign-in alone decides", async () => {
  const clock = new ManualClock();
  const gate = new CredentialGate("CORP\\svc", clock);
  await using({ gate }, async ({ ntlm, post }) => {
    await post("one");
    ntlm.switches.forgetfulFor = 1;
    ntlm.switches.refusesFor = 1;
    await assert.rejects(post("two"), { kind: "retryable", code: "SignInThrottled" });
    assert.equal(ntlm.logons, 2);
    await assert.rejects(post("two"), { code: "SignInThrottled" });
    assert.equal(ntlm.logons, 2);

    clock.advance(LIMITS.signInBackoffMs);
    assert.deepEqual(
      await Promise.all(times(4, () => post("three"))),
      times(4, () => "200 three"),
    );
    assert.deepEqual(ntlm.refusals, ["out of order"]);
  });
});

for (const busy of [false, true]) {
  const how = busy ? "in the middle of their answers" : "while unused";
  undiciCase(
    `of 8 connections that all end ${how} while the password changes one is refused`,
    async () => {
      const clock = new ManualClock();
      const gate = new WatchedGate("CORP\\svc", clock);
      const respond: Respond = async ({ body }, conn) => {
        const contentLength = body === "stall" ? 100 : 2;
        await writeAll(conn, encodeResponse({ status: 200, body: "ok", contentLength }));
        return true;
      };
      const options = { gate, respond, connectionsMax: 8 };
      await using(options, async ({ server, ntlm, transport, request, post }) => {
        const send = () => transport.send(request(busy ? "stall" : "whole"), FOREVER);
        const answers = await Promise.all(times(8, send));
        if (!busy) await Promise.all(answers.map(textOf));
        clock.advance(LIMITS.signInProofAfterLossMs);
        ntlm.switches.refusesFor = Infinity;
        server.closeConnections();
        await waitUntil(() => gate.lost === 8);
        if (busy) await Promise.all(answers.map((answer) => assert.rejects(answerOf(answer))));

        const refused = { kind: "retryable", code: "SignInThrottled" };
        const again = times(8, () => assert.rejects(retried(() => post("again")), refused));
        await Promise.all(again);
        assert.deepEqual([ntlm.connections, ntlm.refusals], [16, ["out of order"]]);
      });
    },
  );
}

undiciCase("where the server closes behind every answer, sign-ins go side by side", async () => {
  const gate = new CredentialGate("CORP\\svc", new ManualClock());
  const respond: Respond = async (_request, conn) => {
    await writeAll(conn, encodeResponse({ status: 200, body: "ok" }));
    return false;
  };
  await using({ gate, respond }, async ({ server, ntlm, post }) => {
    await post();
    await waitUntil(() => server.openConnections === 0);
    const hold = Promise.withResolvers<void>();
    ntlm.switches.holdsSignIn = hold.promise;
    const answers = times(4, () => retried(post));
    await waitUntil(() => ntlm.logonsAtOnce === 4);
    hold.resolve();
    assert.deepEqual(await Promise.all(answers), times(4, () => "200 ok"));
  });
});

undiciCase("raw NTLM goes under Negotiate where NTLM is not offered", async () => {
  await using({}, async ({ ntlm, post }) => {
    ntlm.switches.offers = ["Negotiate"];
    assert.equal(await post("one"), "200 one");
    assert.deepEqual(ntlm.messages, ["NTLM 1", "Negotiate 1", "Negotiate 3"]);
  });
});

undiciCase("a server that offers neither gets no credentials", async () => {
  await using({}, async ({ ntlm, post }) => {
    ntlm.switches.offers = ['Basic realm="NTLM"', "Bearer"];
    await assert.rejects(post(), { kind: "fatal", code: "NtlmNotOffered" });
    assert.deepEqual(ntlm.messages, ["NTLM 1"]);
  });
});

undiciCase("NTLM that is no longer offered after a success does not end the process", async () => {
  await using({}, async ({ server, ntlm, post }) => {
    await post();
    ntlm.switches.offers = ["Basic"];
    server.closeConnections();
    await waitUntil(() => server.openConnections === 0);
    await assert.rejects(retried(post), { kind: "mailbox", code: "NtlmNotOffered" });
  });
});

undiciCase("an answer other than 401 before the sign-in is the answer", async () => {
  await using({}, async ({ ntlm, post }) => {
    ntlm.switches.instead = { status: 503, body: "maintenance" };
    assert.equal(await post(), "503 maintenance");
    ntlm.switches.instead = undefined;
    assert.equal(await post("one"), "200 one");
    assert.equal(ntlm.logons, 1);
  });
});

undiciCase("a proxy that closes within the handshake is diagnosed", async () => {
  await using({}, async ({ ntlm, post }) => {
    ntlm.switches.closesBetweenLegs = true;
    await assert.rejects(post(), { kind: "retryable", code: "NtlmConnectionLost" });
    ntlm.switches.closesBetweenLegs = false;
    assert.equal(await post("one"), "200 one");
  });
});

undiciCase("a connection that the server closed while unused is replaced by another", async () => {
  await using({}, async ({ server, ntlm, post }) => {
    await post("one");
    server.closeConnections();
    await waitUntil(() => server.openConnections === 0);
    assert.equal(await retried(() => post("two")), "200 two");
    assert.deepEqual([ntlm.connections, ntlm.logons], [2, 2]);
  });
});

undiciCase(
  "a connection that the server closed while it waited to sign in is replaced",
  async () => {
    const hold = Promise.withResolvers<void>();
    await using({}, async ({ server, ntlm, post }) => {
      ntlm.switches.holdsSignIn = hold.promise;
      const first = post("one");
      await waitUntil(() => ntlm.logons === 1);
      const second = post("two");
      await waitUntil(() => server.openConnections === 2);
      server.closeConnections(1);
      await waitUntil(() => server.openConnections === 1);
      await systemClock.sleep(20, FOREVER); // the end travels through the kernel
      hold.resolve();
      assert.deepEqual(await Promise.all([first, second]), ["200 one", "200 two"]);
      assert.equal(ntlm.connections, 3);
    });
  },
);

undiciCase("a request whose connection dies before any answer fails and is sent once", async () => {
  const respond: Respond = () => Promise.resolve(false);
  await using({ respond }, async ({ ntlm, post }) => {
    await assert.rejects(post("first on its connection"), { kind: "retryable" });
    assert.equal(ntlm.answered.length, 1);
  });
  const once: Respond = async (request, conn) => {
    if (request.body === "two") return false;
    await writeAll(conn, encodeResponse({ status: 200 }));
    return true;
  };
  await using({ respond: once }, async ({ ntlm, post }) => {
    await post("one");
    await assert.rejects(post("two"), { kind: "retryable", code: "ConnectionClosed" });
    assert.deepEqual(ntlm.answered.map(({ body }) => body), ["one", "two"]);
  });
});

undiciCase("a body cut short is retryable, and its connection is used no more", async () => {
  const respond: Respond = async ({ body }, conn) => {
    const contentLength = body === "cut" ? 100 : 2;
    await writeAll(conn, encodeResponse({ status: 200, body: "ok", contentLength }));
    return body !== "cut";
  };
  await using({ respond }, async ({ ntlm, post }) => {
    await assert.rejects(post("cut"), { kind: "retryable", code: "ResponseCutShort" });
    assert.equal(await post("whole"), "200 ok");
    assert.equal(ntlm.connections, 2);
  });
});

undiciCase("a response that is cancelled or aborted gives its place to the next", async () => {
  const respond: Respond = async ({ body }, conn) => {
    const contentLength = body === "stall" ? 100 : 2;
    await writeAll(conn, encodeResponse({ status: 200, body: "ok", contentLength }));
    return true;
  };
  await using({ respond, connectionsMax: 1 }, async ({ transport, post, request }) => {
    const aborted = new AbortController();
    const stalled = await transport.send(request("stall"), { signal: aborted.signal });
    const next = post("next");
    aborted.abort(new Error("enough"));
    assert.equal(await next, "200 ok");
    await assert.rejects(answerOf(stalled), /enough/);

    const cancelled = await transport.send(request("stall"), FOREVER);
    await cancelled.body[Symbol.asyncIterator]().return?.();
    assert.equal(await post("next"), "200 ok");
  });
});

undiciCase("who is aborted while waiting for a connection is never sent", async () => {
  const hold = Promise.withResolvers<void>();
  await using({ connectionsMax: 1 }, async ({ ntlm, transport, post, request }) => {
    ntlm.switches.holdsSignIn = hold.promise;
    const first = post("first");
    const abort = new AbortController();
    const second = transport.send(request("second"), { signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(second, /enough/);
    hold.resolve();
    assert.equal(await first, "200 first");
    assert.equal(await post("third"), "200 third");
    assert.deepEqual(ntlm.answered.map(({ body }) => body), ["first", "third"]);
  });
});

undiciCase("unused connections are closed after a while, and at the end", async () => {
  await using({ idleMsMax: 50 }, async ({ server, post }) => {
    await post();
    await waitUntil(() => server.openConnections === 0);
  });
  await using({}, async ({ server, transport, post }) => {
    await post();
    assert.equal(server.openConnections, 1);
    await transport.close();
    await waitUntil(() => server.openConnections === 0);
  });
});

undiciCase(
  "a connection that is busy at the end is closed when its response has ended",
  async () => {
    await using({}, async ({ server, transport, request }) => {
      const response = await transport.send(request("last"), FOREVER);
      await transport.close();
      assert.equal(await answerOf(response), "200 last");
      await waitUntil(() => server.openConnections === 0);
    });
  },
);

undiciCase("another origin never sees a request", async () => {
  await using({}, async ({ transport, request }) => {
    const other = new NtlmServer({ domain: "", user: "", password: "", targetName: "" });
    await using otherServer = new TestServer(other.serve);
    const foreign = { ...request(), url: otherServer.url() };
    await assert.rejects(transport.send(foreign, FOREVER), { code: "ForeignOrigin" });
    assert.equal(other.connections, 0);
  });
});

// Goal: what passes through does not pile up. Method: 50 MB from a server that writes as fast as it
// may, to a reader that pauses; what was written and not yet read lies in some buffer on the way.
undiciCase("a large body does not accumulate in memory", async () => {
  const size = 50_000_000;
  let written = 0;
  const respond: Respond = async (_request, conn) => {
    await writeAll(conn, encodeResponse({ status: 200, contentLength: size }));
    const chunk = new Uint8Array(50_000);
    for (; written < size; written += chunk.length) await writeAll(conn, chunk);
    return true;
  };
  const certificate = await authority.issue();
  await using({ respond, certificate }, async ({ transport, request }) => {
    const response = await transport.send(request(), FOREVER);
    let read = 0;
    let pauseAt = 0;
    let heldMax = 0;
    for await (const chunk of response.body) {
      read += chunk.byteLength;
      if (read < pauseAt) continue;
      await systemClock.sleep(50, FOREVER);
      heldMax = Math.max(heldMax, written - read);
      pauseAt += size / 10;
    }
    assert.equal(read, size);
    // Most of it is the kernel's, which lets a loopback connection have some megabytes.
    assert.ok(heldMax < 12_000_000, `${heldMax} bytes were on their way at one time`);
  });
});

undiciCase("secrets are in no error", async () => {
  await using({ password: new Secret("s3cret-w0rd") }, async ({ post }) => {
    const error = await post().then(() => assert.fail(), (error) => error);
    assert.ok(!Deno.inspect(error, { depth: 10 }).includes("s3cret-w0rd"));
  });
});

/**
 * Once more if the end of the connection was not noticed yet when the request was sent: then it
 * fails, as it must.
 */
async function retried<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ConnectionClosed")) {
      throw error;
    }
    return await send();
  }
}
