import assert from "node:assert/strict";
import { encodeResponse, WireReader, writeAll } from "../../src/http/testing/http_wire.ts";
import { TestServer } from "../../src/http/testing/test_server.ts";
import { NtlmClient } from "./ntlm_client.ts";
import { SambaServer } from "./samba_server.ts";
import { serverCase } from "./server_case.ts";

serverCase("a balancer that spreads one connection over servers is diagnosed", async (packages) => {
  const password = "SecREt01";
  await using first = await SambaServer.start({ packages, password, computer: "EXCH01" });
  await using second = await SambaServer.start({ packages, password, computer: "EXCH02" });
  await using balancer = roundRobin([first.url, second.url]);
  const url = balancer.url("/EWS/Exchange.asmx");
  await using client = new NtlmClient({ url, user: "CORP\\svc", password });
  const diagnosis = { kind: "fatal", code: "NtlmConnectionNotKept" };
  await assert.rejects(client.post("one"), diagnosis);
  await assert.rejects(client.post("one"), diagnosis);
  assert.equal(first.authenticates.length + second.authenticates.length, 1);
  assert.deepEqual([...first.served, ...second.served], []);
});

/** Sends each request on to the next of `servers`, whatever connection it came over. */
function roundRobin(servers: readonly URL[]): TestServer {
  let turn = 0;
  return new TestServer(async (conn) => {
    const reader = new WireReader(conn);
    for (let request = await reader.next(); request; request = await reader.next()) {
      const { method, headers, body } = request;
      const authorization = headers.get("authorization");
      const answer = await fetch(servers[turn++ % servers.length]!, {
        method,
        headers: authorization === undefined ? {} : { authorization },
        body,
      });
      const challenge = answer.headers.get("www-authenticate");
      await writeAll(
        conn,
        encodeResponse({
          status: answer.status,
          headers: challenge === null ? [] : [["www-authenticate", challenge]],
          body: await answer.text(),
        }),
      );
    }
  });
}
