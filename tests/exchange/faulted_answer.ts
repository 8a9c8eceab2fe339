import { SoapFault } from "./ews/ews_errors.ts";
import type { ServerProduct } from "./ews/server_version.ts";
import { envelope, faultBody, operationAnswer } from "./ews/soap_envelope.ts";
import { escaped, textElement } from "./ews/xml_text.ts";
import type { Intercept, InterceptedRequest } from "./exchange_connection.ts";
import type { Fault, MessageFault, SoapFaultAnswer } from "./faults.ts";
import type { HttpAnswer } from "./http_server.ts";

/** What has to be known of a request to fail it as Exchange would. */
export type FailedRequest = Pick<InterceptedRequest, "operation" | "body">;

const PRODUCT: ServerProduct = "Exchange2019";
const XML = { "content-type": "text/xml; charset=utf-8" };

/** What the schema demands in the place of content, by operation. */
const EMPTY_CONTENT: Readonly<Record<string, string>> = {
  GetItem: "<m:Items/>",
  GetFolder: "<m:Folders/>",
  GetAttachment: "<m:Attachments/>",
  SyncFolderItems: "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
};

/**
 * The answer of a failing server to one request, over a socket or without. `next` is the answer it
 * would give otherwise, of which a failure of part of a batch keeps the rest.
 */
export async function faultedAnswer(
  fault: Fault,
  request: FailedRequest,
  next: () => HttpAnswer,
): Promise<HttpAnswer> {
  if (fault.place === "http") return fault;
  if (fault.place === "fault") return soap(500, [faultXml(fault)]);
  const { operation = "GetItem" } = request;
  if (fault.place === "messages") {
    const messages = Array.from({ length: askedIn(request) }, () => errorXml(operation, fault));
    return soap(200, operationAnswer(operation, messages));
  }
  const messages = messagesIn(operation, await textOf(next()));
  const failed = messages.map((message, index) => {
    if (fault.place === "item") return index === 0 ? errorXml(operation, fault) : message;
    return index === 0 ? message : stoppedXml(operation);
  });
  return soap(200, operationAnswer(operation, failed));
}

/** Makes a simulated server fail every request that is meant, by default all of them. */
export function interceptWith(
  fault: Fault,
  isMeant: (request: InterceptedRequest) => boolean = () => true,
): Intercept {
  return (request, next) => isMeant(request) ? faultedAnswer(fault, request, next) : next();
}

function soap(status: number, body: Parameters<typeof envelope>[1]): HttpAnswer {
  return { status, headers: XML, body: envelope(PRODUCT, body).join("") };
}

function faultXml({ code, message, values, violation = {} }: SoapFaultAnswer): string {
  const facts = Object.entries(violation).map(([name, text]) => textElement(`t:${name}`, text));
  return faultBody(new SoapFault(code, message), facts.join("") + valuesXml(values));
}

function errorXml(operation: string, { code, message, values }: MessageFault): string {
  const facts = valuesXml(values);
  return messageXml(operation, "Error", message, code, facts);
}

function stoppedXml(operation: string): string {
  const message = "The batch processing was stopped because of an error.";
  return messageXml(operation, "Warning", message, "ErrorBatchProcessingStopped", "");
}

function messageXml(
  operation: string,
  responseClass: "Error" | "Warning",
  message: string,
  code: string,
  facts: string,
): string {
  const element = `m:${operation}ResponseMessage`;
  return `<${element} ResponseClass="${responseClass}">${textElement("m:MessageText", message)}` +
    `${textElement("m:ResponseCode", code)}<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>` +
    `${facts && `<m:MessageXml>${facts}</m:MessageXml>`}` +
    `${EMPTY_CONTENT[operation] ?? ""}</${element}>`;
}

function valuesXml(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, text]) => `<t:Value Name="${name}">${escaped(text)}</t:Value>`).join("");
}

/** How many response messages a request gets: one for each thing asked for. */
function askedIn({ operation, body }: FailedRequest): number {
  if (operation === "SyncFolderItems") return 1;
  const asked = operation === "GetItem"
    ? /<(?:\w+:)?ItemId\s/g
    : operation === "GetAttachment"
    ? /<(?:\w+:)?AttachmentId\s/g
    : /<(?:\w+:)?(?:Distinguished)?FolderId\s/g;
  return Math.max(1, body.match(asked)?.length ?? 0);
}

function messagesIn(operation: string, text: string): readonly string[] {
  const element = `m:${operation}ResponseMessage`;
  return text.match(new RegExp(`<${element} [^]*?</${element}>`, "g")) ?? [];
}

/** The whole body of an answer. */
export async function textOf({ body }: HttpAnswer): Promise<string> {
  if (typeof body === "string") return body;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text;
}
