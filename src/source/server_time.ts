import type { HttpResponse } from "../http/transport.ts";

/** The server's own clock (HTTP `Date`); `now` where a proxy took that away. */
export function serverTimeOf({ headers }: Pick<HttpResponse, "headers">, now: Date): Date {
  const date = new Date(headers.get("date") ?? "");
  return Number.isNaN(date.getTime()) ? now : date;
}
