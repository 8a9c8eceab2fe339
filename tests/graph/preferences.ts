import type { WantedBody } from "../exchange/mime_body.ts";
import type { ItemIdType } from "../exchange/simulated_mailbox.ts";

/** What the `Prefer` fields of a request ask for (RFC 7240); what is not known is ignored. */
export interface Preferences {
  readonly idType: ItemIdType;
  /** `odata.maxpagesize`. */
  readonly pageSize: number | undefined;
  readonly body: WantedBody;
}

export function preferencesIn(headers: ReadonlyMap<string, string>): Preferences {
  const field = headers.get("prefer") ?? "";
  const size = Number(/\bodata\.maxpagesize\s*=\s*"?(\d+)/i.exec(field)?.[1] ?? 0);
  return {
    idType: /\bIdType\s*=\s*"?ImmutableId\b/i.test(field) ? "immutable" : "regular",
    pageSize: size > 0 ? size : undefined,
    body: /\boutlook\.body-content-type\s*=\s*"?text\b/i.test(field) ? "Text" : "HTML",
  };
}

/** Value of `Preference-Applied`; empty where nothing was asked for. */
export function appliedPreferences({ idType, pageSize, body }: Preferences): string {
  return [
    ...(idType === "immutable" ? ['IdType="ImmutableId"'] : []),
    ...(pageSize === undefined ? [] : [`odata.maxpagesize=${pageSize}`]),
    ...(body === "Text" ? ['outlook.body-content-type="text"'] : []),
  ].join(", ");
}
