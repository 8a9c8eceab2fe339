import type { Entropy } from "../../src/core/env.ts";
import type { InterceptedRequest } from "../../tests/exchange/exchange_connection.ts";
import { faultedAnswer, textOf } from "../../tests/exchange/faulted_answer.ts";
import { type Fault, faultNamed, type HttpFault } from "../../tests/exchange/faults.ts";
import { ConnectionCut, type HttpAnswer } from "../../tests/exchange/http_server.ts";
import { systemClock } from "../../src/runtime/system.ts";

/** A request that fails, and what a fault may do with it. */
export interface FailingRequest {
  readonly request: InterceptedRequest;
  /** The answer it would have got. */
  readonly next: () => HttpAnswer;
  readonly entropy: Entropy;
  /** Aborted when all is to be calm: nothing waits any longer. */
  readonly signal: AbortSignal;
}

/** One way in which the server fails one request. */
export interface ExchangeFault {
  /** Operations that it can happen to; absent: all. */
  readonly operations?: readonly string[];
  /** Only on a connection that has had an answer before. */
  readonly onKnownConnection?: true;
  /** Whom the answer asks to keep away, and for how long, ms. */
  readonly backoff?: { readonly of: "mailbox" | "everybody"; readonly ms: number };
  answer(failing: FailingRequest): HttpAnswer | Promise<HttpAnswer>;
}

const BUSY_MS = 4_000;
const RETRY_AFTER_S = 3;
const SLOW_MS_MAX = 6_000;
const HTML = { "content-type": "text/html; charset=utf-8" };
const CAPTIVE_PORTAL: HttpFault = {
  name: "a proxy's page",
  place: "http",
  status: 200,
  headers: HTML,
  body:
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Accept our terms</body></html>",
};

/** What a server, and what is before it, does wrong in a storm; all of it passes. */
export const EXCHANGE_FAULTS: Readonly<Record<string, ExchangeFault>> = {
  "busy with back-off, as a fault": busyFor("ErrorServerBusy with back-off as fault"),
  "busy with back-off, in messages": busyFor("ErrorServerBusy with back-off as messages"),
  "busy without back-off": fault(faultNamed("ErrorServerBusy without back-off as fault")),
  "too many connections": fault(faultNamed("ErrorExceededConnectionCount as fault")),
  "503 with Retry-After": {
    ...fault({
      ...faultNamed("HTTP 503 with Retry-After") as HttpFault,
      headers: { ...HTML, "retry-after": `${RETRY_AFTER_S}` },
    }),
    backoff: { of: "everybody", ms: RETRY_AFTER_S * 1_000 },
  },
  "503, connection closed": fault(faultNamed("HTTP 503 and the connection closed")),
  "502 of a proxy": fault(faultNamed("HTTP 502")),
  "200 with a proxy's page": fault(CAPTIVE_PORTAL),
  "redirect to the error page": fault(faultNamed("HTTP 302 to the error page")),
  "500 of ASP.NET": fault(faultNamed("HTTP 500 of ASP.NET")),
  "connection reset": { answer: reset },
  "answer truncated": { answer: truncated },
  "wrong count": { operations: ["GetItem", "GetFolder"], answer: withoutLastMessage },
  "expired sign-in": {
    ...fault(faultNamed("HTTP 401")),
    onKnownConnection: true,
  },
  "slow answer": { answer: slow },
  "one item fails": fault(faultNamed("ErrorItemCorrupt as item"), ["GetItem"]),
  "one item's content fails": fault(
    faultNamed("ErrorMimeContentConversionFailed as item"),
    ["GetItem"],
  ),
  "rest of a batch not done": fault(faultNamed("ErrorBatchProcessingStopped"), ["GetItem"]),
  "timeout": fault(faultNamed("ErrorTimeoutExpired as messages")),
  "mailbox being moved": fault(faultNamed("ErrorMailboxMoveInProgress as messages")),
  "internal error": fault(faultNamed("ErrorInternalServerError as messages")),
  "sync state refused": fault(
    faultNamed("ErrorInvalidSyncStateData as messages"),
    ["SyncFolderItems"],
  ),
};

function fault(what: Fault, operations?: readonly string[]): ExchangeFault {
  return {
    ...(operations ? { operations } : {}),
    answer: ({ request, next }) => faultedAnswer(what, request, next),
  };
}

function busyFor(name: string): ExchangeFault {
  const busy = { ...faultNamed(name), values: { BackOffMilliseconds: `${BUSY_MS}` } } as Fault;
  return { ...fault(busy), backoff: { of: "mailbox", ms: BUSY_MS } };
}

function reset(): never {
  throw new ConnectionCut("A fault of the storm");
}

/** The answer ends somewhere in the middle, and the connection with it. */
async function truncated({ next, entropy }: FailingRequest): Promise<HttpAnswer> {
  const answer = next();
  const text = await textOf(answer);
  const bytes = new TextEncoder().encode(text.slice(0, Math.floor(entropy.next() * text.length)));
  async function* body(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes);
    throw new ConnectionCut("A fault of the storm");
  }
  return { ...answer, body: body() };
}

async function withoutLastMessage({ next }: FailingRequest): Promise<HttpAnswer> {
  const answer = next();
  const text = await textOf(answer);
  const last = text.lastIndexOf("ResponseMessage ResponseClass=");
  const start = text.lastIndexOf("<", last);
  const end = text.indexOf("</m:ResponseMessages>", last);
  if (last < 0 || end < 0) return { ...answer, body: text };
  return { ...answer, body: text.slice(0, start) + text.slice(end) };
}

async function slow({ next, entropy, signal }: FailingRequest): Promise<HttpAnswer> {
  const ms = Math.ceil(entropy.next() * SLOW_MS_MAX);
  await systemClock.sleep(ms, { signal }).catch(() => undefined);
  return next();
}
