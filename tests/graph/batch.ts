import { Base64Stream } from "../exchange/base64_stream.ts";
import type { HttpRequest } from "../exchange/http_reader.ts";
import type { HttpAnswer } from "../exchange/http_server.ts";
import { ERRORS, NotModelled } from "./graph_errors.ts";
import { JSON_TYPE } from "./graph_service.ts";

/** One request of a batch, as if it had come by itself. */
export interface BatchedRequest
  extends Pick<HttpRequest, "method" | "target" | "headers" | "body"> {
  readonly id: string;
}

const REQUESTS_MAX = 20;
/** So many are worked on at a time (throttling-limits). */
const TOGETHER_MAX = 4;
const ENCODER = new TextEncoder();

export function isBatch({ method, target }: Pick<HttpRequest, "method" | "target">): boolean {
  return method === "POST" && /^\/v1\.0\/(?:\$|%24)batch$/i.test(target);
}

/** Reads a batch (json-batching). Throws `GraphError`. */
export function batchedRequestsOf({ body }: Pick<HttpRequest, "body">): readonly BatchedRequest[] {
  const { requests } = parsed(new TextDecoder().decode(body));
  if (!Array.isArray(requests) || requests.length === 0) {
    throw ERRORS.badRequest("Invalid batch payload format.");
  }
  if (requests.length > REQUESTS_MAX) {
    throw ERRORS.badRequest(
      `Number of batch request steps exceeds the maximum value of ${REQUESTS_MAX}.`,
    );
  }
  const read = requests.map(batchedRequest);
  const ids = new Set(read.map(({ id }) => id.toLowerCase()));
  if (ids.size < read.length) throw ERRORS.badRequest("Batch request ids have to be unique.");
  return read;
}

function parsed(text: string): { readonly requests?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw ERRORS.badRequest("Invalid batch payload format.");
  }
}

function batchedRequest(given: unknown): BatchedRequest {
  const { id, method, url, headers, body, dependsOn } = Object(given);
  if (dependsOn !== undefined || body !== undefined) throw new NotModelled("this kind of batch");
  if (typeof id !== "string" || typeof method !== "string" || typeof url !== "string") {
    throw ERRORS.badRequest("Invalid batch payload format.");
  }
  if (/^\w+:/.test(url)) {
    throw ERRORS.badRequest(`Invalid request url '${url}': it has to be relative.`);
  }
  const fields = Object.entries(Object(headers))
    .map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return {
    id,
    method: method.toUpperCase(),
    target: `/v1.0/${url.replace(/^\//, "")}`,
    headers: new Map(fields),
    body: new Uint8Array(),
  };
}

/**
 * Answers each request on its own. The order of answers is not the client's to rely on: each group
 * worked on together comes back to front.
 */
export function batchAnswer(
  requests: readonly BatchedRequest[],
  answer: (request: BatchedRequest) => Promise<HttpAnswer>,
): HttpAnswer {
  return {
    status: 200,
    headers: { "Content-Type": JSON_TYPE },
    body: batchBody(requests, answer),
  };
}

async function* batchBody(
  requests: readonly BatchedRequest[],
  answer: (request: BatchedRequest) => Promise<HttpAnswer>,
): AsyncGenerator<Uint8Array> {
  yield ENCODER.encode('{"responses":[');
  for (let at = 0; at < requests.length; at += TOGETHER_MAX) {
    const group = requests.slice(at, at + TOGETHER_MAX);
    const answers = await allOf(
      group.map(async (request) => ({ id: request.id, answer: await answer(request) })),
    );
    for (const [index, { id, answer }] of answers.toReversed().entries()) {
      if (at + index > 0) yield ENCODER.encode(",");
      yield* answerInBatch(id, answer);
    }
  }
  yield ENCODER.encode("]}");
}

/** Waits for all of them, also where one fails: nothing of a batch that was cut may still run. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

/** JSON stands in a batch as it is, all else as a string in base64. */
async function* answerInBatch(
  id: string,
  { status, headers, body }: HttpAnswer,
): AsyncGenerator<Uint8Array> {
  const type = Object.entries(headers)
    .find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const head = JSON.stringify({ id, status, headers });
  yield ENCODER.encode(`${head.slice(0, -1)},"body":`);
  const bytes = typeof body === "string" ? [ENCODER.encode(body)] : body;
  if (/^application\/json\b/i.test(String(type))) yield* bytes;
  else yield* base64Text(bytes);
  yield ENCODER.encode("}");
}

async function* base64Text(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const base64 = new Base64Stream();
  yield ENCODER.encode('"');
  for await (const chunk of bytes) yield ENCODER.encode(base64.push(chunk));
  yield ENCODER.encode(`${base64.end()}"`);
}
