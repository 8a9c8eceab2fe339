import type { CallOptions, Clock, Entropy } from "../../src/core/env.ts";
import { SyncError } from "../../src/core/errors.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../../src/http/transport.ts";
import type { Account } from "../exchange/access_rights.ts";
import type { ExchangeService } from "../exchange/ews/exchange_service.ts";
import { faultedAnswer } from "../exchange/faulted_answer.ts";
import type { Fault } from "../exchange/faults.ts";
import type { HttpAnswer } from "../exchange/http_server.ts";

/** What can happen to a request on its way. */
export const NETWORK_FAULTS = [
  "reset before",
  "reset after",
  "cut short",
  "unavailable",
  "html",
  "slow",
] as const;

export type NetworkFault = (typeof NETWORK_FAULTS)[number];

export interface InProcessTransportOptions {
  readonly service: ExchangeService;
  readonly account: Account;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Chooses what happens to the next request; absent: nothing bad. */
  readonly fault: () => NetworkFault | undefined;
  /** Chooses how the server fails the next request of this operation; absent: it does not. */
  readonly exchangeFault: (operation: string) => Fault | undefined;
}

/** A request goes into the simulated Exchange and an answer comes out, without any socket. */
export function inProcessTransport(options: InProcessTransportOptions): HttpTransport {
  return { send: (request, call) => send(options, request, call) };
}

async function send(
  options: InProcessTransportOptions,
  request: HttpRequest,
  { signal }: CallOptions,
): Promise<HttpResponse> {
  const { clock, entropy, fault } = options;
  const happening = fault();
  const delayMs = happening === "slow" ? 30_000 : 50 * entropy.next();
  await clock.sleep(delayMs, { signal });
  if (happening === "reset before") throw reset();
  if (happening === "unavailable") return page(clock, 503, { "retry-after": "7" });
  if (happening === "html") return page(clock, 200, { "content-type": "text/html" });
  const answer = await answerTo(options, request);
  if (happening === "reset after") throw reset();
  const headers = Object.entries(answer.headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), String(value)]);
  const body = bytesOf(answer);
  return {
    status: answer.status,
    headers: new Map([...headers, ["date", clock.now().toUTCString()]]),
    body: happening === "cut short" ? cutShort(body) : body,
  };
}

async function answerTo(
  { service, account, exchangeFault }: InProcessTransportOptions,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const body = new TextDecoder().decode(request.body);
  const next = () =>
    service.handle({ account, headers: new Map(Object.entries(request.headers)), body });
  const [, operation = ""] = /<\w+:Body>\s*<\w+:(\w+)/.exec(body) ?? [];
  const fault = exchangeFault(operation);
  return fault ? await faultedAnswer(fault, { operation, body }, next) : next();
}

function bytesOf({ body }: HttpAnswer): AsyncIterable<Uint8Array> {
  return typeof body === "string" ? ReadableStream.from([new TextEncoder().encode(body)]) : body;
}

async function* cutShort(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = await Array.fromAsync(body);
  const kept = chunks.slice(0, Math.ceil(chunks.length / 2));
  const last = kept.pop();
  yield* kept;
  if (last) yield last.subarray(0, Math.floor(last.byteLength / 2));
  throw reset();
}

function page(clock: Clock, status: number, headers: Record<string, string>): HttpResponse {
  return {
    status,
    headers: new Map(Object.entries({ ...headers, date: clock.now().toUTCString() })),
    body: ReadableStream.from([new TextEncoder().encode("<html><body>Sorry<br></body></html>")]),
  };
}

function reset(): SyncError {
  return new SyncError("retryable", "ConnectionReset", "The connection was reset");
}
