import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { LIMITS } from "../core/limits.ts";
import { foreignText } from "./foreign_text.ts";
import { addressOf } from "./network_error.ts";
import { type HttpProxy, proxyAuthorizationOf } from "./proxy.ts";
import { notAProxyOf, type ProxyAnswer, proxyClosedOf } from "./proxy_error.ts";

/**
 * Asks a proxy, on a fresh connection to it, for a tunnel to the host and port of `target` (CONNECT,
 * RFC 9110, section 9.3.6), and resolves with its answer, whatever the status.
 *
 * At a success `begin` is called, in the turn in which the answer was read: once the runtime has
 * begun to read on, TLS can no longer begin on this connection. Rejects with a `SyncError` if the
 * proxy closes or answers anything but HTTP; time is the caller's business.
 */
export function connectTunnel(
  socket: Socket,
  proxy: HttpProxy,
  target: URL,
  begin: () => void,
): Promise<ProxyAnswer> {
  const answered = new Promise<ProxyAnswer>((resolve, reject) => {
    let received = Buffer.alloc(0);
    const onData = (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      const answer = readAnswer(received);
      if (answer === undefined) return;
      socket.off("data", onData);
      if ("fault" in answer) return reject(notAProxyOf(proxy, target, answer.fault));
      try {
        if (answer.status < 300) begin();
        resolve(answer);
      } catch (error) {
        // The runtime would swallow what its callbacks throw.
        reject(error);
      }
    };
    socket.on("data", onData);
    socket.once("error", (error) => reject(proxyClosedOf(proxy, target, error)));
    socket.once("end", () => reject(proxyClosedOf(proxy, target)));
    socket.once("close", () => reject(proxyClosedOf(proxy, target)));
  });
  socket.write(requestHead(proxy, target));
  return answered;
}

function requestHead(proxy: HttpProxy, target: URL): string {
  const address = addressOf(target);
  const authorization = proxyAuthorizationOf(proxy);
  return [
    `CONNECT ${address} HTTP/1.1`,
    `Host: ${address}`,
    ...(authorization === undefined ? [] : [`Proxy-Authorization: ${authorization}`]),
    "\r\n",
  ].join("\r\n");
}

/** What a record of TLS begins with: an alert, or a handshake. */
const TLS_RECORD_TYPES: ReadonlySet<number> = new Set([21, 22]);
const HTTP = Buffer.from("HTTP/1.");

/** The answer in `bytes`, or what is wrong with it; undefined while its head is not there. */
function readAnswer(bytes: Buffer): ProxyAnswer | { readonly fault: string } | undefined {
  const begun = bytes.subarray(0, HTTP.length);
  if (!HTTP.subarray(0, begun.length).equals(begun)) return { fault: faultOf(bytes) };
  const end = /\r?\n\r?\n/.exec(bytes.toString("latin1"));
  if (!end) {
    return bytes.length > LIMITS.responseHeaderBytesMax
      ? { fault: "its answer has no end" }
      : undefined;
  }
  const [first = "", ...fields] = bytes.toString("latin1", 0, end.index).split(/\r?\n/);
  const [, status] = /^HTTP\/1\.[0-9] ([2-5][0-9]{2})(?: |$)/.exec(first) ?? [];
  if (status === undefined) return { fault: `it says "${foreignText(first).slice(0, 60)}"` };
  // The runtime begins TLS on the bare connection: what is read already would be lost to it.
  if (status.startsWith("2") && bytes.length > end.index + end[0].length) {
    return { fault: "it goes on talking behind its answer" };
  }
  const challenges = fields.flatMap((field) => {
    const [, challenge] = /^proxy-authenticate:\s*(.*)$/i.exec(field) ?? [];
    return challenge === undefined ? [] : [challenge];
  });
  return {
    status: Number(status),
    ...(challenges.length > 0 ? { challenge: challenges.join(", ") } : {}),
  };
}

function faultOf(bytes: Buffer): string {
  if (TLS_RECORD_TYPES.has(bytes[0] ?? 0)) return "it speaks TLS; its URL may have to be https://";
  return `it says "${foreignText(bytes.toString("latin1", 0, 60))}"`;
}
