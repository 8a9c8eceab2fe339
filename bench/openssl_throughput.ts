/**
 * How fast answers come over OpenSSL, and over the runtime's own TLS beside it:
 * `deno run -A bench/openssl_throughput.ts [--megabytes N] [--rounds N]`.
 *
 * One connection of the appliance's own (undici, then TLS) fetches one answer of that size from a
 * server in the same process, over loopback; each round is a connection of its own, the first does
 * not count. Both ends share the machine's processors, so compare and do not quote.
 */
import { parseArgs } from "node:util";
import { Connection } from "../src/http/connection.ts";
import type { TlsTrust } from "../src/http/dial.ts";
import { OpensslContext } from "../src/http/openssl/openssl_context.ts";
import { TestAuthority } from "../src/http/testing/certificates.ts";
import { opensslOfSystem } from "../src/http/testing/openssl_library.ts";
import { systemClock } from "../src/runtime/system.ts";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "200" },
    rounds: { type: "string", default: "5" },
  },
});
const bytes = Number(values.megabytes) * 1e6;
const rounds = Number(values.rounds);
const PART_BYTES = 256 * 1024;

const authority = await TestAuthority.create();
const { pem, keyPem } = await authority.issue();
const part = new Uint8Array(PART_BYTES);
await using server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, cert: pem, key: keyPem, onListen: () => {} },
  () => {
    let left = bytes;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (left <= 0) return controller.close();
        controller.enqueue(part.slice(0, Math.min(left, PART_BYTES)));
        left -= PART_BYTES;
      },
    });
    return new Response(body);
  },
);
const url = new URL(`https://localhost:${server.addr.port}/`);
const extraRoots = [authority.pem];
const forever = { signal: new AbortController().signal };

/** MB/s of one answer over one connection. */
async function speedOf(trust: TlsTrust): Promise<number> {
  const connection = await Connection.open(url, { trust, clock: systemClock, ...forever });
  try {
    const startedMs = performance.now();
    const exchange = await connection.exchange({ method: "GET", url, headers: {} }, forever);
    let received = 0;
    for await (const bytes of exchange.body) received += bytes.length;
    if (received !== bytes) throw new Error(`${received} bytes came instead of ${bytes}`);
    return received / 1e3 / (performance.now() - startedMs);
  } finally {
    connection.destroy();
  }
}

const openssl = new OpensslContext(opensslOfSystem(), {
  ciphers: "HIGH",
  verify: true,
  roots: extraRoots,
});
const trusts: readonly (readonly [string, TlsTrust])[] = [
  ["rustls", { verify: true, extraRoots }],
  ["OpenSSL", { verify: true, extraRoots, openssl }],
];
for (const [name, trust] of trusts) {
  await speedOf(trust);
  const speeds: number[] = [];
  for (let round = 0; round < rounds; round++) speeds.push(Math.round(await speedOf(trust)));
  speeds.sort((a, b) => a - b);
  const rssMb = Math.round(Deno.memoryUsage().rss / 1e6);
  console.log(`${name}: ${speeds.join(", ")} MB/s; resident ${rssMb} MB with the server`);
}
Deno.exit();
