import { quoted } from "./printable.ts";
import type { Findings } from "./problem.ts";
import type { ReadKeys } from "./read_keys.ts";
import type { CONFIG_KEYS } from "./schema.ts";
import { webUrlOf } from "./web_url.ts";

type Keys = ReadKeys<typeof CONFIG_KEYS>;

const DEFAULT_ENDPOINT = new URL("https://graph.microsoft.com");

/** A cloud of Microsoft: where its Graph is, and who issues its tokens. */
interface Cloud {
  readonly graphHosts: readonly string[];
  readonly authorityHosts: readonly string[];
}

/** Microsoft Graph documentation: National cloud deployments. */
const CLOUDS: readonly Cloud[] = [
  {
    graphHosts: ["graph.microsoft.com"],
    authorityHosts: ["login.microsoftonline.com", "login.microsoft.com", "login.windows.net"],
  },
  {
    graphHosts: ["graph.microsoft.us", "dod-graph.microsoft.us"],
    authorityHosts: ["login.microsoftonline.us"],
  },
  {
    graphHosts: ["microsoftgraph.chinacloudapi.cn"],
    authorityHosts: ["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
  },
];

/** Keys of EWS, which stay in a config file when it changes over to Graph. */
const EWS_KEYS = ["ews_endpoint", "host", "port", "access_type"] as const;

/** The origin of Microsoft Graph that a configuration names; undefined where it is wrong. */
export function graphEndpointOf({ values, isGiven }: Keys): URL | undefined {
  if (!isGiven("graph_endpoint")) return DEFAULT_ENDPOINT;
  return values.graph_endpoint && new URL(values.graph_endpoint.origin);
}

/** What deserves a word about a configuration for Graph at `endpoint`. */
export function warnOfGraph(keys: Keys, endpoint: URL, { warnings }: Findings): void {
  const { values, isGiven } = keys;
  for (const at of EWS_KEYS) {
    if (!isGiven(at)) continue;
    warnings.push({ at, message: 'has no effect, as "microsoft_api" is "graph"' });
  }
  const given = values.graph_endpoint;
  if (given && given.pathname !== "/") {
    const message = `only the origin counts, ${endpoint.origin}; the version is added to it`;
    warnings.push({ at: "graph_endpoint", value: quoted(given.href), message });
  }
  if (values.notifications === "streaming") {
    const message =
      "Microsoft Graph tells only public endpoints of new mail; mailboxes are polled " +
      "more often where mail comes often";
    warnings.push({ at: "notifications", value: quoted("streaming"), message });
  }
  warnOfScope(keys, endpoint, warnings);
  warnOfCloud(keys, endpoint, warnings);
}

/** A scope that was set for EWS gives tokens that Graph refuses. */
function warnOfScope(
  { values: { auth_oauth_scope: scope } }: Keys,
  endpoint: URL,
  warnings: Findings["warnings"],
): void {
  const resource = scope === undefined ? undefined : webUrlOf(scope);
  if (!resource || resource.origin === endpoint.origin) return;
  // A gateway in front of Graph takes Graph's own tokens.
  if (cloudOfGraph(resource) && !cloudOfGraph(endpoint)) return;
  const message =
    `is for tokens of ${resource.origin}, which Microsoft Graph refuses; remove it, ` +
    `or give "${endpoint.origin}/.default"`;
  warnings.push({ at: "auth_oauth_scope", value: quoted(resource.href), message });
}

function warnOfCloud(
  { values: { auth_oauth_authority: authority } }: Keys,
  endpoint: URL,
  warnings: Findings["warnings"],
): void {
  const issues = CLOUDS.find((cloud) => cloud.authorityHosts.includes(authority?.hostname ?? ""));
  const serves = cloudOfGraph(endpoint);
  if (!issues || !serves || issues === serves) return;
  const meant = issues.graphHosts.map((host) => `"https://${host}"`).join(" or ");
  const message = `auth_oauth_authority is in another cloud of Microsoft, whose Graph is ${meant}`;
  warnings.push({ at: "graph_endpoint", value: quoted(endpoint.origin), message });
}

function cloudOfGraph({ hostname }: URL): Cloud | undefined {
  return CLOUDS.find(({ graphHosts }) => graphHosts.includes(hostname));
}
