import type { CallOptions } from "../../core/env.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../../http/transport.ts";

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or chunks as they arrive. */
  readonly body?: string | AsyncIterable<Uint8Array>;
}

/** Answers the `number`-th request (from 1), whose body is `text`. */
export type Script = (
  text: string,
  number: number,
  request: HttpRequest,
) => string | ScriptedAnswer | Promise<string | ScriptedAnswer>;

/** A transport without a network: every request is answered by a script. */
export class ScriptedTransport implements HttpTransport {
  readonly #script: Script;
  readonly requests: HttpRequest[] = [];
  /** Bodies that were read to their end, cancelled, or aborted. */
  bodiesEnded = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  /** SOAP envelopes received, in order. */
  get texts(): readonly string[] {
    return this.requests.map(({ body }) => new TextDecoder().decode(body));
  }

  async send(request: HttpRequest, { signal }: CallOptions): Promise<HttpResponse> {
    signal.throwIfAborted();
    this.requests.push(request);
    const number = this.requests.length;
    const scripted = await this.#script(this.texts[number - 1]!, number, request);
    const answer = typeof scripted === "string" ? { body: scripted } : scripted;
    const headers = {
      "content-type": "text/xml; charset=utf-8",
      "date": "Thu, 01 Jan 2026 08:00:00 GMT",
      ...answer.headers,
    };
    return {
      status: answer.status ?? 200,
      headers: new Map(Object.entries(headers)),
      body: this.#bodyOf(answer.body ?? "", signal),
    };
  }

  /** Not a generator: one that is cancelled before its first step never reaches its `finally`. */
  #bodyOf(body: string | AsyncIterable<Uint8Array>, signal: AbortSignal) {
    const chunks = (typeof body === "string" ? inChunks(body) : body)[Symbol.asyncIterator]();
    const ended = { done: true, value: undefined } as const;
    const iterator = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        const result = signal.aborted ? ended : await chunks.next();
        if (result.done) this.bodiesEnded++;
        signal.throwIfAborted();
        return result;
      },
      return: () => {
        this.bodiesEnded++;
        return Promise.resolve(ended);
      },
    };
    return iterator;
  }
}

/** UTF-8 of `text`, cut at a length that never fits anything. */
async function* inChunks(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 997) {
    await Promise.resolve();
    yield bytes.subarray(at, at + 997);
  }
}
