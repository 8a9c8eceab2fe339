import type { CallOptions } from "../core/env.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../http/transport.ts";
import { discardBody } from "../source/discard_body.ts";
import { isSoapStatus } from "./http_status.ts";
import { redirectLoop, redirectOf } from "./redirect.ts";

const HOPS_MAX = 5;

/**
 * An endpoint that may have moved within its origin (spec section 4). Where permanent redirects lead
 * to is remembered for the process, for as long as EWS answers there.
 */
export class RedirectedEndpoint {
  readonly #transport: HttpTransport;
  readonly #configured: URL;
  #current: URL;

  constructor(transport: HttpTransport, endpoint: URL) {
    this.#transport = transport;
    this.#configured = endpoint;
    this.#current = endpoint;
  }

  /**
   * Sends a request to the endpoint, and the same again wherever it is redirected to. Rejects with
   * the `SyncError` of a redirect that is not followed (see `redirectOf`), or as the transport does.
   */
  async send(
    request: Omit<HttpRequest, "url">,
    options: CallOptions,
  ): Promise<HttpResponse> {
    let url = this.#current;
    let lasting = url;
    for (let hop = 0;; hop++) {
      const response = await this.#transport.send({ ...request, url }, options);
      const redirect = redirectOf(response, url);
      if (!redirect) {
        this.#current = isSoapStatus(response) ? lasting : this.#configured;
        return response;
      }
      await discardBody(response);
      if ("refused" in redirect) {
        this.#current = this.#configured;
        throw redirect.refused;
      }
      if (hop === HOPS_MAX) throw redirectLoop(redirect.target);
      // Behind a temporary redirect nothing is lasting.
      if (redirect.permanent && lasting === url) lasting = redirect.target;
      url = redirect.target;
    }
  }
}
