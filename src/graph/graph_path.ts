import type { Mailbox } from "../core/mailbox.ts";

/** Query options of a request; absent ones are left out. */
export type GraphQuery = Readonly<Record<string, string | undefined>>;

/** Path and query of a request about a mailbox, below the endpoint: `/v1.0/users/…`. */
export function graphPath(
  { address }: Mailbox,
  segments: readonly string[],
  query: GraphQuery = {},
): string {
  const path = ["v1.0", "users", address, ...segments].map((segment) => `/${encoded(segment)}`);
  const options = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encoded(value)}`]
  );
  return path.join("") + (options.length === 0 ? "" : `?${options.join("&")}`);
}

/** The literal of a time in `$filter` (OData, dateTimeOffsetValue). */
export function timeLiteral(time: Date): string {
  return time.toISOString();
}

/** As `encodeURIComponent`, quotes included: OData reads those. What OData writes bare stays bare. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("'", "%27").replaceAll("%24", "$").replaceAll(
    "%2C",
    ",",
  );
}
