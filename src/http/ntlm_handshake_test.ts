import assert from "node:assert/strict";
import { Secret } from "../core/secret.ts";
import { systemClock } from "../runtime/system.ts";
import { CredentialGate } from "./credential_gate.ts";
import { createNtlmTransport } from "./ntlm_transport.ts";
import { encodeResponse, WireReader, writeAll } from "./testing/http_wire.ts";
import { challengeMessage } from "./testing/ntlm_verifier.ts";
import { TestServer } from "./testing/test_server.ts";
import { undiciCase } from "./testing/undici_case.ts";

/** One answer of a server: the value of `WWW-Authenticate` in a 401, or the end of the connection. */
type Answer = string | "end";

const OFFER = "Negotiate, NTLM";
const CHALLENGE = `NTLM ${challengeMessage({ time: true }).toBase64()}`;

interface Refusal {
  readonly code: string;
  readonly hint: string;
  /** The messages the server got. */
  readonly messages: readonly string[];
}

/** What comes of a sign-in at a server that gives these answers, and `Server: …` with them. */
async function refusalBy(answers: readonly Answer[], server?: string): Promise<Refusal> {
  const messages: string[] = [];
  const headers = server === undefined ? [] : [["server", server] as const];
  await using front = new TestServer(async (conn) => {
    const reader = new WireReader(conn);
    for (const answer of answers) {
      const request = await reader.next();
      if (!request) return;
      const [scheme, token = ""] = (request.headers.get("authorization") ?? "").split(" ");
      messages.push(`${scheme} ${Uint8Array.fromBase64(token)[8]}`);
      if (answer === "end") return;
      const challenge = ["www-authenticate", answer] as const;
      await writeAll(conn, encodeResponse({ status: 401, headers: [...headers, challenge] }));
    }
    await reader.next();
  });
  await using transport = createNtlmTransport({
    endpoint: front.url(),
    user: "CORP\\svc",
    password: new Secret("password"),
    gate: new CredentialGate("CORP\\svc", systemClock),
    trust: { verify: true, extraRoots: [] },
    clock: systemClock,
  });
  const request = { method: "POST", url: front.url(), headers: {} } as const;
  const sent = transport.send(request, { signal: new AbortController().signal });
  const error = await sent.then(() => assert.fail(), (error) => error);
  return { code: error.code, hint: error.hint, messages };
}

undiciCase("a refusal on a connection that is kept is about the credentials", async () => {
  const answers = [CHALLENGE, OFFER, CHALLENGE, OFFER];
  const { code, hint, messages } = await refusalBy(answers, "nginx");
  assert.equal(code, "CredentialsRefused");
  assert.doesNotMatch(hint, /proxies/);
  assert.deepEqual(messages, ["NTLM 1", "NTLM 3", "NTLM 1", "NTLM 1"]);
});

undiciCase(
  "a challenge in answer to AUTHENTICATE shows that its connection was another",
  async () => {
    const { code, messages } = await refusalBy([CHALLENGE, CHALLENGE]);
    assert.equal(code, "NtlmConnectionNotKept");
    assert.deepEqual(messages, ["NTLM 1", "NTLM 3"]);
  },
);

undiciCase("two challenges in a row show it where a proxy answers", async () => {
  const answers = [CHALLENGE, OFFER, CHALLENGE, CHALLENGE];
  assert.equal((await refusalBy(answers, "nginx/1.22")).code, "NtlmConnectionNotKept");
});

undiciCase("two challenges of one Exchange server show nothing, which the hint says", async () => {
  const answers = [CHALLENGE, OFFER, CHALLENGE, CHALLENGE];
  for (const server of ["Microsoft-IIS/10.0", undefined]) {
    const { code, hint } = await refusalBy(answers, server);
    assert.equal(code, "CredentialsRefused");
    assert.match(hint, /`auth_user` and `auth_password`.*keep one connection/);
  }
});

undiciCase("challenges of two Exchange servers show it", async () => {
  const other = challengeMessage({ time: true });
  // The last letter of EXCH01, in UTF-16, behind the pair of the domain.
  other.set(["2".charCodeAt(0)], 56 + 8 + 12 + 4 + 10);
  assert.match(new TextDecoder("utf-16le").decode(other), /EXCH02/);
  const answers = [CHALLENGE, OFFER, `NTLM ${other.toBase64()}`, CHALLENGE];
  assert.equal((await refusalBy(answers)).code, "NtlmConnectionNotKept");
});

undiciCase("a refusal stands, whatever becomes of the connection after it", async () => {
  for (const rest of [["end"], ["NTLM AAAA", OFFER], [CHALLENGE, "end"], ["Basic"]]) {
    const { code, messages } = await refusalBy([CHALLENGE, OFFER, ...rest], "nginx");
    assert.equal(code, "CredentialsRefused");
    assert.equal(messages.filter((message) => message === "NTLM 3").length, 1);
  }
});
