import assert from "node:assert/strict";
import type { DebianPackages } from "../../scripts/debian_packages.ts";
import { TestServer } from "../../src/http/testing/test_server.ts";
import { type CertificateWithKey, TestAuthority } from "../../src/http/testing/certificates.ts";
import { type BindingMode, BindingServer } from "./binding_server.ts";
import { NtlmClient } from "./ntlm_client.ts";
import { serverCase } from "./server_case.ts";
import { type Signature, signedCertificate } from "./signed_certificate.ts";

const ACCOUNT = { domain: "CORP", user: "svc", password: "SecREt01" };
const CREDENTIALS = { user: "CORP\\svc", password: ACCOUNT.password };

const authority = await TestAuthority.create();

async function startServer(packages: DebianPackages, mode: BindingMode): Promise<BindingServer> {
  return await BindingServer.start({
    packages,
    mode,
    account: ACCOUNT,
    certificate: await authority.issue(),
  });
}

for (const mode of ["never", "partial", "always", "always+mic"] as const) {
  serverCase(
    `a server that looks for channel bindings "${mode}" accepts ours`,
    async (packages) => {
      await using server = await startServer(packages, mode);
      await using client = new NtlmClient({ ...CREDENTIALS, url: server.url, root: authority.pem });
      assert.equal(await client.post("one"), "200 one");
      assert.equal(await client.post("two"), "200 two");
      assert.deepEqual(server.logons, [
        { user: "CORP\\svc", bound: true, mic: true, target: "HTTP/localhost" },
      ]);
    },
  );

  const refuses = mode !== "never";
  serverCase(
    `through another's TLS a server with "${mode}" ${refuses ? "refuses" : "accepts"} us`,
    async (packages) => {
      await using server = await startServer(packages, mode);
      await using middle = middleman(server, await authority.issue());
      const url = middle.url("/EWS/Exchange.asmx");
      await using client = new NtlmClient({ ...CREDENTIALS, url, root: authority.pem });
      if (refuses) {
        await assert.rejects(client.post("one"), { kind: "fatal", code: "CredentialsRefused" });
      } else {
        assert.equal(await client.post("one"), "200 one");
      }
      assert.equal(server.logons.length, 1);
      assert.equal("refused" in server.logons[0]!, refuses);
    },
  );
}

for (const mode of ["partial", "always"] as const) {
  const refuses = mode === "always";
  serverCase(
    `without TLS on our side a server with "${mode}" ${refuses ? "refuses" : "accepts"} us`,
    async (packages) => {
      await using server = await startServer(packages, mode);
      await using middle = middleman(server);
      const url = middle.url("/EWS/Exchange.asmx");
      await using client = new NtlmClient({ ...CREDENTIALS, url });
      if (refuses) {
        await assert.rejects(client.post("one"), { kind: "fatal", code: "CredentialsRefused" });
        assert.deepEqual(server.logons, [{ refused: "no channel bindings" }]);
      } else {
        assert.equal(await client.post("one"), "200 one");
        assert.deepEqual(server.logons.map((logon) => "bound" in logon && logon.bound), [false]);
      }
    },
  );
}

/** Ends TLS with a certificate of its own, or takes none, and passes everything on over TLS. */
function middleman({ url }: BindingServer, certificate?: CertificateWithKey): TestServer {
  const port = Number(url.port);
  return new TestServer(async (near) => {
    using far = await Deno.connectTls({ hostname: "localhost", port, caCerts: [authority.pem] });
    await Promise.race([pass(near, far), pass(far, near)]);
  }, certificate);
}

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  await from.readable.pipeTo(to.writable, { preventClose: true });
}

const SIGNATURES: readonly Signature[] = [
  { algorithm: "RSASSA-PKCS1-v1_5", hash: "SHA-1" },
  { algorithm: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  { algorithm: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  { algorithm: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  { algorithm: "ECDSA", hash: "SHA-1" },
  { algorithm: "ECDSA", hash: "SHA-256" },
  { algorithm: "ECDSA", hash: "SHA-384" },
  { algorithm: "ECDSA", hash: "SHA-512" },
];

for (const signature of SIGNATURES) {
  const { algorithm, hash } = signature;
  serverCase(
    `the binding to a certificate signed with ${algorithm} and ${hash} is right`,
    async (packages) => {
      const certificate = await signedCertificate(signature);
      await using server = await BindingServer.start({
        packages,
        mode: "always+mic",
        account: ACCOUNT,
        certificate,
      });
      // Nobody trusts SHA-1 any more; the binding is computed all the same.
      await using client = new NtlmClient({ ...CREDENTIALS, url: server.url });
      assert.equal(await client.post("one"), "200 one");
    },
  );
}

serverCase("a wrong password is one refused sign-in, however many ask", async (packages) => {
  await using server = await startServer(packages, "always");
  await using client = new NtlmClient({
    url: server.url,
    root: authority.pem,
    user: "CORP\\svc",
    password: "wrong",
  });
  const refused = { kind: "fatal", code: "CredentialsRefused" };
  await Promise.all([1, 2, 3, 4].map(() => assert.rejects(client.post("one"), refused)));
  await assert.rejects(client.post("one"), refused);
  assert.equal(server.logons.length, 1);
});
