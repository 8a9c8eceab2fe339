import { escaped, NAMESPACES } from "./xml_text.ts";

/** Requests as a well-behaved client writes them, for tests of the service. */
export interface EnvelopeOptions {
  /** Absent: no `RequestServerVersion`. */
  readonly version?: string;
  readonly impersonate?: string;
  /** Further header elements, ready. */
  readonly header?: string;
}

/** A whole request around the content of its body. */
export function envelopeOf(
  body: string,
  { version = "Exchange2013_SP1", impersonate, header = "" }: EnvelopeOptions = {},
): string {
  const impersonation = impersonate === undefined
    ? ""
    : "<t:ExchangeImpersonation><t:ConnectingSID>" +
      `<t:SmtpAddress>${escaped(impersonate)}</t:SmtpAddress>` +
      "</t:ConnectingSID></t:ExchangeImpersonation>";
  return '<?xml version="1.0" encoding="utf-8"?>' +
    `<s:Envelope xmlns:s="${NAMESPACES.soap}" xmlns:t="${NAMESPACES.t}" ` +
    `xmlns:m="${NAMESPACES.m}"><s:Header><t:RequestServerVersion Version="${version}"/>` +
    `${header}${impersonation}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

export const folderId = (id: string) => `<t:FolderId Id="${id}"/>`;

/** A folder by its role, in another's mailbox if an address is given. */
export function distinguished(role: string, mailbox?: string): string {
  const owner = mailbox === undefined
    ? ""
    : `<t:Mailbox><t:EmailAddress>${mailbox}</t:EmailAddress></t:Mailbox>`;
  return `<t:DistinguishedFolderId Id="${role}">${owner}</t:DistinguishedFolderId>`;
}

export function properties(...uris: readonly string[]): string {
  const fields = uris.map((uri) => uri.startsWith("<") ? uri : `<t:FieldURI FieldURI="${uri}"/>`);
  return `<t:AdditionalProperties>${fields.join("")}</t:AdditionalProperties>`;
}

export const SEARCH_KEY = '<t:ExtendedFieldURI PropertyTag="0x300B" PropertyType="Binary"/>';
export const HIDDEN = '<t:ExtendedFieldURI PropertyTag="0x10F4" PropertyType="Boolean"/>';

export function getFolder(folders: string, shape = ""): string {
  return `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>${shape}</m:FolderShape>` +
    `<m:FolderIds>${folders}</m:FolderIds></m:GetFolder>`;
}

export function findFolder(parent: string, shape = "", view = ""): string {
  return '<m:FindFolder Traversal="Deep"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>' +
    `${shape}</m:FolderShape>${view}` +
    `<m:ParentFolderIds>${parent}</m:ParentFolderIds></m:FindFolder>`;
}

/** Subscribe to everything that arrives, in some folders or in all. */
export function subscribe(folders = ""): string {
  const where = folders ? `<t:FolderIds>${folders}</t:FolderIds>` : "";
  const all = folders ? "" : ' SubscribeToAllFolders="true"';
  return `<m:Subscribe><m:StreamingSubscriptionRequest${all}>${where}<t:EventTypes>` +
    "<t:EventType>NewMailEvent</t:EventType><t:EventType>CreatedEvent</t:EventType>" +
    "<t:EventType>MovedEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest>" +
    "</m:Subscribe>";
}

export function unsubscribe(subscriptionId: string): string {
  return `<m:Unsubscribe><m:SubscriptionId>${subscriptionId}</m:SubscriptionId></m:Unsubscribe>`;
}

export function getStreamingEvents(...subscriptionIds: readonly string[]): string {
  const ids = subscriptionIds.map((id) => `<t:SubscriptionId>${id}</t:SubscriptionId>`).join("");
  return `<m:GetStreamingEvents><m:SubscriptionIds>${ids}</m:SubscriptionIds>` +
    "<m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>";
}

export interface SyncParts {
  readonly syncState?: string;
  readonly ignore?: readonly string[];
  readonly max?: number | string;
}

export function syncFolderItems(folder: string, parts: SyncParts = {}): string {
  const state = parts.syncState === undefined
    ? ""
    : `<m:SyncState>${parts.syncState}</m:SyncState>`;
  const ignored = parts.ignore ? `<m:Ignore>${itemIds(parts.ignore)}</m:Ignore>` : "";
  return "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>" +
    `<m:SyncFolderId>${folder}</m:SyncFolderId>${state}${ignored}` +
    `<m:MaxChangesReturned>${parts.max ?? 512}</m:MaxChangesReturned></m:SyncFolderItems>`;
}

export interface FindParts {
  readonly view?: string;
  readonly restriction?: string;
  readonly order?: string;
  readonly shape?: string;
}

export function findItem(folder: string, parts: FindParts = {}): string {
  const restriction = parts.restriction
    ? `<m:Restriction>${parts.restriction}</m:Restriction>`
    : "";
  return '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>' +
    `${parts.shape ?? ""}</m:ItemShape>${parts.view ?? ""}${restriction}${parts.order ?? ""}` +
    `<m:ParentFolderIds>${folder}</m:ParentFolderIds></m:FindItem>`;
}

export function pageView(offset: number, max: number, base = "Beginning"): string {
  return `<m:IndexedPageItemView MaxEntriesReturned="${max}" Offset="${offset}" ` +
    `BasePoint="${base}"/>`;
}

export function sortedBy(uri: string, direction = "Ascending"): string {
  return `<m:SortOrder><t:FieldOrder Order="${direction}"><t:FieldURI FieldURI="${uri}"/>` +
    "</t:FieldOrder></m:SortOrder>";
}

/** A comparison such as `IsLessThan` of a property with a constant. */
export function comparison(name: string, uri: string, constant: string): string {
  return `<t:${name}><t:FieldURI FieldURI="${uri}"/><t:FieldURIOrConstant>` +
    `<t:Constant Value="${constant}"/></t:FieldURIOrConstant></t:${name}>`;
}

export function getItem(ids: readonly string[], shape = "", mime = false): string {
  const content = mime ? "<t:IncludeMimeContent>true</t:IncludeMimeContent>" : "";
  return "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>" +
    `${content}${shape}</m:ItemShape><m:ItemIds>${itemIds(ids)}</m:ItemIds></m:GetItem>`;
}

/** Asks for attachments; with `mime` for the MIME content of those that are emails. */
export function getAttachment(ids: readonly string[], mime = false): string {
  const shape = mime
    ? "<m:AttachmentShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:AttachmentShape>"
    : "";
  const asked = ids.map((id) => `<t:AttachmentId Id="${id}"/>`).join("");
  return `<m:GetAttachment>${shape}<m:AttachmentIds>${asked}</m:AttachmentIds></m:GetAttachment>`;
}

function itemIds(ids: readonly string[]): string {
  return ids.map((id) => `<t:ItemId Id="${id}"/>`).join("");
}
