/**
 * The field that tells a front end by which mailbox to find the server. Without it one may answer 500
 * or 503, and slowly (impersonation-and-ews). An address beyond ASCII cannot stand in a header field;
 * the request works without.
 */
export function anchorHeaders(address: string): Readonly<Record<string, string>> {
  return /^[\x21-\x7e]+$/.test(address) ? { "x-anchormailbox": address } : {};
}
