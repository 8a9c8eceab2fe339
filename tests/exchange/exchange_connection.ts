import type { Clock, Entropy } from "../../src/core/env.ts";
import type { Account } from "./access_rights.ts";
import {
  authenticateBasic,
  authenticateBearer,
  authenticateNtlm,
  type Authentication,
  type TokenJudge,
} from "./authentication.ts";
import type { ExchangeService } from "./ews/exchange_service.ts";
import type { HttpRequest } from "./http_reader.ts";
import { ConnectionCut, type ConnectionHandler, type HttpAnswer } from "./http_server.ts";
import type { Ledger } from "./ledger.ts";
import { NtlmAcceptor, type NtlmServer } from "./ntlm_acceptor.ts";
import { randomUuid } from "./seeded_entropy.ts";

/** A signed-in request on its way to the service. */
export interface InterceptedRequest {
  readonly connection: number;
  /** Name of the operation as the body has it; absent where there is none to be seen. */
  readonly operation: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * Stands between the network and the service: may answer itself, change an answer, delay it, or cut
 * the connection by throwing `ConnectionCut` or returning a body that does.
 */
export type Intercept = (
  request: InterceptedRequest,
  next: () => HttpAnswer,
) => HttpAnswer | Promise<HttpAnswer>;

/** How a client has to sign in: a judge of tokens stands for OAuth. */
export type AuthenticationScheme = "ntlm" | "basic" | TokenJudge;

/** What all connections of one server share; some of it may change while it runs. */
export interface FrontEnd {
  readonly service: ExchangeService;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly ntlm: NtlmServer;
  readonly authentication: AuthenticationScheme;
  /** Waited before every answer of the service, in milliseconds. */
  readonly latencyMs: number;
  readonly intercept: Intercept | undefined;
  /** Aborted when the server ends. */
  readonly signal: AbortSignal;
}

const ENDPOINT_PATH = "/ews/exchange.asmx";

/** The front end of an Exchange server, as one connection sees it. */
export function exchangeConnection(connection: number, frontEnd: FrontEnd): ConnectionHandler {
  const ntlm = new NtlmAcceptor(frontEnd.ntlm);
  // Windows sign-in belongs to the connection: who is signed in stays so until he begins anew.
  let signedIn: Account | undefined;

  return async (request) => {
    const field = request.headers.get("authorization");
    if (!signedIn || field !== undefined) {
      const outcome = authenticate(field, ntlm, frontEnd);
      if (outcome.attempt) frontEnd.ledger.recordLogon({ ...outcome.attempt, connection });
      signedIn = outcome.account;
      if (!outcome.account) return unauthorized(request, outcome, frontEnd);
    }
    const account = signedIn;
    // All but Windows sign-in is for one request.
    if (frontEnd.authentication !== "ntlm") signedIn = undefined;
    return await signedInAnswer({ request, account: account!, connection }, frontEnd);
  };
}

function authenticate(
  field: string | undefined,
  ntlm: NtlmAcceptor,
  { authentication, ntlm: { accounts } }: FrontEnd,
): Authentication {
  if (authentication === "ntlm") return authenticateNtlm(field, ntlm);
  if (authentication === "basic") return authenticateBasic(field, accounts);
  const [account] = accounts;
  if (!account) throw new Error("There is no account for the application");
  return authenticateBearer(field, account, authentication);
}

interface SignedInRequest {
  readonly request: HttpRequest;
  readonly account: Account;
  readonly connection: number;
}

async function signedInAnswer(signedIn: SignedInRequest, frontEnd: FrontEnd): Promise<HttpAnswer> {
  const { request, connection } = signedIn;
  const refusal = httpRefusal(request);
  if (refusal) return withServerHeaders(request, refusal, frontEnd);
  const body = new TextDecoder().decode(request.body);
  await pause(frontEnd);
  const next = () => serviceAnswer(signedIn, body, frontEnd);
  const { intercept } = frontEnd;
  const answer = intercept
    ? await intercept({ connection, operation: operationIn(body), ...request, body }, next)
    : next();
  return withServerHeaders(request, answer, frontEnd);
}

/** Only the endpoint exists, it takes only POST, and only XML. */
function httpRefusal({ method, target, headers }: HttpRequest): HttpAnswer | undefined {
  const plain = { "content-type": "text/plain" };
  if (target.split("?")[0]!.toLowerCase() !== ENDPOINT_PATH) {
    return { status: 404, headers: plain, body: "Not found" };
  }
  if (method !== "POST") {
    return { status: 405, headers: { ...plain, "allow": "POST" }, body: "Use POST" };
  }
  const isXml = /^text\/xml\b/i.test(headers.get("content-type") ?? "");
  return isXml ? undefined : { status: 415, headers: plain, body: "Send text/xml" };
}

function serviceAnswer(
  { request, account, connection }: SignedInRequest,
  body: string,
  { service, ledger }: FrontEnd,
): HttpAnswer {
  const answer = service.handle({ headers: request.headers, body, account });
  const { record, status } = answer;
  // A fault may come before the operation is read; the ledger counts by what was asked for.
  const operation = record.operation ?? operationIn(body);
  ledger.recordRequest({ ...record, operation, connection, status });
  return answer;
}

async function pause({ clock, latencyMs, signal }: FrontEnd): Promise<void> {
  if (latencyMs <= 0) return;
  try {
    await clock.sleep(latencyMs, { signal });
  } catch {
    throw new ConnectionCut("The server ends");
  }
}

function operationIn(body: string): string | undefined {
  return /<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)/.exec(body)?.[1];
}

function unauthorized(
  request: HttpRequest,
  { challenges, diagnostics }: Extract<Authentication, { challenges: unknown }>,
  frontEnd: FrontEnd,
): HttpAnswer {
  const headers = {
    "WWW-Authenticate": challenges,
    ...(diagnostics ? { "x-ms-diagnostics": diagnostics } : {}),
  };
  const answer = { status: 401, headers, body: "" };
  return withServerHeaders(request, answer, frontEnd);
}

/** The fields every answer of an Exchange front end carries. */
function withServerHeaders(
  { headers }: HttpRequest,
  answer: HttpAnswer,
  { clock, entropy }: FrontEnd,
): HttpAnswer {
  const clientRequestId = headers.get("client-request-id");
  const isEchoed = headers.get("return-client-request-id")?.toLowerCase() === "true";
  return {
    ...answer,
    headers: {
      "Server": "Microsoft-IIS/10.0",
      "request-id": randomUuid(entropy),
      ...(clientRequestId && isEchoed ? { "client-request-id": clientRequestId } : {}),
      "X-FEServer": "SIM-EX01",
      "X-BEServer": "SIM-EX01",
      "X-Powered-By": "ASP.NET",
      "Date": clock.now().toUTCString(),
      ...answer.headers,
    },
  };
}
