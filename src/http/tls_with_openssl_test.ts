import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { systemClock } from "../runtime/system.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { HAS_OPENSSL, OpensslFolder, type OpensslServer } from "./testing/openssl.ts";
import { rejectionOf } from "./testing/rejection_of.ts";

const FOREVER = { signal: new AbortController().signal };
const LOCALHOST = ["subjectAltName=DNS:localhost"];
const AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
/** For what OpenSSL itself no longer likes. */
const LENIENT = ["-cipher", "DEFAULT:@SECLEVEL=0"];

function opensslCase(name: string, fn: (folder: OpensslFolder) => Promise<void>): void {
  Deno.test({
    name: HAS_OPENSSL ? name : `${name} (needs openssl)`,
    ignore: !HAS_OPENSSL,
    // undici's timer belongs to no single test.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using folder = await OpensslFolder.create();
      await fn(folder);
    },
  });
}

function trusting(...extraRoots: readonly string[]): ConnectionOptions {
  return { trust: { verify: true, extraRoots }, clock: systemClock };
}

const UNVERIFIED: ConnectionOptions = {
  trust: { verify: false, extraRoots: [] },
  clock: systemClock,
};

async function statusOf(server: OpensslServer, options: ConnectionOptions): Promise<number> {
  const connection = await Connection.open(server.url, { ...options, ...FOREVER });
  try {
    const request = { method: "GET", url: server.url, headers: {} } as const;
    const exchange = await connection.exchange(request, FOREVER);
    await exchange.body.return();
    return exchange.status;
  } finally {
    connection.destroy();
  }
}

opensslCase(
  "a server that refuses our handshake is asked what it would agree to",
  async (folder) => {
    await folder.issue("ca", { extensions: AUTHORITY });
    await folder.issue("server", { issuer: "ca", extensions: LOCALHOST });
    const only = (cipher: string, ...more: string[]) => ["-tls1_2", "-cipher", cipher, ...more];
    const cases: readonly (readonly [readonly string[], string, RegExp, RegExp])[] = [
      [
        ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        "TlsVersionRefused",
        /the newest it speaks is TLS 1\.1, with ECDHE-RSA-AES256-SHA \(/,
        /set `ews_ssl_ciphers` to "ECDHE-RSA-AES256-SHA:@SECLEVEL=0"/,
      ],
      [
        ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
        "TlsVersionRefused",
        /the newest it speaks is TLS 1\.0/,
        /TLS 1\.2/,
      ],
      [
        only("ECDHE-RSA-AES256-SHA384"),
        "TlsHandshakeRefused",
        /agrees to ECDHE-RSA-AES256-SHA384 at best/,
        /set `ews_ssl_ciphers` to "ECDHE-RSA-AES256-SHA384/,
      ],
      [
        only("AES256-GCM-SHA384"),
        "TlsHandshakeRefused",
        /agrees to AES256-GCM-SHA384 at best/,
        /ECDHE/,
      ],
      [
        only("DHE-RSA-AES256-GCM-SHA384"),
        "TlsHandshakeRefused",
        /agrees to DHE-RSA-AES256-GCM-SHA384 at best/,
        /ECDHE/,
      ],
      [
        only("ECDHE-RSA-AES256-GCM-SHA384", "-curves", "P-521"),
        "TlsHandshakeRefused",
        /by the curve P-521 only/,
        /P-256/,
      ],
      [
        ["-tls1_2", "-Verify", "1"],
        "TlsClientCertificateRequired",
        /demands a client certificate/,
        /IIS/,
      ],
    ];
    for (const options of [trusting(folder.pem("ca")), UNVERIFIED]) {
      for (const [flags, code, finding, hint] of cases) {
        await using server = await folder.serve("server", ...flags);
        const error = await rejectionOf(statusOf(server, options));
        assert.deepEqual([error.code, error.kind], [code, "mailbox"], error.message);
        assert.match(error.message, finding);
        assert.match(error.hint ?? "", hint);
      }
    }
  },
);

opensslCase("a client certificate that TLS 1.3 misses only later is named, too", async (folder) => {
  await folder.issue("ca", { extensions: AUTHORITY });
  await folder.issue("server", { issuer: "ca", extensions: LOCALHOST });
  await using server = await folder.serve("server", "-tls1_3", "-Verify", "1");
  const error = await rejectionOf(statusOf(server, trusting(folder.pem("ca"))));
  assert.deepEqual([error.code, error.kind], ["TlsClientCertificateRequired", "mailbox"]);
  assert.match(error.message, /^No answer from "localhost:[0-9]+": the server demands a client/);
});

opensslCase("a missing intermediate certificate is told, as far as it can be", async (folder) => {
  await folder.issue("root", { extensions: AUTHORITY });
  await folder.issue("intermediate", { issuer: "root", extensions: AUTHORITY });
  await folder.issue("server", { issuer: "intermediate", extensions: LOCALHOST });
  const root = trusting(folder.pem("root"));
  {
    await using alone = await folder.serve("server");
    const error = await rejectionOf(statusOf(alone, root));
    assert.deepEqual([error.code, error.kind], ["TlsChainIncomplete", "mailbox"]);
    assert.match(error.message, /"CN=server" is issued by "CN=intermediate"/);
    assert.match(error.hint ?? "", /intermediate certificates/);
    assert.equal(
      await statusOf(alone, trusting(folder.pem("root"), folder.pem("intermediate"))),
      200,
    );
  }
  const chain = ["-cert_chain", `${folder.path}/intermediate.pem`];
  await using whole = await folder.serve("server", ...chain);
  assert.equal(await statusOf(whole, root), 200);
  const untrusted = await rejectionOf(statusOf(whole, trusting()));
  assert.equal(untrusted.code, "TlsUntrusted");
  assert.doesNotMatch(untrusted.hint ?? "", /intermediate/);
});

opensslCase("certificates that are odd, and not just untrusted, are told apart", async (folder) => {
  await folder.issue("ca", { extensions: AUTHORITY });
  await folder.issue("sha1", { issuer: "ca", extensions: LOCALHOST, digest: "sha1" });
  await folder.issue("v1", { issuer: "ca" });
  await folder.issue("rsa1024", { issuer: "ca", extensions: LOCALHOST, rsaBits: 1024 });
  await folder.issue("authority", { extensions: [...AUTHORITY, ...LOCALHOST] });
  const options = trusting(folder.pem("ca"), folder.pem("authority"));
  const cases = [
    ["sha1", "TlsCertificateInvalid", /SHA-1/],
    ["v1", "TlsCertificateInvalid", /X\.509 version 1/],
    ["rsa1024", "TlsCertificateInvalid", /RSA key below 2048 bits/],
    ["authority", "TlsCertificateOfAuthority", /CA:TRUE/],
  ] as const;
  for (const [name, code, finding] of cases) {
    await using server = await folder.serve(name, ...LENIENT);
    const error = await rejectionOf(statusOf(server, options));
    assert.deepEqual([error.code, error.kind], [code, "mailbox"], error.message);
    assert.match(error.message, finding);
    assert.ok(error.message.includes(`the certificate of "CN=${name}" is issued by`));
    // Without verification each will do, and is known, as the channel binding needs it.
    const connection = await Connection.open(server.url, { ...UNVERIFIED, ...FOREVER });
    const der = new X509Certificate(folder.pem(name)).raw;
    assert.equal(connection.certificate?.toHex(), new Uint8Array(der).toHex());
    connection.destroy();
    assert.equal(await statusOf(server, UNVERIFIED), 200);
  }
});

opensslCase("a self-signed certificate is trusted where it is given as a root", async (folder) => {
  await folder.issue("self", { extensions: ["basicConstraints=CA:FALSE", ...LOCALHOST] });
  await using server = await folder.serve("self");
  assert.equal(await statusOf(server, trusting(folder.pem("self"))), 200);
  const error = await rejectionOf(statusOf(server, trusting()));
  assert.equal(error.code, "TlsSelfSigned");
  assert.match(error.hint ?? "", /Put that certificate into `ews_ssl_ca_file`/);
});

opensslCase("the certificate of a server of TLS 1.3 only is found, too", async (folder) => {
  await folder.issue("self", { extensions: ["basicConstraints=CA:FALSE", ...LOCALHOST] });
  await using server = await folder.serve("self", "-tls1_3");
  const error = await rejectionOf(statusOf(server, trusting()));
  assert.equal(error.code, "TlsSelfSigned");
  assert.match(error.message, /"CN=self" is issued by itself, valid from 20[0-9-]{8} to 20/);
});
