import type { CallOptions, Clock } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { hangingHandshakes } from "./hanging_handshakes.ts";
import { addressOf, connectErrorOf, handshakesHangOf } from "./network_error.ts";
import type { HttpProxy } from "./proxy.ts";
import { OpensslFailure } from "./openssl/openssl_failure.ts";
import { opensslRefusalOf } from "./openssl_refusal.ts";
import { SocketFailure } from "./socket_failure.ts";
import { type DialledSocket, hostOf, SocketPath, type TlsTrust } from "./socket_path.ts";
import { isCertificateFailure, type TlsEvidence } from "./tls_failure.ts";
import { lookAtTls, tlsEvidenceOf } from "./tls_probe.ts";
import { refusalOf } from "./tls_refusal.ts";

export type { DialledSocket, TlsTrust };
export { hostOf };

export interface DialOptions extends CallOptions {
  readonly trust: TlsTrust;
  readonly clock: Clock;
  /** Absent: the server is reached directly. */
  readonly proxy?: HttpProxy;
  /** False: remedies name no key `ews_ssl_…`, since none is about this server; default true. */
  readonly hasOwnSettings?: boolean;
  /** Until TCP, the proxy's consent and TLS are there, ms; default `LIMITS.connectMsMax`. */
  readonly connectMsMax?: number;
}

/**
 * Opens one connection to the origin of an `http:` or `https:` URL. For an `http:` origin with a
 * proxy that is the connection to the proxy. Rejects with a `SyncError` that names the cause
 * (`network_error.ts`, `proxy_error.ts`), or with the signal's reason.
 */
export async function dial(origin: URL, options: DialOptions): Promise<DialledSocket> {
  const connectMs = options.connectMsMax ?? LIMITS.connectMsMax;
  try {
    return await within(
      connectMs,
      origin,
      options,
      async (path) =>
        origin.protocol === "https:"
          ? await path.secure(options.trust)
          : { socket: await path.plain() },
    );
  } catch (error) {
    if (!(error instanceof SocketFailure)) throw error;
    const explained = await explain(error, origin, options);
    options.signal.throwIfAborted();
    throw explained;
  }
}

/** Runs one attempt against a deadline; all its sockets are closed unless it succeeds. */
async function within<T>(
  deadlineMs: number,
  origin: URL,
  { signal, clock, proxy }: DialOptions,
  attempt: (path: SocketPath) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const settled = new AbortController();
  const either = { signal: AbortSignal.any([signal, settled.signal]) };
  const path = new SocketPath(origin, { clock, ...either, ...(proxy ? { proxy } : {}) });
  const count = hangingHandshakes();
  if (count >= LIMITS.hangingHandshakesMax) throw handshakesHangOf(path.leg, count);
  try {
    const deadline = clock.sleep(deadlineMs, either)
      .then(() => Promise.reject(path.late(deadlineMs)));
    return await Promise.race([attempt(path), deadline]);
  } catch (error) {
    path.abandon();
    throw error;
  } finally {
    settled.abort();
  }
}

/** The failure of a socket with its real cause, for which the server may be looked at once more. */
async function explain(
  { leg, inHandshake, reason }: SocketFailure,
  origin: URL,
  options: DialOptions,
): Promise<SyncError> {
  const hasExtraRoots = options.trust.extraRoots.length > 0;
  const ofCertificate = isCertificateFailure(reason);
  const refused = ofCertificate || isWorthALook(reason);
  const evidence = inHandshake && !leg.isProxy && refused
    ? await evidenceOf(origin, ofCertificate, options)
    : {};
  const { hasOwnSettings = true } = options;
  return connectErrorOf(leg, reason, { inHandshake, hasExtraRoots, hasOwnSettings, evidence });
}

/** Whether what a server would agree to can tell why it did not agree. */
function isWorthALook(reason: Error | undefined): boolean {
  const refusal = reason instanceof OpensslFailure
    ? opensslRefusalOf(reason, undefined)
    : refusalOf(reason, undefined);
  return refusal !== undefined && refusal.code !== "TlsNotSpoken";
}

function evidenceOf(
  origin: URL,
  wantsCertificate: boolean,
  options: DialOptions,
): Promise<TlsEvidence> {
  const via = options.proxy ? ` through ${addressOf(options.proxy.url)}` : "";
  return tlsEvidenceOf(`${addressOf(origin)}${via}`, options.clock, async () => {
    try {
      return await lookAtTls(
        hostOf(origin),
        wantsCertificate,
        (run) => within(LIMITS.tlsLookMsMax, origin, options, run),
      );
    } catch {
      // The failure itself is told; a second look that fails, too, has nothing to add.
      return {};
    }
  });
}
