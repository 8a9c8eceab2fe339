import { Readable } from "node:stream";
import type { HttpOperationResponse, IHttpClient, WebResource } from "@azure/storage-blob";
import { assert } from "../core/errors.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../http/transport.ts";
import { type BlobAnswer, isOfBlobService } from "./blob_errors.ts";

/** A page of 1,000 blobs has less than a MiB; anything of this size is some other server's. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024;
/** The explanation of a refusal, which nobody reads: it is only taken off the connection. */
const REFUSAL_BYTES_MAX = 64 * 1024;

const NEVER = new AbortController().signal;

/**
 * The SDK's way to the network: our connections, with our trust, proxies, bounds and diagnosis.
 *
 * undici below rather than native `fetch`, because that repeats a request by itself when a
 * connection dies under it, tells a refused certificate from a refused connection only in prose, and
 * would need a second reading of proxies. Nothing is lost by it: no request body is a stream. What
 * is uploaded is cut into blocks that are held until the service has them, so that memory is bounded
 * by the block, and repeating one is safe and ours to decide. Answers are streamed.
 *
 * An answer that is no success, or of somebody else than the service, is thrown as what `refused`
 * makes of it, before the SDK looks at it.
 */
export class BlobHttpClient implements IHttpClient {
  readonly #transport: HttpTransport;
  readonly #refused: (answer: BlobAnswer) => Error;

  constructor(transport: HttpTransport, refused: (answer: BlobAnswer) => Error) {
    this.#transport = transport;
    this.#refused = refused;
  }

  async sendRequest(request: WebResource): Promise<HttpOperationResponse> {
    // It is the signal that each call was given.
    const signal = request.abortSignal instanceof AbortSignal ? request.abortSignal : NEVER;
    const response = await this.#transport.send(requestOf(request), { signal });
    const { status } = response;
    if (status < 200 || status > 299 || !isOfBlobService(response)) {
      await discard(response);
      throw this.#refused(response);
    }
    const streamed = request.streamResponseStatusCodes;
    const whole = { request, status, headers: headersOf(response) };
    if (streamed?.has(status) || streamed?.has(Number.POSITIVE_INFINITY)) {
      return {
        ...whole,
        readableStreamBody: Readable.from(response.body, { objectMode: false }),
      };
    }
    const bodyAsText = await textOf(response);
    if (bodyAsText === undefined) throw this.#refused({ status, headers: new Map() });
    return { ...whole, bodyAsText };
  }
}

const METHODS: readonly HttpRequest["method"][] = ["GET", "HEAD", "POST", "PUT", "DELETE"];

function requestOf({ url, method: wanted, headers, body }: WebResource): HttpRequest {
  const method = METHODS.find((known) => known === wanted);
  assert(method !== undefined, "the service is asked by methods that it has");
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  assert(bytes === undefined || bytes instanceof Uint8Array, "request bodies are held in memory");
  return {
    method,
    url: new URL(url),
    headers: headers.toJson(),
    ...(bytes ? { body: bytes } : {}),
  };
}

/** The part of the SDK's headers that its adapter asks for. */
function headersOf({ headers }: HttpResponse): HttpOperationResponse["headers"] {
  const toJson = () => Object.fromEntries(headers);
  return { toJson } as unknown as HttpOperationResponse["headers"];
}

/** Nothing if it is too long. */
async function textOf({ body }: HttpResponse): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > TEXT_BYTES_MAX) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Reads what is left, so that the connection can be used again; a long rest closes it instead. */
async function discard({ body }: HttpResponse): Promise<void> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > REFUSAL_BYTES_MAX) return;
  }
}
