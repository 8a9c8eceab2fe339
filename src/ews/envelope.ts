import type { SchemaVersion } from "./schema_version.ts";
import { element, fragment, textElement, type Xml } from "./xml_writer.ts";

const NAMESPACES = {
  "xmlns:s": "http://schemas.xmlsoap.org/soap/envelope/",
  "xmlns:t": "http://schemas.microsoft.com/exchange/services/2006/types",
  "xmlns:m": "http://schemas.microsoft.com/exchange/services/2006/messages",
};

export interface EnvelopeHeader {
  readonly version: SchemaVersion;
  /** Address of the mailbox to impersonate; absent with delegate access. */
  readonly impersonate?: string | undefined;
}

/** A SOAP 1.1 request as text: `encodeEnvelope(...)` in UTF-8 is what goes over the wire. */
export function encodeEnvelope({ version, impersonate }: EnvelopeHeader, body: Xml): string {
  const header = fragment(
    element("t:RequestServerVersion", { Version: version }),
    impersonate === undefined ? fragment() : impersonation(impersonate),
  );
  const envelope = element(
    "s:Envelope",
    NAMESPACES,
    element("s:Header", {}, header),
    element("s:Body", {}, body),
  );
  return `<?xml version="1.0" encoding="utf-8"?>${envelope}`;
}

function impersonation(address: string): Xml {
  const sid = element("t:ConnectingSID", {}, textElement("t:SmtpAddress", address));
  return element("t:ExchangeImpersonation", {}, sid);
}
