import type { CallOptions, Env, LogFields } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { SourceObserver } from "../core/observer.ts";
import { retry } from "../core/retry.ts";
import type { HttpResponse, HttpTransport } from "../http/transport.ts";
import { countedByCode } from "../source/counted_by_code.ts";
import { discardBody } from "../source/discard_body.ts";
import { observedRequest } from "../source/observed_request.ts";
import { requestIdOf } from "../source/request_id.ts";
import { serverTimeOf } from "../source/server_time.ts";
import { suspendingIfLong } from "../source/suspending_if_long.ts";
import { ThrottleGate } from "../source/throttle_gate.ts";
import { encodeEnvelope } from "./envelope.ts";
import { errorOfStatus, isServerBusy, isSoapStatus } from "./http_status.ts";
import { type MimeReceiver, splitMime } from "./mime_splitter.ts";
import type { Operation } from "./operation.ts";
import { RedirectedEndpoint } from "./redirected_endpoint.ts";
import { EWS_FAILURES, isBusyCode } from "./response_codes.ts";
import { type ResponseMessage, responseMessagesOf } from "./response_message.ts";
import { type SchemaVersion, SchemaVersions } from "./schema_version.ts";
import { parseXml } from "./xml.ts";

export interface EwsClientOptions {
  readonly transport: HttpTransport;
  /** Full EWS URL. */
  readonly endpoint: URL;
  readonly accessType: "delegate" | "impersonation";
  readonly env: Env;
  /** Absent: nobody watches. */
  readonly observer?: SourceObserver;
}

export interface AttemptOptions extends CallOptions {
  /** Takes the MIME content of the answer; without it MIME content is dropped. */
  readonly receive?: MimeReceiver;
}

export interface SendOptions<T> extends CallOptions {
  /** How often a failure may happen before it is given up; absent: as the code has it. */
  readonly attemptsMax?: (error: SyncError) => number;
  /** What to send after a failure; absent: the same again. */
  readonly insteadAfter?: (error: SyncError) => Operation<T>;
}

export interface Answer<T> {
  readonly value: T;
  /** The server's own clock (HTTP `Date`); ours where a proxy took that away. */
  readonly serverTime: Date;
}

/** A busy answer without a delay of its own closes the gate for this long, ms. */
const UNNAMED_BUSY_MS = 5_000;

const ENVELOPE_TRACE_CHARACTERS_MAX = 4_096;

/**
 * Sends operations to one EWS endpoint, as SOAP 1.1 over any `HttpTransport`. It knows the schema
 * versions the server speaks and the throttling budgets it grants.
 */
export class EwsClient {
  readonly #options: EwsClientOptions;
  readonly #env: Env;
  readonly #endpoint: RedirectedEndpoint;
  readonly #versions = new SchemaVersions();
  readonly #server: ThrottleGate;
  /** By mailbox with impersonation; one for all with delegate access. */
  readonly #budgets = new Map<string, ThrottleGate>();

  constructor(options: EwsClientOptions) {
    this.#options = options;
    this.#env = options.env;
    this.#endpoint = new RedirectedEndpoint(options.transport, options.endpoint);
    this.#server = new ThrottleGate(options.env, { inFlightMax: Infinity });
  }

  /**
   * Sends an operation until it is answered or hopeless, `LIMITS.retryBudgetMs` at most. Rejects
   * with a `SyncError` as the response code, the HTTP status or the transport has it.
   */
  async send<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    options: SendOptions<T>,
  ): Promise<Answer<T>> {
    const { signal, attemptsMax = ({ code }) => EWS_FAILURES.attemptsMaxOf(code), insteadAfter } =
      options;
    let current = operation;
    try {
      return await retry(() => this.attempt(mailbox, current, { signal }), {
        env: this.#env,
        signal,
        budgetMs: LIMITS.retryBudgetMs,
        attemptsMax: countedByCode(attemptsMax),
        onRetry: ({ error }) => {
          current = insteadAfter?.(error) ?? current;
        },
      });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      throw error.as(EWS_FAILURES.kindWhenGivenUp(error, operation.reach));
    }
  }

  /** Sends an operation once, waiting at the gates; steps down in schema version as needed. */
  async attempt<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    options: AttemptOptions,
  ): Promise<Answer<T>> {
    for (;;) {
      const version = this.#versions.versionFor(mailbox.address);
      try {
        const answer = await this.#throughGates(mailbox, operation, version, options);
        this.#versions.confirm();
        return answer;
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        if (!this.#versions.stepDown(version, mailbox.address, error.code)) {
          throw error.in({ mailbox: mailbox.address, operation: operation.name });
        }
        this.#env.log.debug("Trying an older schema version.", {
          mailbox: mailbox.address,
          version,
          code: error.code,
        });
      }
    }
  }

  #throughGates<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    version: SchemaVersion,
    options: AttemptOptions,
  ): Promise<Answer<T>> {
    const watch = { clock: this.#env.clock, observer: this.#options.observer };
    const exchange = () =>
      observedRequest(
        operation.name,
        watch,
        () => this.#exchange(mailbox, operation, version, options),
      );
    return this.#budgetOf(mailbox).run(exchange, options);
  }

  async #exchange<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    version: SchemaVersion,
    options: AttemptOptions,
  ): Promise<Answer<T>> {
    const requestId = requestIdOf(this.#env.entropy);
    const envelope = encodeEnvelope({
      version,
      impersonate: this.#isImpersonating ? mailbox.address : undefined,
    }, operation.encode(version));
    this.#env.log.trace("EWS request.", {
      operation: operation.name,
      mailbox: mailbox.address,
      requestId,
      envelope: envelope.slice(0, ENVELOPE_TRACE_CHARACTERS_MAX),
    });
    const startedMs = this.#env.clock.monotonicMs();
    const response = await this.#endpoint.send({
      method: "POST",
      headers: this.#headers(mailbox, requestId),
      body: new TextEncoder().encode(envelope),
    }, options);
    const trace = (outcome: LogFields) =>
      this.#env.log.trace("EWS response.", {
        operation: operation.name,
        mailbox: mailbox.address,
        requestId,
        ...factsOf(response),
        tookMs: Math.round(this.#env.clock.monotonicMs() - startedMs),
        ...outcome,
      });
    try {
      const { messages, ...sizes } = await this.#read(response, mailbox, operation, options);
      trace(sizes);
      return {
        value: operation.decode(messages),
        serverTime: serverTimeOf(response, this.#env.clock.now()),
      };
    } catch (error) {
      if (error instanceof SyncError) trace({ code: error.code });
      throw error;
    }
  }

  /** Reads a whole answer. Whatever says that the server is busy closes the gate it concerns. */
  async #read<T>(
    response: HttpResponse,
    mailbox: Mailbox,
    operation: Operation<T>,
    { receive }: AttemptOptions,
  ): Promise<{ messages: readonly ResponseMessage[]; skeletonBytes: number; mimeBytes: number }> {
    if (!isSoapStatus(response)) return await this.#refuse(response);
    let mimeBytes = 0;
    const skeleton = await splitMime(response.body, (index, bytes) => {
      mimeBytes += bytes.length;
      return receive?.(index, bytes);
    }, operation.contentElements);
    try {
      const messages = responseMessagesOf(parseXml(skeleton), operation).map(withSuspension);
      for (const { error } of messages) if (error) this.#noteBusy(mailbox, error);
      return { messages, skeletonBytes: skeleton.length, mimeBytes };
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      this.#noteBusy(mailbox, error);
      throw suspendingIfLong(error);
    }
  }

  async #refuse(response: HttpResponse): Promise<never> {
    await discardBody(response);
    const error = errorOfStatus(response, this.#env.clock.now());
    if (isServerBusy(response) || error.retryAfterMs !== undefined) {
      const delayMs = error.retryAfterMs ?? UNNAMED_BUSY_MS;
      this.#server.close(error, delayMs);
      this.#options.observer?.throttled(error, delayMs);
    }
    throw suspendingIfLong(error);
  }

  #noteBusy(mailbox: Mailbox, error: SyncError): void {
    if (error.retryAfterMs === undefined && !isBusyCode(error.code)) return;
    const delayMs = error.retryAfterMs ?? UNNAMED_BUSY_MS;
    this.#budgetOf(mailbox).close(error, delayMs);
    this.#options.observer?.throttled(
      error,
      delayMs,
      ...(this.#isImpersonating ? [mailbox] : []),
    );
  }

  #headers(mailbox: Mailbox, requestId: string): Readonly<Record<string, string>> {
    return {
      "content-type": "text/xml; charset=utf-8",
      "accept": "text/xml",
      "user-agent": "reinfer-ews",
      "client-request-id": requestId,
      "return-client-request-id": "true",
      ...(this.#needsAnchor(mailbox) ? { "x-anchormailbox": mailbox.address } : {}),
    };
  }

  /**
   * Without an anchor a front end may answer 500 or 503, and slowly (impersonation-and-ews). An
   * address beyond ASCII cannot stand in a header field; the request works without.
   */
  #needsAnchor({ address }: Mailbox): boolean {
    return this.#isImpersonating && /^[\x21-\x7e]+$/.test(address);
  }

  get #isImpersonating(): boolean {
    return this.#options.accessType === "impersonation";
  }

  #budgetOf(mailbox: Mailbox): ThrottleGate {
    const key = this.#isImpersonating ? mailbox.address : "";
    const known = this.#budgets.get(key);
    if (known) return known;
    const gate = new ThrottleGate(this.#env, {
      inFlightMax: LIMITS.requestsInFlightMax,
      wider: this.#server,
    });
    this.#budgets.set(key, gate);
    return gate;
  }
}

function withSuspension(message: ResponseMessage): ResponseMessage {
  return message.error ? { ...message, error: suspendingIfLong(message.error) } : message;
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
