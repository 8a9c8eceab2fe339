import { z } from "zod";
import { SyncError } from "../core/errors.ts";
import { suspendingIfLong } from "../source/suspending_if_long.ts";
import { graphErrorOf } from "./graph_errors.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";
import { preferenceOf } from "./preference.ts";

/** The outcome of one request of a `$batch`. */
export type BatchOutcome<T> =
  | { readonly value: T }
  | { readonly error: SyncError; readonly isBusy: boolean };

export const BATCH_PATH = "/v1.0/$batch";

const VERSION_PATH = "/v1.0";

const ANSWER = z.object({
  responses: z.array(z.object({
    id: z.string(),
    status: z.int(),
    headers: z.record(z.string(), z.unknown()).nullish(),
    body: z.unknown().optional(),
  })).max(2 * GRAPH_LIMITS.batchRequests),
});

type SubAnswer = z.output<typeof ANSWER>["responses"][number];

/** The body of a `$batch` of these requests, each under its place as id. */
export function encodeBatch(requests: readonly GraphRequest<unknown>[]): Uint8Array {
  const parts = requests.map(({ path, prefer }, index) => ({
    id: String(index),
    method: "GET",
    url: path.slice(VERSION_PATH.length),
    headers: { Prefer: preferenceOf(prefer) },
  }));
  return new TextEncoder().encode(JSON.stringify({ requests: parts }));
}

/**
 * The outcomes of a `$batch`, in the order of its requests whatever that of the answers. Each answer
 * is judged by itself; one that is missing can be asked for again.
 */
export function decodeBatch<T>(
  answer: unknown,
  requests: readonly GraphRequest<T>[],
  now: Date,
): readonly BatchOutcome<T>[] {
  const { responses } = readAs(ANSWER, answer);
  const byId = new Map(responses.map((response) => [response.id, response]));
  return requests.map((request, index) => {
    const response = byId.get(String(index));
    return response ? outcomeOf(request, response, now) : { error: missing(), isBusy: false };
  });
}

function outcomeOf<T>(
  request: GraphRequest<T>,
  { status, headers, body }: SubAnswer,
  now: Date,
): BatchOutcome<T> {
  if (status === 200) return readOutcome(request, body);
  const failed = { status, retryAfter: fieldOf(headers ?? {}, "retry-after"), body };
  const error = suspendingIfLong(graphErrorOf(failed, request.reach, now));
  return { error, isBusy: isBusy(error, status) };
}

function readOutcome<T>(request: GraphRequest<T>, body: unknown): BatchOutcome<T> {
  try {
    return { value: request.read(body) };
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    return { error, isBusy: false };
  }
}

function isBusy(error: SyncError, status: number): boolean {
  return status === 429 || error.retryAfterMs !== undefined;
}

function fieldOf(headers: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const field = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof field === "string" || typeof field === "number" ? String(field) : undefined;
}

function missing(): SyncError {
  return new SyncError("retryable", "ResponseIncomplete", "Graph leaves out an answer of a batch");
}
