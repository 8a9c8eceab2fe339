import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { systemClock } from "../runtime/system.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { OpensslContext } from "./openssl/openssl_context.ts";
import { HAS_OPENSSL, OpensslFolder, type OpensslServer } from "./testing/openssl.ts";
import { opensslOfSystem } from "./testing/openssl_library.ts";
import { OPENSSL_VARIANTS } from "./testing/openssl_variants.ts";
import { rejectionOf } from "./testing/rejection_of.ts";

const FOREVER = { signal: new AbortController().signal };
const LOCALHOST = ["subjectAltName=DNS:localhost"];
const AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];

function opensslCase(name: string, fn: (folder: OpensslFolder) => Promise<void>): void {
  Deno.test({
    name: HAS_OPENSSL ? name : `${name} (needs openssl)`,
    ignore: !HAS_OPENSSL,
    // undici's timer belongs to no single test, the libraries to the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using folder = await OpensslFolder.create();
      await folder.issue("ca", { extensions: AUTHORITY });
      await folder.issue("server", { issuer: "ca", extensions: LOCALHOST });
      await fn(folder);
    },
  });
}

function listed(ciphers: string, verify: boolean, ...roots: readonly string[]): ConnectionOptions {
  const openssl = new OpensslContext(opensslOfSystem(), { ciphers, verify, roots });
  return { trust: { verify, extraRoots: roots, openssl }, clock: systemClock };
}

async function open(url: URL, options: ConnectionOptions): Promise<Connection> {
  return await Connection.open(url, { ...options, ...FOREVER });
}

async function pageOf(connection: Connection, url: URL): Promise<string> {
  const request = { method: "GET", url, headers: {} } as const;
  const { body } = await connection.exchange(request, FOREVER);
  const parts = await Array.fromAsync(body);
  return new TextDecoder().decode(parts.reduce((all, part) => new Uint8Array([...all, ...part])));
}

async function answers({ url }: OpensslServer, options: ConnectionOptions): Promise<Connection> {
  const connection = await open(url, options);
  assert.match(await pageOf(connection, url), /s_server/);
  connection.destroy();
  return connection;
}

opensslCase("every way of speaking TLS is reached by a list that names it", async (folder) => {
  for (const variant of OPENSSL_VARIANTS) {
    await using server = await folder.serve("server", ...variant.flags);
    const options = listed(variant.suits, true, folder.pem("ca"));
    const connection = await answers(server, options);
    assert.match(connection.agreement ?? "", variant.agreement, variant.name);
    const der = new Uint8Array(new X509Certificate(folder.pem("server")).raw);
    assert.equal(connection.certificate?.toHex(), der.toHex());
  }
});

opensslCase("no other list reaches it, and OpenSSL's own words say so", async (folder) => {
  for (const variant of OPENSSL_VARIANTS) {
    await using server = await folder.serve("server", ...variant.flags);
    const error = await rejectionOf(
      open(server.url, listed(variant.fails, true, folder.pem("ca"))),
    );
    assert.equal(error.kind, "mailbox");
    assert.match(error.message, variant.words, variant.name);
    assert.match(error.message, /TLS fails with the list in `ews_ssl_ciphers`: error:0A/);
    // What is proposed does work.
    const [, list = ""] = /^Set `ews_ssl_ciphers` to "([^"]+)"$/.exec(error.hint ?? "") ?? [];
    await answers(server, listed(list, true, folder.pem("ca")));
  }
});

opensslCase(
  "a server of TLS 1.3 is reached with any list, which is about TLS 1.2",
  async (folder) => {
    for (const suites of [[], ["-ciphersuites", "TLS_AES_128_GCM_SHA256"]]) {
      await using server = await folder.serve("server", "-tls1_3", ...suites);
      const connection = await answers(server, listed("AES256-SHA", true, folder.pem("ca")));
      assert.match(connection.agreement ?? "", /^TLSv1\.3 with TLS_AES_/);
    }
  },
);

opensslCase(
  "certificates are judged as the runtime's TLS does, and told in the same way",
  async (folder) => {
    await folder.issue("other", { issuer: "ca", extensions: ["subjectAltName=DNS:other.example"] });
    await folder.issue("common", { issuer: "ca" });
    await folder.issue("self", { extensions: ["basicConstraints=CA:FALSE", ...LOCALHOST] });
    await folder.issue("rsa1024", { issuer: "ca", extensions: LOCALHOST, rsaBits: 1024 });
    const ca = folder.pem("ca");
    const cases = [
      ["other", [ca], "TlsHostnameMismatch", /certificate verify failed \(hostname mismatch\)/],
      ["common", [ca], "TlsHostnameMismatch", /hostname mismatch/],
      ["self", [ca], "TlsSelfSigned", /self-signed certificate/],
      ["server", [], "TlsUntrusted", /unable to get local issuer certificate/],
      ["rsa1024", [ca], "TlsCertificateInvalid", /too weak for the security level/],
    ] as const;
    for (const [name, roots, code, finding] of cases) {
      await using server = await folder.serve(name, "-cipher", "DEFAULT:@SECLEVEL=0");
      const error = await rejectionOf(open(server.url, listed("HIGH", true, ...roots)));
      assert.deepEqual([error.code, error.kind], [code, "mailbox"], error.message);
      assert.match(error.message, finding);
      await answers(server, listed("HIGH:@SECLEVEL=0", false));
    }
    await using server = await folder.serve("self");
    await answers(server, listed("HIGH", true, folder.pem("self")));
  },
);

opensslCase(
  "a client certificate that is demanded is named, in TLS 1.2 and 1.3",
  async (folder) => {
    for (const version of ["-tls1_2", "-tls1_3"]) {
      await using server = await folder.serve("server", version, "-Verify", "1");
      const error = await rejectionOf(answers(server, listed("HIGH", true, folder.pem("ca"))));
      assert.equal(error.code, "TlsClientCertificateRequired", error.message);
      assert.match(error.message, /error:0A/);
    }
  },
);

opensslCase("what speaks no TLS, or hangs, is told as by the runtime's TLS", async () => {
  using plain = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const connection of plain) {
      await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      connection.close();
    }
  })();
  const url = new URL(`https://localhost:${plain.addr.port}/`);
  assert.equal((await rejectionOf(open(url, listed("HIGH", true)))).code, "TlsNotSpoken");
  plain.close();
  await served;
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const options = { ...listed("HIGH", true), connectMsMax: 200 };
  const error = await rejectionOf(open(new URL(`https://localhost:${silent.addr.port}/`), options));
  assert.equal(error.code, "TlsHandshakeTimeout");
  // Given up is closed: nothing is left that waits for the server.
  using connection = await accepted;
  await new Response(connection.readable).bytes();
});

opensslCase("a list is refused in OpenSSL's words", () => {
  for (const [list, words] of [["NO-SUCH", /no cipher match/], ["ALL:@SECLEVEL=9", /invalid/]]) {
    assert.throws(() => listed(String(list), false), { code: "CipherListInvalid", message: words });
  }
  return Promise.resolve();
});
