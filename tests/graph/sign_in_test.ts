import assert from "node:assert/strict";
import { exampleGraph, tokenOf } from "./example_graph.ts";

const INBOX = "/v1.0/users/anna@corp.example/mailFolders/inbox";

Deno.test("only a token of the authority for this service signs in, while it is worth something", async () => {
  await using example = await exampleGraph();
  const { authority, graph } = example;
  using client = await example.connect();
  const outcome = async (...headers: readonly string[]) => {
    const { status, body, headers: answered } = await client.get(INBOX, headers);
    const { error } = JSON.parse(body);
    if (status === 401) {
      assert.equal(error.code, "InvalidAuthenticationToken");
      assert.match(answered.get("www-authenticate")?.[0] ?? "", /^Bearer realm=/);
    }
    return error ? error.message : status;
  };
  const bearer = (token: string) => `Authorization: Bearer ${token}`;
  assert.match(await outcome(), /empty/);
  assert.match(await outcome("Authorization: Basic YTpi"), /empty/);
  assert.match(await outcome(bearer("nonsense")), /not well formed/);
  const forExchange = await tokenOf(authority, "https://outlook.office365.com");
  assert.match(await outcome(bearer(forExchange)), /Invalid audience/);
  assert.equal(await outcome(bearer(await tokenOf(authority, graph.endpoint.origin))), 200);
  const token = await tokenOf(authority, "https://graph.microsoft.com");
  assert.equal(await outcome(bearer(token)), 200);
  example.passTime(authority.lifetimeS * 1000);
  assert.match(await outcome(bearer(token)), /expired/);
  const revoked = await tokenOf(authority, "https://graph.microsoft.com");
  authority.revokeTokens();
  assert.match(await outcome(bearer(revoked)), /revoked/);
});

Deno.test("who has no mailbox, or one that the application may not read, is told apart", async () => {
  await using example = await exampleGraph();
  const { graph, mailbox } = example;
  const outcome = async (user: string) => {
    const { port } = graph.endpoint;
    const link = `https://localhost:${port}/v1.0/users/${user}/mailFolders/inbox`;
    const { status, json } = await example.get(link);
    return [status, json.error?.code];
  };
  assert.deepEqual(await outcome("ANNA%40corp.example"), [200, undefined]);
  assert.deepEqual(await outcome(mailbox.ids.mailboxGuid), [200, undefined]);
  assert.deepEqual(await outcome("nobody@corp.example"), [404, "ErrorInvalidUser"]);
  graph.permissions.deny(mailbox.address);
  assert.deepEqual(await outcome(mailbox.address), [403, "ErrorAccessDenied"]);
  graph.permissions.grant(mailbox.address);
  graph.permissions.withdrawLicence(mailbox.address);
  assert.deepEqual(await outcome(mailbox.address), [404, "MailboxNotEnabledForRESTAPI"]);
  graph.permissions.returnLicence(mailbox.address);
  assert.deepEqual(await outcome(mailbox.address), [200, undefined]);
});

Deno.test("answers carry the service's clock and ids, and echo the client's", async () => {
  await using example = await exampleGraph();
  const { headers, json } = await example.get("mailFolders/nonsense", "client-request-id: abc");
  assert.deepEqual(headers.get("date"), ["Mon, 06 May 2024 07:08:09 GMT"]);
  assert.deepEqual(headers.get("client-request-id"), ["abc"]);
  const [requestId = ""] = headers.get("request-id") ?? [];
  assert.match(requestId, /^[0-9a-f-]{36}$/);
  assert.deepEqual(Object(json.error).innerError, {
    "date": "2024-05-06T07:08:09",
    "request-id": requestId,
    "client-request-id": "abc",
  });
  const type = headers.get("content-type")?.[0] ?? "";
  assert(type.startsWith("application/json;odata.metadata=minimal"));
});

Deno.test("what belongs to no user, or is not modelled, is said to be so", async () => {
  await using example = await exampleGraph();
  const { port } = example.graph.endpoint;
  const outcome = async (path: string) => {
    const { status, json } = await example.get(`https://localhost:${port}${path}`);
    return [status, json.error?.code];
  };
  assert.deepEqual(await outcome("/v1.0/me/messages"), [400, "BadRequest"]);
  assert.deepEqual(await outcome("/beta/users/anna@corp.example/messages"), [501, "NotModelled"]);
  assert.deepEqual(await outcome("/v1.0/users/anna@corp.example/events"), [501, "NotModelled"]);
  assert.deepEqual(await outcome("/v1.0/users/anna%GG/messages/x"), [400, "BadRequest"]);
});
