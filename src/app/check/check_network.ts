import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { ExchangeConfig } from "../../config/app_config.ts";
import type { CallOptions, Env } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import { Connection } from "../../http/connection.ts";
import { hostOf } from "../../http/dial.ts";
import { addressOf } from "../../http/network_error.ts";
import { trustOf } from "../exchange_transport.ts";
import { minuteOf } from "../../status/state_report.ts";
import { type CheckLine, fail, pass, warn } from "./check_line.ts";
import { withinCheckTime } from "./within_check_time.ts";

type Call = CallOptions & { readonly env: Env };

const DAY_MS = 24 * 60 * 60_000;
/** A certificate that ends sooner is worth a word. */
const CERTIFICATE_SOON_MS = 14 * DAY_MS;
/** Kerberos and tokens tolerate this much. */
const CLOCK_SKEW_MS_MAX = 5 * 60_000;

/** The way to the Exchange server, without signing in: names, connection, certificate, clocks. */
export async function* checkNetwork(
  config: ExchangeConfig,
  call: Call,
): AsyncGenerator<CheckLine> {
  const { endpoint, proxy } = config;
  if (proxy) yield pass({ subject: "proxy" }, `reached through ${proxy.url.origin}`);
  // The proxy looks the server's name up itself.
  yield* await checkDns(proxy?.url ?? endpoint, call);
  const { env: { clock }, signal } = call;
  const about = { subject: "connection", of: addressOf(endpoint) } as const;
  try {
    yield* await withinCheckTime({ clock, signal }, async (options) => {
      const trust = await trustOf(config);
      const through = config.proxy ? { proxy: config.proxy } : {};
      const connection = await Connection.open(endpoint, { trust, clock, ...through, ...options });
      try {
        const head = { method: "GET", url: endpoint, headers: {} } as const;
        const { headers } = await connection.exchange(head, options);
        const now = clock.now();
        return [
          certificateLine(connection.certificate, config, now),
          clockLine(headers.get("date"), now),
        ];
      } finally {
        connection.destroy();
      }
    });
  } catch (thrown) {
    signal.throwIfAborted();
    yield fail(about, thrown);
  }
}

async function checkDns(
  endpoint: URL,
  { env: { clock }, signal }: Call,
): Promise<readonly CheckLine[]> {
  const host = hostOf(endpoint);
  if (isIP(host) !== 0) return [];
  const about = { subject: "dns", of: host } as const;
  try {
    const found = await withinCheckTime({ clock, signal }, () => lookup(host, { all: true }));
    return [pass(about, found.map(({ address }) => address).join(", "))];
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof SyncError) return [fail(about, cause)];
    const message = "The host name cannot be resolved";
    const hint = "Check the spelling of the host, and the DNS servers of this machine";
    return [fail(about, new SyncError("retryable", "HostNotFound", message, { hint, cause }))];
  }
}

function certificateLine(
  der: Uint8Array | undefined,
  { endpoint, tls }: ExchangeConfig,
  now: Date,
): CheckLine {
  const about = { subject: "connection", of: addressOf(endpoint) } as const;
  if (!der) return warn(about, "open, over http: unencrypted");
  const certificate = new X509Certificate(der);
  const ends = new Date(certificate.validTo);
  const finding = `open, TLS; certificate until ${minuteOf(ends)}, issued by ` +
    certificate.issuer.replaceAll("\n", ", ");
  if (!tls.verify) {
    const remedy = "Put the certificate of its authority into ews_ssl_ca_file and remove " +
      "ews_ssl_verify";
    return warn(about, `${finding}; NOT VERIFIED`, remedy);
  }
  if (ends.getTime() - now.getTime() > CERTIFICATE_SOON_MS) return pass(about, finding);
  return warn(about, finding, "Have the certificate of the server renewed");
}

/** By the `Date` of any answer (RFC 9110 section 6.6.1); a proxy may have taken it away. */
function clockLine(date: string | undefined, now: Date): CheckLine {
  const about = { subject: "clock" } as const;
  const serverTime = new Date(date ?? "");
  if (Number.isNaN(serverTime.getTime())) return pass(about, "the server does not tell its time");
  const skewMs = now.getTime() - serverTime.getTime();
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= CLOCK_SKEW_MS_MAX) {
    return pass(about, `${seconds} s off the server's`);
  }
  return warn(
    about,
    `${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the server's, which is ` +
      serverTime.toISOString(),
    "Set the clock of this machine by NTP; if it is right, that of the server",
  );
}
