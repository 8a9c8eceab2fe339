import assert from "node:assert/strict";
import fc from "fast-check";
import { pathOfLink, pathOfToken, tokenOfLink } from "./graph_link.ts";

const ENDPOINT = new URL("https://graph.microsoft.com");
const DELTA = "/v1.0/users/a%40b.example/mailFolders/F/messages/delta?$deltatoken=x%2By";

Deno.test("of a link of Graph the path and query are kept, in a token told from those of EWS", () => {
  const token = tokenOfLink(ENDPOINT.origin + DELTA, ENDPOINT);
  assert.equal(token, `graph:${DELTA}`);
  assert.equal(pathOfToken(token, ENDPOINT), DELTA);
  const inParentheses = "/v1.0/users('a')/mailFolders('F')/messages/delta?$skiptoken=x";
  assert.equal(pathOfLink(ENDPOINT.origin + inParentheses, ENDPOINT), inParentheses);
  // The endpoint can be moved to another cloud; what is kept of a link goes with it.
  const china = new URL("https://microsoftgraph.chinacloudapi.cn");
  assert.equal(pathOfToken(token, china), DELTA);
});

Deno.test("a link to anywhere else is refused, with what to do", () => {
  for (
    const link of [
      `https://graph.microsoft.com.evil.example${DELTA}`,
      `https://graph.microsoft.com@evil.example${DELTA}`,
      `https://user:password@graph.microsoft.com${DELTA}`,
      `http://graph.microsoft.com${DELTA}`,
      `https://graph.microsoft.com:8443${DELTA}`,
      `//evil.example${DELTA}`,
      "\\\\evil.example\\v1.0\\users\\a",
      "https://graph.microsoft.com/v1.0/users/../me/messages",
      "https://graph.microsoft.com/v1.0/users/%2e%2e/groups/a",
      "https://graph.microsoft.com/beta/users/a/messages",
      "https://graph.microsoft.com/v1.0/usersandmore/a",
      "javascript:alert(1)",
      "",
      `https://graph.microsoft.com/v1.0/users/${"a".repeat(20_000)}`,
    ]
  ) {
    for (
      const read of [() => pathOfLink(link, ENDPOINT), () => pathOfToken(`graph:${link}`, ENDPOINT)]
    ) {
      assert.throws(
        read,
        (error: { kind: string; code: string; hint: string; message: string }) => {
          assert.deepEqual([error.kind, error.code], ["mailbox", "LinkRefused"]);
          assert.match(error.message, /security/);
          assert.ok(!error.message.includes("password") && error.message.length < 400);
          return error.hint.includes("graph_endpoint");
        },
        link.slice(0, 100),
      );
    }
  }
});

Deno.test("whatever a link says, what is sent goes to the endpoint and below its users", () => {
  const piece = fc.constantFrom(
    "https:",
    "/",
    "//",
    "\\",
    "@",
    "graph.microsoft.com",
    "evil.example",
    "v1.0",
    "users",
    "..",
    "%2e",
    "%2f",
    "?",
    "#",
    ":",
    "('a')",
    "\t",
    "\n",
    "é",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      let path: string;
      try {
        path = pathOfLink(pieces.join(""), ENDPOINT);
      } catch {
        return;
      }
      const sent = new URL(path, ENDPOINT);
      assert.equal(sent.origin, ENDPOINT.origin);
      assert.match(sent.pathname, /^\/v1\.0\/users[/(]/i);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("a token of EWS is lost, without a request", () => {
  for (const token of ["H4sIAAAAAAAEAGNgYGcAAotqE0tHE2NTA0ddZ3NHR", "", "Graph:/v1.0/users/a"]) {
    assert.throws(() => pathOfToken(token, ENDPOINT), { kind: "folder", code: "SyncStateInvalid" });
  }
});
