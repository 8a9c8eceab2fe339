import type { HttpAnswer } from "../exchange/http_server.ts";

interface Words {
  readonly status: number;
  readonly error: string;
  readonly text: string;
}

const INVALID_CLIENT = { status: 401, error: "invalid_client" };

/** Refusals as Entra ID words them, by the number of the error. */
const REFUSALS: Readonly<Record<number, Words>> = {
  50027: { ...INVALID_CLIENT, text: "JWT token is invalid or malformed." },
  50034: { status: 400, error: "invalid_grant", text: "The user account does not exist." },
  53003: {
    status: 400,
    error: "invalid_grant",
    text: "Access has been blocked by Conditional Access policies.",
  },
  65001: {
    status: 400,
    error: "invalid_grant",
    text: "The user or administrator has not consented to use the application.",
  },
  70003: { status: 400, error: "unsupported_grant_type", text: "The grant type is not supported." },
  70011: { status: 400, error: "invalid_scope", text: "The provided scope is not valid." },
  90002: { status: 400, error: "invalid_request", text: "Tenant not found." },
  90033: {
    status: 400,
    error: "temporarily_unavailable",
    text: "A transient error has occurred. Please try again.",
  },
  500011: { status: 400, error: "invalid_resource", text: "The resource principal was not found." },
  700016: { status: 400, error: "unauthorized_client", text: "Application was not found." },
  700021: { ...INVALID_CLIENT, text: "Client assertion identifier does not match." },
  700023: { ...INVALID_CLIENT, text: "Client assertion audience does not match." },
  700024: { ...INVALID_CLIENT, text: "Client assertion is not within its valid time range." },
  700027: { ...INVALID_CLIENT, text: "The certificate is not registered on application." },
  1000502: {
    ...INVALID_CLIENT,
    text: "The provided certificate is not within its specified validity window.",
  },
  1002012: { status: 400, error: "invalid_scope", text: "The provided value is not valid." },
  7000214: { ...INVALID_CLIENT, text: "Certificate has been revoked." },
  7000215: { ...INVALID_CLIENT, text: "Invalid client secret provided." },
  7000218: { ...INVALID_CLIENT, text: "The request must hold a secret or an assertion." },
  7000222: { ...INVALID_CLIENT, text: "The provided client secret keys are expired." },
};

/** An answer in JSON. */
export function json(status: number, body: unknown): HttpAnswer {
  const headers = {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store",
  };
  return { status, headers, body: JSON.stringify(body) };
}

/** The answer by which the token endpoint refuses, as `AADSTS` and this number. */
export function refusal(number: number, said?: string): HttpAnswer {
  const words = REFUSALS[number] ?? { ...INVALID_CLIENT, text: "The request was refused." };
  const traceId = "0f1e2d3c-1111-2222-3333-444455556666";
  const correlationId = "a1b2c3d4-7777-8888-9999-aaaabbbbcccc";
  return json(words.status, {
    error: words.error,
    error_description: `AADSTS${number}: ${said ?? words.text}\r\n` +
      `Trace ID: ${traceId}\r\nCorrelation ID: ${correlationId}`,
    error_codes: [number],
    trace_id: traceId,
    correlation_id: correlationId,
  });
}

/** Something in front of the authority answers with a page. */
export function page(status: number, headers: HttpAnswer["headers"] = {}): HttpAnswer {
  const html = "<!DOCTYPE html><title>Sign in</title>";
  return { status, headers: { "Content-Type": "text/html", ...headers }, body: html };
}

/** More than any client should take, as fast as it takes it. */
export function hugeAnswer(bytes: number): HttpAnswer {
  return { status: 200, headers: { "Content-Type": "application/json" }, body: spaces(bytes) };
}

async function* spaces(bytes: number): AsyncIterable<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  for (let sent = 0; sent < bytes; sent += chunk.length) yield await Promise.resolve(chunk);
}
