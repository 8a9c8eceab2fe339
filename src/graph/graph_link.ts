import { SyncError } from "../core/errors.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";

/** What our tokens begin with: tells them from the sync states of EWS. */
const TOKEN_PREFIX = "graph:";

/** Below the users of this version; key segments come with a slash or in parentheses (OData). */
const ALLOWED_PATH = /^\/v1\.0\/users[/(]/i;

/**
 * Path and query of a nextLink or deltaLink, which are all that is ever sent of it.
 *
 * Links come from the server, and whoever follows them sends the access token along.
 *
 * @throws SyncError of kind `mailbox`, code `LinkRefused`, for a link that leads to another origin or
 * out of `/v1.0/users/`.
 */
export function pathOfLink(link: string, endpoint: URL): string {
  const url = link.length <= GRAPH_LIMITS.linkCharactersMax && URL.canParse(link, endpoint.href)
    ? new URL(link, endpoint)
    : undefined;
  const isOurs = url?.origin === endpoint.origin && url.username === "" && url.password === "";
  if (!url || !isOurs || !ALLOWED_PATH.test(url.pathname)) throw linkRefused(url);
  return url.pathname + url.search;
}

/** The token under which a nextLink or deltaLink is kept; rejects as `pathOfLink` does. */
export function tokenOfLink(link: string, endpoint: URL): string {
  return TOKEN_PREFIX + pathOfLink(link, endpoint);
}

/**
 * Path and query behind a token of ours; refused like a link's, for states can be edited.
 *
 * @throws SyncError of kind `folder`, code `SyncStateInvalid`, for a token of another source.
 */
export function pathOfToken(token: string, endpoint: URL): string {
  if (token.startsWith(TOKEN_PREFIX)) return pathOfLink(token.slice(TOKEN_PREFIX.length), endpoint);
  throw new SyncError("folder", "SyncStateInvalid", "The sync state is not one of Graph");
}

function linkRefused(url: URL | undefined): SyncError {
  const shown = url ? `"${`${url.origin}${url.pathname}`.slice(0, 200)}"` : "no address";
  return new SyncError(
    "mailbox",
    "LinkRefused",
    `Graph's answer continues at ${shown}: refused for security, nothing was sent there`,
    {
      hint: "Check graph_endpoint and whoever answers there: the access token goes to no other " +
        "host than that one",
    },
  );
}
