import type { CallOptions, Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { Connection, type Exchange } from "./connection.ts";
import { addressOf } from "./network_error.ts";
import type { HttpProxy } from "./proxy.ts";
import { answerInvalidOf, type AuthorityAnswer } from "./token_errors.ts";
import type { HttpRequest } from "./transport.ts";

export interface AuthorityClientOptions {
  /** Only its origin is ever asked: the client's credentials are for nobody else. */
  readonly authority: URL;
  readonly clock: Clock;
  /** PEM certificates trusted on top of the roots of the process. */
  readonly caCerts: readonly string[];
  /** The proxy through which a URL is reached; absent, or nothing: directly. */
  readonly proxyFor?: (url: URL) => HttpProxy | undefined;
  /** From the first packet to the last byte of the answer, ms; default `LIMITS.authorityMsMax`. */
  readonly requestMsMax?: number;
}

/** Asks an OAuth authority over TLS; each request has a connection of its own, for they are rare. */
export class AuthorityClient {
  readonly #options: AuthorityClientOptions;

  constructor(options: AuthorityClientOptions) {
    this.#options = options;
  }

  /** Reads metadata. Rejects as `post` does. */
  async get(url: URL, options: CallOptions): Promise<AuthorityAnswer> {
    return await this.#ask({ method: "GET", url, headers: ACCEPT_JSON }, options);
  }

  /**
   * Sends a form and resolves with the answer, whatever its status; redirects are not followed.
   * Rejects with a `SyncError` (connection, deadline, an answer that is too large, another origin),
   * or with the signal's reason.
   */
  async post(url: URL, form: URLSearchParams, options: CallOptions): Promise<AuthorityAnswer> {
    const headers = { ...ACCEPT_JSON, "content-type": "application/x-www-form-urlencoded" };
    const body = new TextEncoder().encode(form.toString());
    return await this.#ask({ method: "POST", url, headers, body }, options);
  }

  async #ask(request: HttpRequest, { signal }: CallOptions): Promise<AuthorityAnswer> {
    this.#checkOrigin(request.url);
    const { clock, requestMsMax = LIMITS.authorityMsMax } = this.#options;
    const deadline = new AbortController();
    const settled = new AbortController();
    clock.sleep(requestMsMax, { signal: settled.signal }).then(
      () => deadline.abort(this.#tooSlow(requestMsMax)),
      () => {}, // answered in time
    );
    try {
      return await this.#exchange(request, AbortSignal.any([signal, deadline.signal]));
    } finally {
      settled.abort();
    }
  }

  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<AuthorityAnswer> {
    const { clock, caCerts, proxyFor } = this.#options;
    const proxy = proxyFor?.(request.url);
    const connection = await Connection.open(request.url, {
      trust: { verify: true, extraRoots: caCerts },
      // `ews_ssl_ca_file` and the like have no say in this connection.
      hasOwnSettings: false,
      clock,
      signal,
      ...(proxy ? { proxy } : {}),
    });
    try {
      const exchange = await connection.exchange(request, { signal });
      const { status, headers } = exchange;
      return { status, headers, body: jsonOf(await this.#textOf(exchange)) };
    } finally {
      connection.destroy();
    }
  }

  async #textOf({ body }: Exchange): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > LIMITS.authorityAnswerBytesMax) {
        throw answerInvalidOf("it is too large", this.#context());
      }
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  }

  #checkOrigin(url: URL): void {
    const { authority } = this.#options;
    if (url.origin === authority.origin) return;
    throw new SyncError(
      "fatal",
      "OauthAuthorityInvalid",
      `The authority "${addressOf(authority)}" issues its tokens at "${
        addressOf(url)
      }", to which ` +
        "nothing was sent",
      { hint: `Name ${url.host} in \`auth_oauth_authority\`, if it is to be trusted` },
    );
  }

  #context(): { readonly address: string } {
    return { address: addressOf(this.#options.authority) };
  }

  #tooSlow(requestMs: number): SyncError {
    return new SyncError(
      "retryable",
      "Timeout",
      `The authority "${this.#context().address}" did not answer within ${requestMs / 1000} s`,
      { hint: "Check the network between this machine and the authority" },
    );
  }
}

const ACCEPT_JSON = { accept: "application/json" } as const;

/** Nothing if it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
