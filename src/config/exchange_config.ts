import { hostListOf } from "./allowed_hosts.ts";
import type { AuthConfig, ExchangeConfig, OauthConfig, OauthCredential } from "./app_config.ts";
import type { ConfiguredSecret } from "./configured_secret.ts";
import { endpointOf } from "./endpoint.ts";
import type { Secret } from "../core/secret.ts";
import { type ReadVariable, secretFileOf, variableOf } from "./environment.ts";
import { graphEndpointOf, warnOfGraph } from "./graph_config.ts";
import { quoted } from "./printable.ts";
import type { Findings } from "./problem.ts";
import { type ProxyConfig, proxyFor } from "./proxy.ts";
import type { ReadKeys } from "./read_keys.ts";
import type { CONFIG_KEYS } from "./schema.ts";
import type { Setting } from "./setting.ts";
import { isLoopback } from "./web_url.ts";

export type TopLevelKeys = ReadKeys<typeof CONFIG_KEYS>;

/** What the rules between keys (spec section 2) work on. */
interface Rule {
  readonly keys: TopLevelKeys;
  readonly findings: Findings;
  readonly graph: boolean;
  readonly authType: "ntlm" | "oauth2" | "basic";
  /** Of EWS or of Graph; absent where it is wrong. */
  readonly endpoint: URL | undefined;
}

/** The connection to Exchange as far as it is known. */
export interface ReadExchange {
  /** Defaults that depend on other keys, for `config show`. */
  readonly settings: readonly Setting[];
  /** Absent if there are problems. */
  readonly config?: ExchangeConfig;
}

/** Checks the rules between the top-level keys and puts the Exchange connection together. */
export function readExchange(
  keys: TopLevelKeys,
  env: ReadVariable,
  findings: Findings,
): ReadExchange {
  // Which other keys are needed is unknown while this one is wrong.
  if (findings.problems.some(({ at }) => at === "microsoft_api")) return { settings: [] };
  const graph = keys.values.microsoft_api === "graph";
  const authType = keys.values.auth_type ?? (graph ? "oauth2" : "ntlm");
  const endpoint = graph ? graphEndpointOf(keys) : readEndpoint(keys, findings);
  const rule: Rule = { keys, findings, graph, authType, endpoint };
  checkSignIn(rule);
  checkTransport(rule);
  if (!graph) checkExchangeOnline(rule);
  else if (endpoint) warnOfGraph(keys, endpoint, findings);
  checkAllowedHosts(rule, env);
  const auth = authOf(rule, env);
  const proxy = endpoint && proxyFor(endpoint, env, findings);
  return {
    settings: dependentDefaults(rule),
    ...(endpoint && auth ? { config: exchangeConfigOf({ keys, endpoint, auth, proxy }) } : {}),
  };
}

function exchangeConfigOf({ keys, endpoint, auth, proxy }: {
  readonly keys: TopLevelKeys;
  readonly endpoint: URL;
  readonly auth: AuthConfig;
  readonly proxy: ProxyConfig | undefined;
}): ExchangeConfig {
  const { microsoft_api, access_type, ews_ssl_verify, ews_ssl_ca_file, ews_ssl_ciphers } =
    keys.values;
  return {
    api: microsoft_api,
    endpoint,
    auth,
    accessType: access_type,
    tls: {
      verify: ews_ssl_verify,
      ...(ews_ssl_ca_file === undefined ? {} : { caFile: ews_ssl_ca_file }),
      ...(ews_ssl_ciphers === undefined ? {} : { ciphers: ews_ssl_ciphers }),
    },
    ...(proxy ? { proxy } : {}),
  };
}

function dependentDefaults(rule: Rule): readonly Setting[] {
  const { keys: { isGiven }, authType, graph, endpoint } = rule;
  const defaults = new Map<keyof typeof CONFIG_KEYS, string | undefined>([
    ["auth_type", authType],
    ["graph_endpoint", graph ? endpoint?.origin : undefined],
  ]);
  if (authType === "oauth2") defaults.set("auth_oauth_scope", scopeOf(rule));
  return [...defaults].flatMap(([key, value]): Setting[] =>
    isGiven(key) || value === undefined ? [] : [{ key, value: quoted(value), origin: "default" }]
  );
}

function readEndpoint({ values, isGiven }: TopLevelKeys, findings: Findings): URL | undefined {
  if (isGiven("ews_endpoint")) {
    for (const key of ["host", "port"] as const) {
      if (!isGiven(key)) continue;
      findings.warnings.push({ at: key, message: 'has no effect, as "ews_endpoint" wins' });
    }
    const url = values.ews_endpoint;
    if (url && !/\.asmx$/i.test(url.pathname)) {
      const message = 'does not end in ".asmx"; an EWS URL usually ends in /EWS/Exchange.asmx';
      findings.warnings.push({ at: "ews_endpoint", value: quoted(url.href), message });
    }
    return url;
  }
  if (!isGiven("host")) {
    const message = 'missing: give the full EWS URL here, or "host" and "port"';
    findings.problems.push({ at: "ews_endpoint", message });
    return undefined;
  }
  if (values.host === undefined || (isGiven("port") && values.port === undefined)) return undefined;
  const read = endpointOf(values.host, values.port);
  if ("url" in read) return read.url;
  findings.problems.push({ at: read.fault.key, message: read.fault.message });
  return undefined;
}

function checkSignIn(rule: Rule): void {
  const { keys, findings, graph, authType } = rule;
  if (graph && authType !== "oauth2") {
    const message = 'must be "oauth2" or absent, because "microsoft_api" is "graph"';
    findings.problems.push({ at: "auth_type", value: quoted(authType), message });
    return;
  }
  // Which keys are needed is unknown while the type itself is wrong.
  if (keys.isGiven("auth_type") && keys.values.auth_type === undefined) return;
  if (authType === "oauth2") return checkOauth(rule);
  requireKey(rule, "auth_user", "or in REINFER_EWS_AUTH_USER");
  requireKey(rule, "auth_password", "or in REINFER_EWS_AUTH_PASS");
}

function checkOauth(rule: Rule): void {
  const { keys: { isGiven, values }, findings } = rule;
  requireKey(rule, "auth_oauth_authority");
  requireKey(rule, "auth_oauth_client_id");
  const secret = isGiven("auth_oauth_client_secret");
  const key = isGiven("auth_oauth_client_credential_private_key");
  const thumbprint = isGiven("auth_oauth_client_credential_thumbprint");
  if (secret && (key || thumbprint)) {
    const message = "excludes auth_oauth_client_credential_private_key and …_thumbprint; " +
      "give either the secret or the certificate";
    findings.problems.push({ at: "auth_oauth_client_secret", value: "[secret]", message });
  } else if (thumbprint && !key) {
    requireKey(rule, "auth_oauth_client_credential_private_key");
  } else if (key && !thumbprint && !isWithCertificate(values)) {
    const elsewhere = "or put the certificate beside the private key";
    requireKey(rule, "auth_oauth_client_credential_thumbprint", elsewhere);
  } else if (!secret && !key) {
    const message = "missing: give it, or auth_oauth_client_credential_private_key and " +
      "auth_oauth_client_credential_thumbprint";
    findings.problems.push({ at: "auth_oauth_client_secret", message });
  }
}

/** A key that is not valid has been reported as that. */
function isWithCertificate(values: Rule["keys"]["values"]): boolean {
  const key = values.auth_oauth_client_credential_private_key;
  return key === undefined || key.reveal().includes("-----BEGIN CERTIFICATE-----");
}

function requireKey({ keys, findings, authType }: Rule, key: RequiredKey, elsewhere = ""): void {
  if (keys.isGiven(key)) return;
  const message = ["missing: needed to sign in with", authType, elsewhere && `(here ${elsewhere})`]
    .filter(Boolean).join(" ");
  findings.problems.push({ at: key, message });
}

type RequiredKey = Extract<keyof typeof CONFIG_KEYS, `auth_${string}`>;

/** The key that says where mail is read. */
function endpointKeyOf({ keys, graph }: Rule): keyof typeof CONFIG_KEYS {
  if (graph) return "graph_endpoint";
  return keys.isGiven("ews_endpoint") ? "ews_endpoint" : "host";
}

/** What travels unprotected, by the scheme and by choice. */
function checkTransport(rule: Rule): void {
  const { keys, findings, authType, endpoint } = rule;
  if (!keys.values.ews_ssl_verify) {
    const message =
      "THE CERTIFICATE OF THE EXCHANGE SERVER IS NOT VERIFIED: whoever controls the " +
      'network can read all mail; use "ews_ssl_ca_file" for a private certificate authority';
    findings.warnings.push({ at: "ews_ssl_verify", value: "false", message });
  }
  if (endpoint?.protocol === "http:" && keys.values.ews_ssl_ciphers !== undefined) {
    findings.warnings.push({ at: "ews_ssl_ciphers", message: "has no effect over http" });
  }
  if (endpoint?.protocol !== "http:" || isLoopback(endpoint)) return;
  const at = endpointKeyOf(rule);
  const value = quoted(endpoint.href);
  if (authType !== "ntlm") {
    const what = authType === "basic" ? "Basic sends the password itself" : "it gets the token";
    const message = `must be https: ${what} (http only to this machine)`;
    findings.problems.push({ at, value, message });
  } else {
    findings.warnings.push({ at, value, message: "mail is read over http, unencrypted" });
  }
}

/** Exchange Online, as its EWS endpoints are named in all clouds of Microsoft. */
const EXCHANGE_ONLINE_HOST =
  /^(?:outlook\.office365\.(?:com|us)|outlook\.office\.com|partner\.outlook\.cn|(?:webmail|outlook-dod)\.apps\.mil|outlook-dod\.office365\.us)$/;

/** EWS of Exchange Online is switched off for good on 1 April 2027 (facts/exchange-and-graph C.1). */
function checkExchangeOnline(rule: Rule): void {
  const { findings, authType, endpoint } = rule;
  if (!endpoint || !EXCHANGE_ONLINE_HOST.test(endpoint.hostname)) return;
  const at = endpointKeyOf(rule);
  const value = quoted(endpoint.hostname);
  const message = "Exchange Online ends EWS for good on 1 April 2027, and until then serves only " +
    "applications that are on the tenant's list (Set-OrganizationConfig -EwsEnabled:$true " +
    '-EwsAllowedAppIDs "CLIENT-ID"); move to Microsoft Graph ("microsoft_api": "graph") before';
  findings.warnings.push({ at, value, message });
  if (authType === "oauth2") return;
  const remedy = 'Exchange Online signs in with "oauth2" only';
  findings.warnings.push({ at: "auth_type", value: quoted(authType), message: remedy });
}

/** REINFER_EWS_ALLOWED_HOSTS: the only hosts that may receive credentials (spec section 1). */
function checkAllowedHosts(rule: Rule, env: ReadVariable): void {
  const { keys, findings, endpoint, authType } = rule;
  const variable = "REINFER_EWS_ALLOWED_HOSTS";
  const list = variableOf(env, variable);
  if (list === undefined) return;
  const allowed = hostListOf(list);
  if (!allowed) {
    const message = "must be host names or addresses between commas, without scheme and port";
    findings.problems.push({ at: variable, value: quoted(list), message });
    return;
  }
  const receivers: readonly [string, URL | undefined][] = [
    [endpointKeyOf(rule), endpoint],
    ["auth_oauth_authority", authType === "oauth2" ? keys.values.auth_oauth_authority : undefined],
  ];
  for (const [at, url] of receivers) {
    if (!url || allowed.has(url.hostname)) continue;
    const message = `this host is not among those of ${variable}: ${quoted(list)}`;
    findings.problems.push({ at, value: quoted(url.hostname), message });
  }
}

function authOf(rule: Rule, env: ReadVariable): AuthConfig | undefined {
  const { keys: { values }, authType } = rule;
  if (authType === "oauth2") return oauthOf(rule, env);
  const { auth_user: user } = values;
  const password = secretOf("auth_password", values.auth_password, env);
  return user === undefined || !password ? undefined : { type: authType, user, password };
}

function oauthOf(rule: Rule, env: ReadVariable): OauthConfig | undefined {
  const { auth_oauth_authority: authority, auth_oauth_client_id: clientId } = rule.keys.values;
  const scope = scopeOf(rule);
  const credential = credentialOf(rule, env);
  const proxy = authority && proxyFor(authority, env, rule.findings);
  if (!authority || clientId === undefined || scope === undefined || !credential) return undefined;
  const oauth = { type: "oauth2", authority, clientId, scope, credential } as const;
  return proxy ? { ...oauth, proxy } : oauth;
}

function credentialOf({ keys: { values } }: Rule, env: ReadVariable): OauthCredential | undefined {
  const secret = secretOf("auth_oauth_client_secret", values.auth_oauth_client_secret, env);
  if (secret) return { kind: "secret", secret };
  const name = "auth_oauth_client_credential_private_key";
  const privateKey = secretOf(name, values[name], env);
  const thumbprint = values.auth_oauth_client_credential_thumbprint;
  if (!privateKey) return undefined;
  return { kind: "certificate", privateKey, ...(thumbprint === undefined ? {} : { thumbprint }) };
}

function secretOf(
  key: keyof typeof CONFIG_KEYS,
  value: Secret | undefined,
  env: ReadVariable,
): ConfiguredSecret | undefined {
  const file = secretFileOf(key, env);
  return value && { value, ...(file === undefined ? {} : { file }) };
}

/** The default is the origin of what the token is for (spec section 2). */
function scopeOf({ keys, endpoint }: Rule): string | undefined {
  return keys.values.auth_oauth_scope ?? (endpoint && `${endpoint.origin}/.default`);
}
