import { ConnectionCut, type HttpAnswer } from "../exchange/http_server.ts";
import type { GraphIntercept, InterceptedGraphRequest } from "./graph_connection.ts";
import { errorBody } from "./graph_errors.ts";
import { type GraphFault, redirectTo } from "./graph_faults.ts";
import { JSON_TYPE } from "./graph_service.ts";

type IsMeant = (request: InterceptedGraphRequest) => boolean;

const REQUEST_ID = "00000000-0000-4000-8000-000000000000";
const ENCODER = new TextEncoder();

/** The answer of a failing service. `next` is the one it would give otherwise. */
export async function faultedGraphAnswer(
  fault: GraphFault,
  next: () => HttpAnswer,
): Promise<HttpAnswer> {
  if (fault.place === "http") return fault;
  if (fault.place === "error") {
    const place = { requestId: REQUEST_ID, clientRequestId: REQUEST_ID, now: new Date(0) };
    const headers = { "Content-Type": JSON_TYPE, ...fault.headers };
    return { status: fault.status, headers, body: errorBody(fault, place) };
  }
  if (fault.place === "cut" && fault.when === "before") throw new ConnectionCut(fault.name);
  const answer = next();
  if (fault.place === "cut" && fault.when === "after") throw new ConnectionCut(fault.name);
  const text = await textOf(answer);
  const half = text.slice(0, Math.floor(text.length / 2));
  return { ...answer, body: fault.place === "truncated" ? half : cutAfter(half) };
}

/** Makes a simulated Graph fail every request that is meant, by default all of them. */
export function interceptGraphWith(fault: GraphFault, isMeant: IsMeant = () => true) {
  const intercept: GraphIntercept = (request, next) =>
    isMeant(request) ? faultedGraphAnswer(fault, next) : next();
  return intercept;
}

/** Links of all answers lead to another host, as a hostile server or a broken gateway has it. */
export function interceptWithForeignLinks(origin: string): GraphIntercept {
  return async (_, next) => {
    const answer = next();
    if (!String(answer.headers["Content-Type"]).startsWith("application/json")) return answer;
    const text = await textOf(answer);
    const body = text.replace(
      /("@odata\.(?:next|delta)Link":")https:\/\/[^/"]+/g,
      (_, member) => member + origin,
    );
    return { ...answer, body };
  };
}

/** Every request that is meant is sent on to the same path of another host. */
export function interceptWithRedirect(origin: string, isMeant: IsMeant = () => true) {
  const intercept: GraphIntercept = (request, next) =>
    isMeant(request) ? redirectTo(origin, request.target) : next();
  return intercept;
}

/** Requests that are meant wait until then, each with its place in the mailbox's limits. */
export function interceptUntil(until: Promise<void>, isMeant: IsMeant = () => true) {
  const intercept: GraphIntercept = async (request, next) => {
    if (isMeant(request)) await until;
    return next();
  };
  return intercept;
}

async function* cutAfter(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(ENCODER.encode(text));
  throw new ConnectionCut("connection cut within");
}

async function textOf({ body }: HttpAnswer): Promise<string> {
  if (typeof body === "string") return body;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text;
}
