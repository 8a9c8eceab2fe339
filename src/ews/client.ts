import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { SourceObserver } from "../core/observer.ts";
import type { HttpResponse, HttpTransport } from "../http/transport.ts";
import { discardBody } from "../source/discard_body.ts";
import { observedRequest } from "../source/observed_request.ts";
import { type Answer, type RepeatOptions, sendRequest } from "../source/send_request.ts";
import { serverTimeOf } from "../source/server_time.ts";
import { suspendingIfLong } from "../source/suspending_if_long.ts";
import { ThrottleGate } from "../source/throttle_gate.ts";
import { documentsOf } from "./document_stream.ts";
import { errorOfStatus, isServerBusy, isSoapStatus } from "./http_status.ts";
import { type MimeReceiver, splitMime } from "./mime_splitter.ts";
import type { Affinity } from "./notifications/affinity.ts";
import type { Operation } from "./operation.ts";
import { RedirectedEndpoint } from "./redirected_endpoint.ts";
import { RequestSender } from "./request_sender.ts";
import { EWS_FAILURES, isBusyCode } from "./response_codes.ts";
import { type ResponseMessage, responseMessagesOf } from "./response_message.ts";
import { type SchemaVersion, SchemaVersions } from "./schema_version.ts";
import { parseXml } from "./xml.ts";

export interface EwsClientOptions {
  readonly transport: HttpTransport;
  /** Full EWS URL. */
  readonly endpoint: URL;
  readonly accessType: "delegate" | "impersonation";
  /** For requests whose answers go on for minutes; absent: the same. */
  readonly hanging?: HttpTransport;
  readonly env: Env;
  /** Absent: nobody watches. */
  readonly observer?: SourceObserver;
}

export interface AttemptOptions extends CallOptions {
  /** Takes the MIME content of the answer; without it MIME content is dropped. */
  readonly receive?: MimeReceiver;
  /** Where the request has to be answered; it learns from the answer. Absent: anywhere. */
  readonly affinity?: Affinity;
}

export interface HangOptions extends CallOptions {
  readonly affinity: Affinity;
  /** The longest time without a message, ms. */
  readonly silenceMsMax: number;
}

/** A busy answer without a delay of its own closes the gate for this long, ms. */
const UNNAMED_BUSY_MS = 5_000;

/**
 * Sends operations to one EWS endpoint, as SOAP 1.1 over any `HttpTransport`. It knows the schema
 * versions the server speaks and the throttling budgets it grants.
 */
export class EwsClient {
  readonly #options: EwsClientOptions;
  readonly #env: Env;
  readonly #endpoint: RedirectedEndpoint;
  readonly #hangingEndpoint: RedirectedEndpoint;
  readonly #sender: RequestSender;
  readonly #versions = new SchemaVersions();
  readonly #server: ThrottleGate;
  /** By mailbox with impersonation; one for all with delegate access. */
  readonly #budgets = new Map<string, ThrottleGate>();

  constructor(options: EwsClientOptions) {
    this.#options = options;
    this.#env = options.env;
    const { transport, hanging = transport, endpoint } = options;
    this.#endpoint = new RedirectedEndpoint(transport, endpoint);
    this.#hangingEndpoint = new RedirectedEndpoint(hanging, endpoint);
    this.#sender = new RequestSender(options.env, this.#isImpersonating);
    this.#server = new ThrottleGate(options.env, { inFlightMax: LIMITS.connectionsMax });
  }

  /**
   * Sends an operation until it is answered or hopeless, `LIMITS.retryBudgetMs` at most. Rejects
   * with a `SyncError` as the response code, the HTTP status or the transport has it.
   */
  async send<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    options: RepeatOptions<Operation<T>>,
  ): Promise<Answer<T>> {
    return await sendRequest(operation, {
      env: this.#env,
      failures: EWS_FAILURES,
      reach: operation.reach,
      attempt: (current) => this.attempt(mailbox, current, { signal: options.signal }),
    }, options);
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

  /**
   * Sends an operation whose answer goes on for minutes, once. Resolves when the answer has begun,
   * with what its messages say as they come. It waits at the gates and does not stay there: it would
   * keep others from passing. Rejects as `attempt` does, and the iteration as `documentsOf`; ending
   * the iteration closes the connection.
   */
  async hang<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    options: HangOptions,
  ): Promise<AsyncIterable<T>> {
    await this.#passGates(mailbox, () => Promise.resolve(), options);
    const version = this.#versions.versionFor(mailbox.address);
    const sending = { ...options, version, to: this.#hangingEndpoint };
    const { response, trace } = await this.#observed(
      operation,
      () => this.#sender.send(mailbox, operation, sending),
    );
    trace({});
    if (!isSoapStatus(response)) await this.#refuse(response);
    return this.#hanging(
      mailbox,
      operation,
      documentsOf(response.body, {
        ...options,
        clock: this.#env.clock,
      }),
    );
  }

  async *#hanging<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    documents: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<T> {
    for await (const document of documents) {
      const messages = responseMessagesOf(parseXml(document), operation).map(withSuspension);
      for (const { error } of messages) {
        // The limit of hanging connections is none of other requests.
        const isForeign = !error || error.code === "ErrorExceededConnectionCount";
        if (!isForeign) this.#noteBusy(mailbox, error);
      }
      yield operation.decode(messages);
    }
  }

  #throughGates<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    version: SchemaVersion,
    options: AttemptOptions,
  ): Promise<Answer<T>> {
    const exchange = () =>
      this.#observed(operation, () => this.#exchange(mailbox, operation, version, options));
    return this.#passGates(mailbox, exchange, options);
  }

  #passGates<T>(mailbox: Mailbox, action: () => Promise<T>, options: CallOptions): Promise<T> {
    return this.#budgetOf(mailbox).run(action, options);
  }

  #observed<T, R>({ name }: Operation<T>, action: () => Promise<R>): Promise<R> {
    const { clock } = this.#env;
    return observedRequest(name, { clock, observer: this.#options.observer }, action);
  }

  async #exchange<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    version: SchemaVersion,
    options: AttemptOptions,
  ): Promise<Answer<T>> {
    const { response, trace } = await this.#sender.send(mailbox, operation, {
      ...options,
      version,
      to: this.#endpoint,
    });
    try {
      const { skeleton, mimeBytes } = await this.#read(response, operation, options);
      const read = () => operation.decode(this.#messagesOf(skeleton, mailbox, operation));
      const value = operation.last ? operation.last.read(skeleton, read) : read();
      trace({ skeletonBytes: skeleton.length, mimeBytes });
      return {
        value,
        serverTime: serverTimeOf(response, this.#env.clock.now()),
      };
    } catch (error) {
      if (error instanceof SyncError) trace({ code: error.code });
      throw error;
    }
  }

  /** Reads a whole answer. */
  async #read<T>(
    response: HttpResponse,
    { contentElements }: Operation<T>,
    { receive }: AttemptOptions,
  ): Promise<{ readonly skeleton: Uint8Array; readonly mimeBytes: number }> {
    if (!isSoapStatus(response)) return await this.#refuse(response);
    let mimeBytes = 0;
    const skeleton = await splitMime(response.body, (index, bytes) => {
      mimeBytes += bytes.length;
      return receive?.(index, bytes);
    }, contentElements);
    return { skeleton, mimeBytes };
  }

  /** Whatever says that the server is busy closes the gate it concerns. */
  #messagesOf<T>(
    skeleton: Uint8Array,
    mailbox: Mailbox,
    operation: Operation<T>,
  ): readonly ResponseMessage[] {
    try {
      const messages = responseMessagesOf(parseXml(skeleton), operation).map(withSuspension);
      for (const { error } of messages) if (error) this.#noteBusy(mailbox, error);
      return messages;
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
