import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers";
import fc from "fast-check";
import { type CertificateWithKey, TestAuthority } from "../testing/certificates.ts";
import { HAS_OPENSSL } from "../testing/openssl.ts";
import { opensslOfSystem } from "../testing/openssl_library.ts";
import { waitUntil } from "../testing/wait_until.ts";
import { OpensslContext } from "./openssl_context.ts";
import { OpensslSocket } from "./openssl_socket.ts";

/** What one connection of a test server does. */
type Serve = (connection: Deno.TlsConn) => Promise<void>;

interface Opened extends Disposable {
  readonly socket: OpensslSocket;
  readonly transport: Socket;
}

function socketCase(name: string, fn: (open: (serve: Serve) => Promise<Opened>) => Promise<void>) {
  Deno.test({
    name: HAS_OPENSSL ? name : `${name} (needs openssl)`,
    ignore: !HAS_OPENSSL,
    sanitizeResources: false, // the libraries belong to the process
    fn: async () => {
      const authority = await TestAuthority.create();
      const certificate = await authority.issue();
      await fn((serve) => openTo(serve, authority.pem, certificate));
    },
  });
}

async function openTo(serve: Serve, root: string, identity: CertificateWithKey): Promise<Opened> {
  const place = { hostname: "127.0.0.1", port: 0 };
  const listener = Deno.listenTls({ ...place, cert: identity.pem, key: identity.keyPem });
  const served = listener.accept().then(serve).catch(() => {}); // the client may just be gone
  const options = { ciphers: "HIGH", verify: true, roots: [root] };
  const context = new OpensslContext(opensslOfSystem(), options);
  const transport = connect({ host: "127.0.0.1", port: listener.addr.port });
  await new Promise((resolve) => transport.once("connect", resolve));
  const socket = new OpensslSocket(context, "localhost", transport);
  await new Promise((resolve, reject) => socket.once("secure", resolve).once("error", reject));
  return {
    socket,
    transport,
    [Symbol.dispose]: () => {
      socket.destroy();
      listener.close();
      void served;
    },
  };
}

const echo: Serve = (connection) => connection.readable.pipeTo(connection.writable);

/** Resolves with as many bytes as asked for. */
async function received(socket: OpensslSocket, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    // Slower than the server: bytes wait at every place where they can.
    await new Promise((resolve) => setImmediate(resolve));
    parts.push(part);
    total += part.length;
    if (total >= length) break;
  }
  return Buffer.concat(parts);
}

socketCase("bytes come back as they were sent, in pieces of any size", async (open) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      using opened = await open(echo);
      const pieces = lengths.map((length) => randomBytes(length));
      for (const piece of pieces) opened.socket.write(piece);
      const sent = Buffer.concat(pieces);
      assert.ok(sent.equals(await received(opened.socket, sent.length)));
    }),
    { numRuns: 15 },
  );
});

socketCase("nothing more is read from the server than there is room for", async (open) => {
  const sent = randomBytes(8_000_000);
  using opened = await open(async (connection) => {
    for (let offset = 0; offset < sent.length;) {
      offset += await connection.write(sent.subarray(offset));
    }
  });
  const { socket, transport } = opened;
  await waitUntil(() => transport.readableLength > 0 && socket.readableLength > 0);
  assert.ok(socket.readableLength <= socket.readableHighWaterMark + 64 * 1024);
  assert.ok(sent.equals(await received(socket, sent.length)));
});

socketCase(
  "an end that TLS announces is an end, and any other is an error behind what came",
  async (open) => {
    {
      using opened = await open(async (connection) => {
        await connection.write(new TextEncoder().encode("all"));
        connection.close();
      });
      const parts = await Array.fromAsync(opened.socket);
      assert.equal(Buffer.concat(parts).toString(), "all");
    }
    using opened = await open(echo);
    const { socket, transport } = opened;
    socket.write("part");
    await waitUntil(() => socket.readableLength === 4);
    transport.emit("end");
    assert.equal(socket.read().toString(), "part");
    const [error] = await new Promise<Error[]>((resolve) => {
      socket.once("error", (...thrown) => resolve(thrown));
    });
    assert.equal((error as Error & { code: string }).code, "ECONNRESET");
  },
);

socketCase(
  "once destroyed, it does nothing any more, and its connection is closed",
  async (open) => {
    using opened = await open(echo);
    const { socket, transport } = opened;
    socket.write("unheard");
    socket.destroy();
    assert.ok(transport.destroyed);
    transport.emit("readable");
    transport.emit("end");
    socket.read(0);
    socket.destroy();
    await waitUntil(() => socket.closed);
  },
);
