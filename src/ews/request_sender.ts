import type { CallOptions, Env, LogFields } from "../core/env.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { HttpResponse } from "../http/transport.ts";
import { requestIdOf } from "../source/request_id.ts";
import { anchorHeaders } from "./anchor_headers.ts";
import { encodeEnvelope } from "./envelope.ts";
import type { Affinity } from "./notifications/affinity.ts";
import type { Operation } from "./operation.ts";
import type { RedirectedEndpoint } from "./redirected_endpoint.ts";
import type { SchemaVersion } from "./schema_version.ts";

export interface SenderOptions extends CallOptions {
  readonly version: SchemaVersion;
  readonly to: RedirectedEndpoint;
  /** Where the request has to be answered; it learns from the answer. Absent: anywhere. */
  readonly affinity?: Affinity;
}

export interface Sent {
  readonly response: HttpResponse;
  /** Writes what came of the request into the log, at the level of wire traces. */
  readonly trace: (outcome: LogFields) => void;
}

const ENVELOPE_TRACE_CHARACTERS_MAX = 4_096;

/** Puts operations on the wire: envelope, header fields and traces. */
export class RequestSender {
  readonly #env: Env;
  readonly #isImpersonating: boolean;

  constructor(env: Env, isImpersonating: boolean) {
    this.#env = env;
    this.#isImpersonating = isImpersonating;
  }

  /** Resolves with the head of the answer; rejects as `RedirectedEndpoint.send` does. */
  async send<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    { version, to, affinity, signal }: SenderOptions,
  ): Promise<Sent> {
    const { clock, entropy, log } = this.#env;
    const requestId = requestIdOf(entropy);
    const envelope = encodeEnvelope({
      version,
      impersonate: this.#isImpersonating ? mailbox.address : undefined,
    }, operation.encode(version));
    const facts = { operation: operation.name, mailbox: mailbox.address, requestId };
    log.trace("EWS request.", {
      ...facts,
      envelope: envelope.slice(0, ENVELOPE_TRACE_CHARACTERS_MAX),
    });
    const startedMs = clock.monotonicMs();
    const response = await to.send({
      method: "POST",
      headers: this.#headers(mailbox, requestId, affinity),
      body: new TextEncoder().encode(envelope),
    }, { signal });
    affinity?.learn(response.headers);
    const trace = (outcome: LogFields) =>
      log.trace("EWS response.", {
        ...facts,
        ...factsOf(response),
        tookMs: Math.round(clock.monotonicMs() - startedMs),
        ...outcome,
      });
    return { response, trace };
  }

  #headers(mailbox: Mailbox, requestId: string, affinity: Affinity | undefined) {
    const anchor = this.#isImpersonating ? anchorHeaders(mailbox.address) : {};
    return {
      "content-type": "text/xml; charset=utf-8",
      "accept": "text/xml",
      "user-agent": "reinfer-ews",
      "client-request-id": requestId,
      "return-client-request-id": "true",
      ...(affinity?.headers ?? anchor),
    };
  }
}

/** What Microsoft's support asks for: where a request went and under which id. */
function factsOf({ status, headers }: HttpResponse): LogFields {
  return {
    status,
    serverRequestId: headers.get("request-id"),
    server: headers.get("x-feserver"),
    mailboxServer: headers.get("x-targetbeserver") ?? headers.get("x-beserver"),
  };
}
