import assert from "node:assert/strict";
import type { DebianPackages } from "../../scripts/debian_packages.ts";
import { TestAuthority } from "../../src/http/testing/certificates.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { Apache, type ApacheOptions, type Front } from "./apache.ts";
import { NtlmClient } from "./ntlm_client.ts";
import { serverCase } from "./server_case.ts";

const ACCOUNT = { domain: "CORP", user: "svc", password: "SecREt01" };

const authority = await TestAuthority.create();

async function start(
  packages: DebianPackages,
  options: Partial<ApacheOptions> = {},
): Promise<Apache> {
  const certificate = await authority.issue();
  return await Apache.start({ packages, certificate, account: ACCOUNT, ...options });
}

function clientOf(
  apache: Apache,
  front: Front,
  options: { user?: string; password?: string; connectionsMax?: number } = {},
): NtlmClient {
  const defaults = { user: "CORP\\svc", password: ACCOUNT.password, root: authority.pem };
  return new NtlmClient({ url: apache.urlOf(front), ...defaults, ...options });
}

/** What Apache logged of a front, once that are `count` requests. */
async function seen(apache: Apache, front: Front, count: number) {
  await waitUntil(() => apache.seenAt(front).length >= count);
  const requests = apache.seenAt(front);
  const connections = new Set(requests.map(({ clientPort }) => clientPort)).size;
  const messages = requests.flatMap(({ message }) => message ?? []);
  return { connections, messages, statuses: requests.map(({ status }) => status) };
}

for (const front of ["http", "https"] as const) {
  serverCase(`Apache over ${front}: one sign-in serves many requests`, async (packages) => {
    await using apache = await start(packages);
    for (const [user, known] of [["CORP\\svc", "CORP\\svc"], ["svc", "svc"]] as const) {
      await using client = clientOf(apache, front, { user });
      for (const body of ["one", "two", "three"]) {
        assert.equal(await client.post(body), `200 ${body}`);
      }
      assert.deepEqual(
        apache.served.splice(0),
        ["one", "two", "three"].map((body) => ({ user: known, body })),
      );
    }
    const { connections, messages, statuses } = await seen(apache, front, 8);
    assert.equal(connections, 2);
    assert.deepEqual(messages, ["NEGOTIATE", "AUTHENTICATE", "NEGOTIATE", "AUTHENTICATE"]);
    assert.deepEqual(statuses, [401, 200, 200, 200, 401, 200, 200, 200]);
  });
}

serverCase("Apache with very long names is answered", async (packages) => {
  const names = { computer: "C".repeat(500), domain: "D".repeat(500) };
  await using apache = await start(packages, { names });
  await using client = clientOf(apache, "https");
  assert.equal(await client.post("one"), "200 one");
});

serverCase("Apache is asked by eight connections at once", async (packages) => {
  await using apache = await start(packages);
  await using client = clientOf(apache, "https", { connectionsMax: 8 });
  const bodies = Array.from({ length: 80 }, (_, number) => `${number}`);
  const answers = await Promise.all(bodies.map((body) => client.post(body)));
  assert.deepEqual(answers, bodies.map((body) => `200 ${body}`));
  const { connections, messages } = await seen(apache, "https", 88);
  assert.equal(connections, 8);
  assert.equal(messages.filter((message) => message === "AUTHENTICATE").length, 8);
  assert.equal(apache.served.length, 80);
});

serverCase("a wrong password is one refused sign-in at Apache", async (packages) => {
  await using apache = await start(packages);
  await using client = clientOf(apache, "http", { password: "wrong" });
  const refused = { kind: "fatal", code: "CredentialsRefused" };
  await Promise.all([1, 2, 3, 4].map(() => assert.rejects(client.post("one"), refused)));
  // Another request behind, so that everything before it is in the log.
  await using right = clientOf(apache, "http");
  await right.post("two");
  await waitUntil(() => apache.seenAt("http").some(({ status }) => status === 200));
  const { messages } = await seen(apache, "http", 1);
  assert.equal(messages.filter((message) => message === "AUTHENTICATE").length, 2);
});

serverCase(
  "a server that closes connections now and then is signed in to anew",
  async (packages) => {
    await using apache = await start(packages);
    await using client = clientOf(apache, "brief");
    const bodies = Array.from({ length: 9 }, (_, number) => `${number}`);
    for (const body of bodies) assert.equal(await client.post(body), `200 ${body}`);
    // NEGOTIATE and three requests each.
    const { connections, statuses } = await seen(apache, "brief", 12);
    assert.deepEqual([connections, statuses.length], [3, 12]);
    assert.deepEqual(apache.served.map(({ body }) => body), bodies);
  },
);

serverCase("a server that closes after the challenge is diagnosed", async (packages) => {
  await using apache = await start(packages);
  await using client = clientOf(apache, "closing");
  await assert.rejects(client.post("one"), { kind: "retryable", code: "NtlmConnectionLost" });
  assert.deepEqual(apache.served, []);
});

for (const password of [ACCOUNT.password, "wrong"]) {
  const which = password === ACCOUNT.password ? "right" : "wrong";
  serverCase(
    `a proxy that changes connections is diagnosed with one sign-in, the password ${which}`,
    async (packages) => {
      await using apache = await start(packages);
      await using client = clientOf(apache, "proxy", { password });
      const diagnosis = { kind: "fatal", code: "NtlmConnectionNotKept" };
      await Promise.all([1, 2, 3].map(() => assert.rejects(client.post("one"), diagnosis)));
      await assert.rejects(client.post("one"), {
        message: /something in between sends the requests of one connection over several/,
        hint: /proxies and load balancers/,
      });
      const { messages } = await seen(apache, "proxy", 4);
      assert.deepEqual(messages, ["NEGOTIATE", "AUTHENTICATE", "NEGOTIATE", "NEGOTIATE"]);
      assert.deepEqual(apache.served, []);
    },
  );
}
