import { SyncError } from "../core/errors.ts";

/** What people copy from portals together with the authority: version and endpoints. */
const ENDPOINT =
  /\/(?:v2\.0|oauth2(?:\/v2\.0)?(?:\/(?:token|authorize))?|(?:v2\.0\/)?\.well-known\/openid-configuration)$/i;
/** These stand for any tenant, and a client that signs in for itself belongs to one. */
const NO_TENANT = /^\/(?:common|organizations|consumers)$/i;

/**
 * The authority a configured URL means, as `https://HOST/TENANT/`: with or without slashes at its
 * end, with or without `/v2.0` or an endpoint. AD FS is `https://HOST/adfs/`.
 *
 * @throws SyncError of kind `fatal`, code `OauthAuthorityInvalid`.
 */
export function authorityOf(configured: URL): URL {
  const path = withoutSlashes(withoutSlashes(configured.pathname).replace(ENDPOINT, ""));
  if (configured.protocol !== "https:") throw invalid("it is not https");
  if (path === "") throw invalid("it names no tenant");
  if (NO_TENANT.test(path)) throw invalid(`"${path.slice(1)}" is no tenant`);
  return new URL(`${path}/`, configured.origin);
}

function withoutSlashes(path: string): string {
  return path.replace(/\/+$/, "");
}

function invalid(reason: string): SyncError {
  return new SyncError(
    "fatal",
    "OauthAuthorityInvalid",
    `The OAuth authority cannot be used: ${reason}`,
    { hint: "Set `auth_oauth_authority` to https://login.microsoftonline.com/TENANT, or alike" },
  );
}
