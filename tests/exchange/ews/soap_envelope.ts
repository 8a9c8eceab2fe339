import type { AnswerPart } from "../answer_bytes.ts";
import type { SchemaViolation, SoapFault } from "./ews_errors.ts";
import { SERVER_PROFILES, type ServerProduct } from "./server_version.ts";
import { escaped, NAMESPACES, textElement } from "./xml_text.ts";

/** A whole answer around the content of its body. */
export function envelope(
  product: ServerProduct,
  body: readonly AnswerPart[],
): readonly AnswerPart[] {
  return [
    '<?xml version="1.0" encoding="utf-8"?>' +
    `<s:Envelope xmlns:s="${NAMESPACES.soap}"><s:Header>${versionInfo(product)}</s:Header>` +
    '<s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema">',
    ...body,
    "</s:Body></s:Envelope>",
  ];
}

/** The answer of an operation around its response messages. */
export function operationAnswer(
  operation: string,
  messages: readonly AnswerPart[],
): readonly AnswerPart[] {
  return [
    `<m:${operation}Response xmlns:m="${NAMESPACES.m}" xmlns:t="${NAMESPACES.t}">` +
    "<m:ResponseMessages>",
    ...messages,
    `</m:ResponseMessages></m:${operation}Response>`,
  ];
}

/**
 * A fault as Exchange words it: the code three times over, facts in `MessageXml`. `facts` are ready
 * elements; a violation brings its own.
 */
export function faultBody({ code, message, violation }: SoapFault, facts = ""): string {
  const text = violation ? `${message.replace(/\.$/, ":")} ${violation.message}` : message;
  return `<s:Fault><faultcode xmlns:a="${NAMESPACES.t}">a:${code}</faultcode>` +
    `<faultstring xml:lang="en-US">${escaped(text)}</faultstring><detail>` +
    `<e:ResponseCode xmlns:e="${NAMESPACES.e}">${code}</e:ResponseCode>` +
    `<e:Message xmlns:e="${NAMESPACES.e}">${escaped(message)}</e:Message>` +
    `${messageXml(violation ? violationFacts(violation) : facts)}</detail></s:Fault>`;
}

function violationFacts({ message, place }: SchemaViolation): string {
  return textElement("t:LineNumber", place.line) +
    textElement("t:LinePosition", place.position) + textElement("t:Violation", message);
}

function messageXml(facts: string): string {
  return facts && `<t:MessageXml xmlns:t="${NAMESPACES.t}">${facts}</t:MessageXml>`;
}

function versionInfo(product: ServerProduct): string {
  const { build: [major, minor, majorBuild, minorBuild], stated } = SERVER_PROFILES[product];
  return `<h:ServerVersionInfo MajorVersion="${major}" MinorVersion="${minor}" ` +
    `MajorBuildNumber="${majorBuild}" MinorBuildNumber="${minorBuild}" Version="${stated}" ` +
    `xmlns:h="${NAMESPACES.t}"/>`;
}
