import type { Secret } from "../../core/secret.ts";

const ROLES_MAX = 20;

/**
 * The application permissions that an access token says it carries (claim `roles` of Microsoft
 * Entra ID), in printable ASCII. Undefined for a token that cannot be read: nothing relies on it,
 * for only the server it is meant for can verify it.
 */
export function rolesOfToken(token: Secret): readonly string[] | undefined {
  const [, payload] = token.reveal().split(".");
  if (payload === undefined) return undefined;
  let claims: unknown;
  try {
    const bytes = Uint8Array.fromBase64(payload, { alphabet: "base64url" });
    claims = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // an opaque token
  }
  if (typeof claims !== "object" || claims === null) return undefined;
  const roles: unknown = "roles" in claims ? claims.roles : [];
  if (!Array.isArray(roles)) return undefined;
  return roles.filter((role) => typeof role === "string" && /^[A-Za-z0-9._-]{1,100}$/.test(role))
    .slice(0, ROLES_MAX);
}
