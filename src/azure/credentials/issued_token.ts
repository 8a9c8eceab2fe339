import { SyncError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { numberInJson } from "../../http/number_in_json.ts";
import type { IssuedToken } from "../../http/token_cache.ts";

/**
 * The token in an answer: RFC 6749 section 5.1, and what managed identities and the Azure CLI make of
 * it, where numbers may be texts and the end a time (`expires_on`, seconds since 1970) instead of a
 * lifetime. Throws a `retryable` `SyncError` for anything else, which repeats nothing of it.
 */
export function issuedTokenOf(
  body: unknown,
  { address, now }: { readonly address: string; readonly now: Date },
): IssuedToken {
  const fields: Readonly<Record<string, unknown>> = typeof body === "object" ? { ...body } : {};
  const value = fields.access_token ?? fields.accessToken;
  const lifetimeMs = lifetimeMsOf(fields, now);
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value) || !(lifetimeMs > 0)) {
    throw new SyncError(
      "retryable",
      "AuthorityAnswerInvalid",
      `"${address}" gives no usable token`,
      { hint: "Check that no proxy or portal answers in its place" },
    );
  }
  const renewAfterMs = numberInJson(fields.refresh_in) * 1000;
  return {
    value: new Secret(value),
    lifetimeMs,
    ...(renewAfterMs > 0 ? { renewAfterMs } : {}),
  };
}

function lifetimeMsOf(fields: Readonly<Record<string, unknown>>, now: Date): number {
  const lifetimeS = numberInJson(fields.expires_in);
  if (lifetimeS > 0) return lifetimeS * 1000;
  const end = fields.expires_on ?? fields.expiresOn;
  // App Service has given dates in words; the Azure CLI gives local time without saying so.
  const endS = numberInJson(end);
  const endMs = endS > 0 ? endS * 1000 : Date.parse(typeof end === "string" ? end : "");
  return endMs - now.getTime();
}

/** The object id (`oid`) of whoever a token is for, unverified; nothing if it does not tell. */
export function principalOf(token: Secret): string | undefined {
  const [, claims = ""] = token.reveal().split(".");
  try {
    const bytes = Uint8Array.fromBase64(claims, { alphabet: "base64url" });
    const { oid } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof oid === "string" && /^[0-9a-f-]{36}$/i.test(oid) ? oid : undefined;
  } catch {
    // A token is opaque to its client; one that is no JWT tells nothing.
    return undefined;
  }
}
