import { SyncError } from "../core/errors.ts";
import { boundedDelayMs } from "../core/retry_after.ts";
import type { Reach } from "../source/failure_table.ts";
import { syncErrorOfCode, UNKNOWN_CODE } from "./response_codes.ts";
import type { XmlNode } from "./xml.ts";

/** One of `ResponseMessages`: the outcome of one thing that was asked for. */
export interface ResponseMessage {
  readonly node: XmlNode;
  /** Present unless the response code is `NoError`. */
  readonly error?: SyncError;
}

/** Requests as far as their answers are concerned: see `Operation`. */
interface Expectation {
  readonly name: string;
  readonly reach: Reach;
  readonly messagesExpected: number;
}

/**
 * Response messages of a SOAP answer, one for each thing asked for, in order. Throws the error of a
 * SOAP fault, and `retryable` errors for an answer that is not the expected one
 * (`ResponseCorrupt`) or lacks messages (`ResponseIncomplete`).
 */
export function responseMessagesOf(
  envelope: XmlNode,
  expected: Expectation,
): readonly ResponseMessage[] {
  if (envelope.name !== "Envelope") throw corrupt("The answer is not a SOAP envelope");
  const body = envelope.node("Body");
  const fault = body.optionalNode("Fault");
  if (fault) throw errorOfFault(fault, expected.reach);
  const response = body.node(`${expected.name}Response`);
  const messages = response.node("ResponseMessages").children;
  if (messages.length !== expected.messagesExpected) {
    throw new SyncError(
      "retryable",
      "ResponseIncomplete",
      `The answer has ${messages.length} of ${expected.messagesExpected} response messages`,
    );
  }
  return messages.map((node) => responseMessageOf(node, expected.reach));
}

/** The message's element, or its error thrown. */
export function successOf(message: ResponseMessage | undefined): XmlNode {
  if (!message) throw corrupt("The answer has no response message");
  if (message.error) throw message.error;
  return message.node;
}

function responseMessageOf(node: XmlNode, reach: Reach): ResponseMessage {
  const code = node.text("ResponseCode").trim();
  // A warning counts by its code too: ErrorBatchProcessingStopped is one.
  if (code === "NoError") return { node };
  const text = node.optionalText("MessageText") ?? "";
  const facts = factsOf(node.optionalNode("MessageXml"));
  return { node, error: syncErrorOfCode({ code, text, ...facts }, reach) };
}

function errorOfFault(fault: XmlNode, reach: Reach): SyncError {
  const detail = fault.optionalNode("detail");
  const faultCode = fault.optionalText("faultcode")?.trim().replace(/^.*:/, "");
  const code = detail?.optionalText("ResponseCode")?.trim() ?? faultCode ?? UNKNOWN_CODE;
  const text = detail?.optionalText("Message") ?? fault.optionalText("faultstring") ?? "";
  const facts = detail?.optionalNode("MessageXml");
  const said = [text, ...violationOf(facts)].join(" ");
  return syncErrorOfCode({ code, isFault: true, text: said, ...factsOf(facts) }, reach);
}

/** Where a request breaks the schema, as an `ErrorSchemaValidation` has it: for our own eyes. */
function violationOf(messageXml: XmlNode | undefined): readonly string[] {
  return ["LineNumber", "LinePosition", "Violation"].flatMap((name) => {
    const fact = messageXml?.optionalText(name)?.trim();
    return fact ? [`${name}: ${fact}.`] : [];
  });
}

/** `MessageXml` holds named values (EWS reference: Value element). */
function factsOf(messageXml: XmlNode | undefined) {
  const values = messageXml?.nodes("Value") ?? [];
  const named = (name: string) =>
    values.find((value) => value.optionalAttribute("Name") === name)?.content.trim();
  const backOffMs = named("BackOffMilliseconds");
  return {
    backOffMs: backOffMs && /^[0-9]{1,15}$/.test(backOffMs)
      ? boundedDelayMs(Number(backOffMs))
      : undefined,
    innerCode: named("InnerErrorResponseCode"),
  };
}

function corrupt(message: string): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", message);
}
