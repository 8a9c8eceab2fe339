const NAMESPACES = 'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" ' +
  'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"';

/** A SOAP envelope around a body. */
export function soap(body: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>` +
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>` +
    `<h:ServerVersionInfo MajorVersion="15" Version="V2018_01_08" ` +
    `xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types"/></s:Header>` +
    `<s:Body>${body}</s:Body></s:Envelope>`;
}

/** An answer to `operation` with these response messages. */
export function answer(operation: string, ...messages: readonly string[]): string {
  return soap(
    `<m:${operation}Response ${NAMESPACES}><m:ResponseMessages>${messages.join("")}` +
      `</m:ResponseMessages></m:${operation}Response>`,
  );
}

export function success(operation: string, content: string): string {
  return `<m:${operation}ResponseMessage ResponseClass="Success">` +
    `<m:ResponseCode>NoError</m:ResponseCode>${content}</m:${operation}ResponseMessage>`;
}

export function failure(operation: string, code: string, messageXml = ""): string {
  return `<m:${operation}ResponseMessage ResponseClass="Error">` +
    `<m:MessageText>It failed.</m:MessageText><m:ResponseCode>${code}</m:ResponseCode>` +
    `<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>${messageXml}<m:Items/>` +
    `</m:${operation}ResponseMessage>`;
}

export function backOff(ms: number): string {
  return `<m:MessageXml><t:Value Name="BackOffMilliseconds">${ms}</t:Value></m:MessageXml>`;
}

/** A SOAP fault, to be sent with status 500. */
export function fault(code: string, backOffMs?: number): string {
  const values = backOffMs === undefined
    ? ""
    : `<t:MessageXml xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">` +
      `<t:Value Name="BackOffMilliseconds">${backOffMs}</t:Value></t:MessageXml>`;
  return soap(
    `<s:Fault><faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">` +
      `a:${code}</faultcode><faultstring xml:lang="en-US">No.</faultstring><detail>` +
      `<e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">` +
      `${code}</e:ResponseCode><e:Message ` +
      `xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">No.</e:Message>` +
      `${values}</detail></s:Fault>`,
  );
}

/** A GetItem response message with MIME content. */
export function contentMessage(itemId: string, mime: string | Uint8Array): string {
  const bytes = typeof mime === "string" ? new TextEncoder().encode(mime) : mime;
  return success(
    "GetItem",
    `<m:Items><t:Message><t:MimeContent CharacterSet="UTF-8">${bytes.toBase64()}` +
      `</t:MimeContent><t:ItemId Id="${itemId}" ChangeKey="CQ=="/></t:Message></m:Items>`,
  );
}

/** Ids in the ItemIds of a GetItem request. */
export function idsAskedFor(request: string): readonly string[] {
  return [...request.matchAll(/<t:ItemId Id="([^"]*)"/g)].map((match) => match[1]!);
}
