import { createHash } from "node:crypto";
import { visible } from "../config/printable.ts";
import type { Detail } from "./detail.ts";
import type { NotReady } from "./readiness.ts";

/**
 * On every answer: nothing from elsewhere is loaded, nothing is framed, sniffed, cached or told to
 * other origins. No CORS header is ever sent.
 */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
} as const;

/** An answer with a body of that media type, in UTF-8. */
export function answer(
  status: number,
  type: string,
  body: string | ReadableStream<Uint8Array>,
): Response {
  return new Response(body, { status, headers: { ...HEADERS, "content-type": type } });
}

export function plainAnswer(status: number, text: string): Response {
  return answer(status, "text/plain; charset=utf-8", `${text}\n`);
}

/** Only reading is served (RFC 9110 section 15.5.6). */
export function methodNotAllowed(): Response {
  const response = plainAnswer(405, "Only GET and HEAD");
  response.headers.set("allow", "GET, HEAD");
  return response;
}

/** A document, or nothing if the client has just this one (RFC 9110 section 13.1.2). */
export function taggedAnswer(request: Request, type: string, body: string): Response {
  const tag = `W/"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const isKnown = request.headers.get("if-none-match") === tag;
  const response = isKnown
    ? new Response(undefined, { status: 304, headers: HEADERS })
    : answer(200, type, body);
  response.headers.set("etag", tag);
  return response;
}

/** `/readyz`: for probes by its status, for people by its lines. */
export function readyAnswer(notReady: readonly NotReady[], detail: Detail): Response {
  if (notReady.length === 0) return plainAnswer(200, "ready");
  const lines = notReady.flatMap(({ what, code, reason, hint, until }) => {
    const when = until ? `; until ${until.toISOString()}` : "";
    if (detail === "summary") return [`${what}: ${code}${when}`];
    const remedy = hint === undefined ? [] : [`  What to do: ${visible(hint)}`];
    return [`${what}: ${visible(reason)} (${code})${when}`, ...remedy];
  });
  return plainAnswer(503, ["not ready", ...lines].join("\n"));
}
