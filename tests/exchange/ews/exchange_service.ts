import type { AccessRights, Account } from "../access_rights.ts";
import { answerBytes, type AnswerPart, type MimeObserver, type MimePart } from "../answer_bytes.ts";
import type { MailboxStore } from "../mailbox_store.ts";
import { Notifications } from "../notifications.ts";
import type { Call, CallNote, Operation, ResponseMessage } from "./call.ts";
import { EwsError, NotModelled, SchemaViolation, SoapFault } from "./ews_errors.ts";
import { findItem } from "./find_item.ts";
import { findFolder, getFolder } from "./folder_operations.ts";
import { getAttachment } from "./get_attachment.ts";
import { getItem } from "./get_item.ts";
import {
  getStreamingEvents,
  type StreamedMessage,
  subscribe,
  unsubscribe,
} from "./subscription_operations.ts";
import { SERVER_PROFILES, type ServerProduct } from "./server_version.ts";
import { envelope, faultBody, operationAnswer } from "./soap_envelope.ts";
import { readSoapRequest, type SoapRequest } from "./soap_request.ts";
import { syncFolderItems } from "./sync_folder_items.ts";
import { textElement } from "./xml_text.ts";

export interface ServiceOptions {
  readonly store: MailboxStore;
  readonly rights: AccessRights;
  readonly product: ServerProduct;
  /** Absent: those of nobody else. */
  readonly notifications?: Notifications;
  /** Told of every MIME content as it goes out. */
  readonly observeMime?: (part: MimePart) => MimeObserver;
}

export interface EwsRequest {
  /** HTTP header fields, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Who has signed in. */
  readonly account: Account;
}

export interface EwsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Whether every piece of the body is for the client as soon as it is there. */
  readonly isLive?: boolean;
  readonly record: CallRecord;
}

/** What a call was and how it ended, for the ledger. */
export interface CallRecord {
  /** Name of the operation; absent where the request could not be read that far. */
  readonly operation: string | undefined;
  /** Addresses of the mailboxes it asked for. */
  readonly mailboxes: readonly string[];
  readonly impersonated: string | undefined;
  /** Whether `X-AnchorMailbox` names the impersonated mailbox, as Microsoft asks for. */
  readonly anchor: "not needed" | "right" | "missing" | "wrong";
  /** Items or folders in the answer. */
  readonly items: number;
  /** `NoError` or an error for each response message; one for a fault. */
  readonly responseCodes: readonly string[];
}

export interface ExchangeService {
  handle(request: EwsRequest): EwsAnswer;
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [
    getFolder,
    findFolder,
    findItem,
    getItem,
    getAttachment,
    syncFolderItems,
    subscribe,
    unsubscribe,
  ].map((operation) => [operation.name, operation]),
);
const STREAMING = "GetStreamingEvents";
const XML_HEADERS = { "content-type": "text/xml; charset=utf-8", "cache-control": "private" };
const NOT_OBSERVED: MimeObserver = { chunk() {}, done() {} };

/**
 * Exchange Web Services over a store: request in, answer out, no socket anywhere. What Exchange
 * would refuse is refused as Exchange does; what is not modelled is HTTP 501, never an imitation.
 */
export function exchangeService(options: ServiceOptions): ExchangeService {
  const { store } = options;
  const notifications = options.notifications ?? new Notifications(store, () => new Date(0));
  return { handle: (request) => new HandledCall({ ...options, notifications }, request).answer() };
}

/** One request on its way to an answer. */
class HandledCall {
  readonly #options: ServiceOptions & { readonly notifications: Notifications };
  readonly #request: EwsRequest;
  readonly #note: CallNote = { mailboxes: new Set(), items: 0, responseCodes: [] };
  #soap: SoapRequest | undefined;

  constructor(
    options: ServiceOptions & { readonly notifications: Notifications },
    request: EwsRequest,
  ) {
    this.#options = options;
    this.#request = request;
  }

  answer(): EwsAnswer {
    try {
      const soap = this.#readSoap();
      if (soap.operation === STREAMING) return this.#streamed(soap);
      return this.#answered(200, this.#operationAnswer(soap));
    } catch (error) {
      if (error instanceof NotModelled) return this.#notModelled(error);
      const fault = faultOf(error);
      this.#note.responseCodes.push(fault.code);
      return this.#answered(500, [faultBody(fault)]);
    }
  }

  #readSoap(): SoapRequest {
    this.#soap = readSoapRequest(this.#request.body, this.#newest);
    return this.#soap;
  }

  get #newest() {
    return SERVER_PROFILES[this.#options.product].newest;
  }

  #callOf(soap: SoapRequest): Call {
    if (soap.versions.needsNewer) throw incorrectSchemaVersion();
    this.#checkImpersonation(soap.impersonated);
    const newest = this.#newest;
    return { ...this.#options, ...this.#request, ...soap, newest, note: this.#note };
  }

  /** An answer of many documents, each as soon as there is something to say. */
  #streamed(soap: SoapRequest): EwsAnswer {
    const connect = getStreamingEvents(soap.body);
    const messages = connect(this.#callOf(soap));
    this.#note.responseCodes.push("NoError");
    return {
      status: 200,
      headers: XML_HEADERS,
      body: this.#documents(messages),
      isLive: true,
      record: this.#record(),
    };
  }

  async *#documents(messages: AsyncIterable<StreamedMessage>): AsyncGenerator<Uint8Array> {
    for await (const { code, content } of messages) {
      const isError = code !== "NoError";
      const message = `<m:${STREAMING}ResponseMessage ` +
        `ResponseClass="${isError ? "Error" : "Success"}">` +
        (isError ? textElement("m:MessageText", `The server says ${code}.`) : "") +
        textElement("m:ResponseCode", code) +
        (isError ? "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>" : "") +
        `${content}</m:${STREAMING}ResponseMessage>`;
      const parts = envelope(this.#options.product, operationAnswer(STREAMING, [message]));
      yield new TextEncoder().encode(parts.join(""));
    }
  }

  #operationAnswer(soap: SoapRequest): readonly AnswerPart[] {
    const operation = OPERATIONS.get(soap.operation);
    if (!operation) throw new NotModelled(`Operation ${soap.operation}`);
    const messages = operation.read(soap.body);
    const call = this.#callOf(soap);
    return operationAnswer(
      operation.name,
      messages.flatMap((message) => responseMessage(operation.name, message, call)),
    );
  }

  #checkImpersonation(impersonated: string | undefined): void {
    if (impersonated === undefined) return;
    this.#note.mailboxes.add(impersonated);
    const { store, rights } = this.#options;
    if (!store.mailbox(impersonated)) {
      throw new SoapFault(
        "ErrorNonExistentMailbox",
        "The SMTP address has no mailbox associated with it.",
      );
    }
    if (!rights.mayImpersonate(this.#request.account, impersonated)) {
      throw new SoapFault(
        "ErrorImpersonateUserDenied",
        "The account does not have permission to impersonate the requested user.",
      );
    }
  }

  #answered(status: number, body: readonly AnswerPart[]): EwsAnswer {
    return {
      status,
      headers: { ...XML_HEADERS, ...this.#affinity() },
      body: answerBytes(
        envelope(this.#options.product, body),
        this.#options.observeMime ?? (() => NOT_OBSERVED),
      ),
      record: this.#record(),
    };
  }

  /** Whoever asks to meet the same server again is told which one it is. */
  #affinity(): Readonly<Record<string, string>> {
    const { headers } = this.#request;
    if (headers.get("x-preferserveraffinity") !== "true") return {};
    const { notifications } = this.#options;
    return { "set-cookie": notifications.cookieOf(notifications.serverOf(headers)) };
  }

  #notModelled({ message }: NotModelled): EwsAnswer {
    this.#note.responseCodes.push("NotModelled");
    return {
      status: 501,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: answerBytes(
        [`The simulated Exchange does not model this: ${message}`],
        () => NOT_OBSERVED,
      ),
      record: this.#record(),
    };
  }

  #record(): CallRecord {
    const impersonated = this.#soap?.impersonated;
    return {
      operation: this.#soap?.operation,
      mailboxes: [...this.#note.mailboxes],
      impersonated,
      anchor: anchorOf(impersonated, this.#request.headers),
      items: this.#note.items,
      responseCodes: this.#note.responseCodes,
    };
  }
}

function responseMessage(
  operation: string,
  message: ResponseMessage,
  call: Call,
): readonly AnswerPart[] {
  const element = `m:${operation}ResponseMessage`;
  try {
    const content = message.answer(call);
    call.note.responseCodes.push("NoError");
    return [
      `<${element} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>`,
      ...content,
      `</${element}>`,
    ];
  } catch (error) {
    if (!(error instanceof EwsError)) throw error;
    call.note.responseCodes.push(error.code);
    const messageXml = error.messageXml ? `<m:MessageXml>${error.messageXml}</m:MessageXml>` : "";
    return [
      `<${element} ResponseClass="Error">${textElement("m:MessageText", error.message)}` +
      `${textElement("m:ResponseCode", error.code)}` +
      `<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>${messageXml}` +
      `${message.emptyContent}</${element}>`,
    ];
  }
}

/** Faults and violations as the fault to send; anything else is a defect of the simulator. */
function faultOf(error: unknown): SoapFault {
  if (error instanceof SoapFault) return error;
  if (error instanceof SchemaViolation) {
    const message = "The request failed schema validation.";
    return new SoapFault("ErrorSchemaValidation", message, error);
  }
  // A whole request can be refused by what its body asks for before any message exists.
  if (error instanceof EwsError) return new SoapFault(error.code, error.message);
  throw error;
}

function incorrectSchemaVersion(): SoapFault {
  return new SoapFault(
    "ErrorIncorrectSchemaVersion",
    "The request is valid but does not specify the correct server version in the " +
      "RequestServerVersion SOAP header.  Ensure that the RequestServerVersion SOAP header is " +
      "set with the correct RequestServerVersionValue.",
  );
}

function anchorOf(impersonated: string | undefined, headers: ReadonlyMap<string, string>) {
  if (impersonated === undefined) return "not needed";
  const anchor = headers.get("x-anchormailbox");
  if (anchor === undefined) return "missing";
  // Who wants the server of a group names the group's anchor.
  if (headers.get("x-preferserveraffinity") === "true") return "right";
  return anchor.trim().toLowerCase() === impersonated ? "right" : "wrong";
}
