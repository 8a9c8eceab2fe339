import assert from "node:assert/strict";
import { TestAuthority } from "../../src/http/testing/certificates.ts";
import { NtlmClient } from "./ntlm_client.ts";
import { SambaServer } from "./samba_server.ts";
import { serverCase } from "./server_case.ts";

const authority = await TestAuthority.create();
const PASSWORD = "pä€ss wörd😀";

/** Letters that Samba's table of capitals, made for Windows NT, shares with that of Windows today. */
const LETTERS = String.fromCharCode(
  ...range(0xe0, 0xfe),
  ...range(0x100, 0x17f),
  ...range(0x3ac, 0x3c1),
  ...range(0x3c3, 0x3ce),
  ...range(0x430, 0x44f),
  ...range(0x451, 0x45c),
  ...range(0x561, 0x586),
  ...range(0x10d0, 0x10fa),
  ...range(0x1e00, 0x1e95),
);

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

for (const statesTime of [true, false]) {
  const mic = statesTime ? "with a MIC" : "without a MIC, as no time is stated,";
  serverCase(`Samba ${mic} accepts users of every form and script`, async (packages) => {
    const certificate = await authority.issue();
    const options = { packages, password: PASSWORD, certificate, statesTime };
    await using server = await SambaServer.start(options);
    const users = {
      "CORP\\svc": "CORP\\svc",
      "corp\\SVC": "corp\\SVC",
      "svc@corp.example": "\\svc@corp.example",
      "svc": "\\svc",
      "CORP\\jürgen süß": "CORP\\jürgen süß",
      "ελλάδα@παράδειγμα.example": "\\ελλάδα@παράδειγμα.example",
      "ЛЕСЯ\\їжак": "ЛЕСЯ\\їжак",
      "東京\\鈴木": "東京\\鈴木",
      "𐐨😀": "\\𐐨😀",
      [LETTERS]: `\\${LETTERS}`,
    };
    for (const user of Object.keys(users)) {
      await using client = clientOf(server, { user });
      assert.equal(await client.post("one"), "200 one", user);
    }
    assert.deepEqual(server.logons, Object.values(users));
    for (const message of server.authenticates) {
      assert.equal(message.subarray(72, 88).some((byte) => byte !== 0), statesTime);
    }
  });
}

serverCase("Samba accepts the answer to target info of 4000 bytes", async (packages) => {
  await using server = await SambaServer.start({
    packages,
    password: PASSWORD,
    statesTime: false,
    tamper: (challenge) => withPair(challenge, 5, new Uint8Array(4000).fill(0x61)),
  });
  await using client = clientOf(server, {});
  assert.equal(await client.post("one"), "200 one");
  assert.ok(server.authenticates[0]!.length > 4000);
});

const EXTENDED_SESSION_SECURITY = 0x0008_0000;
const TARGET_INFO = 0x0080_0000;
const NTLM_AND_SIGNING = 0x0000_8210;

for (
  const { without, accepted } of [
    { without: EXTENDED_SESSION_SECURITY, accepted: true },
    { without: EXTENDED_SESSION_SECURITY | NTLM_AND_SIGNING, accepted: true },
    // Samba wants its own target info back.
    { without: TARGET_INFO, accepted: false },
    { without: TARGET_INFO | EXTENDED_SESSION_SECURITY | NTLM_AND_SIGNING, accepted: false },
  ]
) {
  const name = `a challenge without the flags ${without.toString(16)} is answered with NTLMv2`;
  serverCase(`${name} all the same`, async (packages) => {
    await using server = await SambaServer.start({
      packages,
      password: PASSWORD,
      statesTime: false,
      tamper: (challenge) => withoutFlags(challenge, without),
    });
    await using client = clientOf(server, {});
    if (accepted) assert.equal(await client.post("one"), "200 one");
    else await assert.rejects(client.post("one"), { code: "CredentialsRefused" });
    const responseBytes = new DataView(server.authenticates[0]!.buffer).getUint16(20, true);
    // An NTLMv1 response has 24.
    assert.ok(responseBytes > 44);
  });
}

serverCase(
  "a challenge that was tampered with on its way is refused for its MIC",
  async (packages) => {
    await using server = await SambaServer.start({
      packages,
      password: PASSWORD,
      tamper: (challenge) => withoutFlags(challenge, EXTENDED_SESSION_SECURITY),
    });
    await using client = clientOf(server, {});
    await assert.rejects(client.post("one"), { code: "CredentialsRefused" });
    assert.deepEqual(server.logons, ["NT_STATUS_INVALID_PARAMETER"]);
  },
);

serverCase("a challenge that does not speak Unicode gets no answer", async (packages) => {
  await using server = await SambaServer.start({
    packages,
    password: PASSWORD,
    tamper: (challenge) => withoutFlags(challenge, 1),
  });
  await using client = clientOf(server, {});
  await assert.rejects(client.post("one"), { code: "NtlmChallengeInvalid" });
  assert.deepEqual(server.authenticates, []);
});

serverCase("a wrong password is one refused sign-in, however many ask", async (packages) => {
  await using server = await SambaServer.start({ packages, password: PASSWORD });
  await using client = clientOf(server, { password: "wrong" });
  const refused = { kind: "fatal", code: "CredentialsRefused" };
  await Promise.all(range(1, 8).map(() => assert.rejects(client.post("one"), refused)));
  assert.deepEqual(server.logons, ["NT_STATUS_LOGON_FAILURE"]);
});

serverCase("eight connections sign in once each and serve 80 requests", async (packages) => {
  const certificate = await authority.issue();
  await using server = await SambaServer.start({ packages, password: PASSWORD, certificate });
  await using client = clientOf(server, { connectionsMax: 8 });
  const bodies = range(1, 80).map(String);
  const answers = await Promise.all(bodies.map((body) => client.post(body)));
  assert.deepEqual(answers, bodies.map((body) => `200 ${body}`));
  assert.deepEqual([server.connections, server.logons.length, server.served.length], [8, 8, 80]);
});

serverCase(
  "a connection that ends between the legs is diagnosed, and the next one works",
  async (packages) => {
    await using server = await SambaServer.start({ packages, password: PASSWORD });
    await using client = clientOf(server, {});
    server.closesAt = "AUTHENTICATE";
    await assert.rejects(client.post("one"), { kind: "retryable", code: "NtlmConnectionLost" });
    assert.equal(await client.post("two"), "200 two");
    assert.deepEqual(server.served.map(({ body }) => body), ["two"]);
  },
);

serverCase(
  "a connection that ends under a request fails it once, and the next one works",
  async (packages) => {
    await using server = await SambaServer.start({ packages, password: PASSWORD });
    await using client = clientOf(server, {});
    assert.equal(await client.post("one"), "200 one");
    server.closesAt = "request";
    await assert.rejects(client.post("two"), { kind: "retryable", code: "ConnectionClosed" });
    assert.equal(await client.post("three"), "200 three");
    assert.deepEqual(server.served, [{ connection: 0, body: "one" }, {
      connection: 1,
      body: "three",
    }]);
    assert.equal(server.logons.length, 2);
  },
);

function clientOf(
  { url }: SambaServer,
  options: { user?: string; password?: string; connectionsMax?: number },
): NtlmClient {
  const defaults = { user: "CORP\\svc", password: PASSWORD, root: authority.pem };
  return new NtlmClient({ url, ...defaults, ...options });
}

function withoutFlags(challenge: Uint8Array, flags: number): Uint8Array {
  const view = new DataView(challenge.buffer);
  view.setUint32(20, (view.getUint32(20, true) & ~flags) >>> 0, true);
  return challenge;
}

/** A CHALLENGE with one more AV pair before those it has, as its last field. */
function withPair(challenge: Uint8Array, id: number, value: Uint8Array): Uint8Array {
  const view = new DataView(challenge.buffer);
  const offset = view.getUint32(44, true);
  const pairs = challenge.slice(offset, offset + view.getUint16(40, true));
  const head = Uint8Array.of(id, 0, value.length & 0xff, value.length >> 8);
  const longer = new Uint8Array([...challenge, ...head, ...value, ...pairs]);
  const changed = new DataView(longer.buffer);
  changed.setUint16(40, head.length + value.length + pairs.length, true);
  changed.setUint16(42, head.length + value.length + pairs.length, true);
  changed.setUint32(44, challenge.length, true);
  return longer;
}
