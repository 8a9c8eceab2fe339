import { SyncError } from "../core/errors.ts";

/** Where the platform's API is. */
export interface PlatformEndpoint {
  /** Without `/api`; ends in a slash. */
  readonly base: URL;
  /** Prefix of the private paths, relative to `base`: no slash at either end, e.g. `api/_private`. */
  readonly prefix: string;
}

/** Default of `--reinfer-api-prefix`. */
const DEFAULT_PRIVATE_PREFIX = "/api/_private";

/**
 * Reads `--reinfer-api-endpoint` in both styles (`https://<mydomain>.reinfer.io/api/`,
 * `https://cloud.uipath.com/<org>/<tenant>/reinfer_`), with or without `/api` and final slashes.
 *
 * @throws SyncError of kind `fatal`: code `PlatformEndpointInvalid` for what is no such URL,
 *   `PlatformUnencrypted` for http to another machine.
 */
export function platformEndpointOf(
  url: string,
  prefix: string = DEFAULT_PRIVATE_PREFIX,
): PlatformEndpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw endpointInvalid("it is no http or https URL");
  }
  if (parsed.username || parsed.password) throw endpointInvalid("it holds a user or a password");
  if (parsed.search || parsed.hash) throw endpointInvalid("it holds a query or a fragment");
  if (parsed.protocol === "http:" && !isThisMachine(parsed.hostname)) throw unencrypted(parsed);
  const path = parsed.pathname.replace(/\/+$/, "").replace(/\/api$/, "");
  return { base: new URL(`${path}/`, parsed.origin), prefix: prefixOf(prefix) };
}

function prefixOf(prefix: string): string {
  const segments = prefix.split("/").filter((segment) => segment !== "");
  const isUsable = segments.every((segment) =>
    /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.\.?$/.test(segment)
  );
  if (!isUsable) {
    throw new SyncError("fatal", "PlatformEndpointInvalid", "The API prefix is no path", {
      hint: `Give \`--reinfer-api-prefix\` a path such as ${DEFAULT_PRIVATE_PREFIX}`,
    });
  }
  return segments.join("/");
}

function endpointInvalid(reason: string): SyncError {
  return new SyncError("fatal", "PlatformEndpointInvalid", `API endpoint is unusable: ${reason}`, {
    hint: "Let `--reinfer-api-endpoint` be https://<mydomain>.reinfer.io/api/ or " +
      "https://cloud.uipath.com/<org>/<tenant>/reinfer_",
  });
}

function unencrypted({ host }: URL): SyncError {
  const message = `Nothing was sent to "${host}": the API token would travel unencrypted over http`;
  return new SyncError("fatal", "PlatformUnencrypted", message, {
    hint: "Let `--reinfer-api-endpoint` begin with https://",
  });
}

function isThisMachine(hostname: string): boolean {
  return /^(?:localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])$/.test(hostname);
}
