import { isIP, type Socket } from "node:net";
import type { Clock } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import { clientHello } from "./client_hello.ts";
import { type PeerCertificate, peerCertificateOf } from "./peer_certificate.ts";
import { type ServerHello, ServerHelloReader } from "./server_hello.ts";
import type { SocketPath } from "./socket_path.ts";
import type { TlsEvidence } from "./tls_failure.ts";

const UNVERIFIED = { verify: false, extraRoots: [] } as const;

interface Look {
  readonly atMs: number;
  readonly evidence: Promise<TlsEvidence>;
}

const looks = new Map<string, Look>();

/**
 * The evidence that `look` finds at the server called `key`, at most once a minute, however many
 * connections to it fail. `look` never rejects.
 */
export function tlsEvidenceOf(
  key: string,
  clock: Clock,
  look: () => Promise<TlsEvidence>,
): Promise<TlsEvidence> {
  const nowMs = clock.monotonicMs();
  const earlier = looks.get(key);
  if (earlier && nowMs - earlier.atMs < LIMITS.tlsLookIntervalMs) return earlier.evidence;
  looks.delete(key);
  const [oldest] = looks.keys();
  if (oldest !== undefined && looks.size >= LIMITS.tlsLooksMax) looks.delete(oldest);
  const evidence = look();
  looks.set(key, { atMs: nowMs, evidence });
  return evidence;
}

/** Runs something on a path to the server that is closed by whoever gives this, at the latest. */
export type AttemptOn = <T>(run: (path: SocketPath) => Promise<T>) => Promise<T>;

/**
 * Looks at a server whose TLS handshake failed. Nothing but handshakes is sent: first a hello that
 * offers everything; where that shows no certificate and one is wanted, as from a server of TLS 1.3
 * only, a handshake that accepts any. Rejects as `attempt` does.
 */
export async function lookAtTls(
  host: string,
  wantsCertificate: boolean,
  attempt: AttemptOn,
): Promise<TlsEvidence> {
  const hello = await attempt(async (path) => {
    try {
      return await helloOf(isIP(host) ? undefined : host, await path.plain());
    } finally {
      path.abandon();
    }
  });
  const [first] = hello?.chain ?? [];
  const der = first ?? (wantsCertificate ? await attempt(anyCertificate) : undefined);
  return evidenceOf(hello, der && peerCertificateOf(der));
}

async function anyCertificate(path: SocketPath): Promise<Uint8Array | undefined> {
  try {
    const { certificate } = await path.secure(UNVERIFIED);
    return certificate;
  } finally {
    path.abandon();
  }
}

function evidenceOf(
  hello: ServerHello | undefined,
  certificate: PeerCertificate | undefined,
): TlsEvidence {
  return {
    ...(hello ? { hello } : {}),
    ...(hello && hello.chain.length > 0 ? { certificatesSent: hello.chain.length } : {}),
    ...(certificate ? { certificate } : {}),
  };
}

/** Resolves when the hello is complete, or the server goes on no further. */
async function helloOf(host: string | undefined, socket: Socket): Promise<ServerHello | undefined> {
  const reader = new ServerHelloReader();
  await new Promise<void>((resolve) => {
    socket.on("data", (bytes: Uint8Array) => {
      reader.add(bytes);
      if (reader.ended) resolve();
    });
    socket.once("error", () => resolve());
    socket.once("end", () => resolve());
    socket.once("close", () => resolve());
    socket.write(clientHello(host));
    socket.resume();
  });
  return reader.hello;
}
