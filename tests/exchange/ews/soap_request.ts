import { ContentReader, type QName, VersionGate } from "./content_reader.ts";
import { NotModelled, SchemaViolation, SoapFault } from "./ews_errors.ts";
import type { DatePrecision } from "./item_properties.ts";
import { isNewer, isSchemaVersion, type SchemaVersion } from "./server_version.ts";
import { NAMESPACES } from "./xml_text.ts";
import { parseXml, type XmlElement, XmlNotWellFormed } from "./xml_tree.ts";

/** A request taken out of its envelope; the body is not read yet. */
export interface SoapRequest {
  readonly requested: SchemaVersion;
  /** Address of the mailbox to act as. */
  readonly impersonated: string | undefined;
  readonly precision: DatePrecision;
  readonly operation: string;
  readonly body: ContentReader;
  readonly versions: VersionGate;
}

const IDENTITIES: readonly QName[] = [
  "t:PrincipalName",
  "t:SID",
  "t:PrimarySmtpAddress",
  "t:SmtpAddress",
];

/**
 * Takes a request out of its envelope. Throws `SoapFault` for a version the server does not know and
 * `SchemaViolation` for what is no EWS request at all.
 */
export function readSoapRequest(text: string, newest: SchemaVersion): SoapRequest {
  const root = parsed(text);
  if (root.namespace !== NAMESPACES.soap || root.name !== "Envelope") {
    throw new SchemaViolation("The root element is not a SOAP 1.1 envelope.", root.place);
  }
  const headers = soapChild(root, "Header")?.children ?? [];
  const requested = requestedVersion(headers, newest);
  const versions = new VersionGate({ requested, newest });
  const operation = soapChild(root, "Body")?.children ?? [];
  const [body] = operation;
  if (!body || operation.length > 1 || body.namespace !== NAMESPACES.m) {
    throw new SchemaViolation("The body must hold one EWS request.", root.place);
  }
  return {
    requested,
    impersonated: impersonatedAddress(header(headers, "ExchangeImpersonation"), versions),
    precision: precisionOf(header(headers, "DateTimePrecision"), versions),
    operation: body.name,
    body: new ContentReader(body, versions),
    versions,
  };
}

function parsed(text: string): XmlElement {
  try {
    return parseXml(text);
  } catch (error) {
    if (error instanceof XmlNotWellFormed) throw new SchemaViolation(error.message, error.place);
    throw error;
  }
}

function soapChild(root: XmlElement, name: string): XmlElement | undefined {
  return root.children.find((child) => child.namespace === NAMESPACES.soap && child.name === name);
}

function header(headers: readonly XmlElement[], name: string): XmlElement | undefined {
  return headers.find((element) => element.namespace === NAMESPACES.t && element.name === name);
}

/** Without the header, a request is one of the first release of Exchange 2007. */
function requestedVersion(headers: readonly XmlElement[], newest: SchemaVersion): SchemaVersion {
  const stated = header(headers, "RequestServerVersion");
  if (!stated) return "Exchange2007";
  const version = stated.attributes.get("Version") ?? "";
  if (!isSchemaVersion(version) || isNewer(version, newest)) {
    throw new SoapFault("ErrorInvalidServerVersion", "The specified server version is invalid.");
  }
  return version;
}

function impersonatedAddress(
  element: XmlElement | undefined,
  versions: VersionGate,
): string | undefined {
  if (!element) return undefined;
  const reader = new ContentReader(element, versions);
  const connecting = reader.required("t:ConnectingSID");
  const identity = connecting.oneOf(IDENTITIES);
  const address = identity.text();
  connecting.end();
  reader.end();
  if (!identity.name.endsWith("SmtpAddress")) {
    throw new NotModelled(`Impersonation by ${identity.name}`);
  }
  return address.toLowerCase();
}

/** Servers before 2013 do not know this header and pass over it. */
function precisionOf(element: XmlElement | undefined, versions: VersionGate): DatePrecision {
  if (!element || !versions.allows("Exchange2013")) return "Seconds";
  return new ContentReader(element, versions)
    .enumerated(["Seconds", "Milliseconds"], "DateTimePrecisionType");
}
