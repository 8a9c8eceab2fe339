import type { AuthConfig, ExchangeConfig } from "../config/app_config.ts";
import type { ConfiguredSecret } from "../config/configured_secret.ts";
import type { Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { createBasicTransport } from "../http/basic_transport.ts";
import type { ConnectionPoolOptions, PooledTransport } from "../http/connection_pool.ts";
import type { CredentialGate } from "../http/credential_gate.ts";
import type { TlsTrust } from "../http/dial.ts";
import { createNtlmTransport } from "../http/ntlm_transport.ts";
import { createOauthTransport } from "../http/oauth_transport.ts";
import type { RotatingSecret } from "../http/rotating_secret.ts";
import { tlsRootsOf } from "../http/tls_roots.ts";
import type { TokenSource } from "../http/token_source.ts";
import { rotatingSecretFrom } from "./rotating_secret_from.ts";

/** What signing in needs of the process. */
export interface SignInContext {
  readonly env: Env;
  /** The one of the process for this account. */
  readonly gate: CredentialGate;
}

/** The connections to Exchange, and with OAuth where their tokens come from. */
export interface ExchangeAccess extends AsyncDisposable {
  readonly transport: PooledTransport;
  /** For requests whose answers go on for minutes, so that they take no connection from others. */
  readonly hanging: PooledTransport;
  readonly tokens?: TokenSource;
}

/**
 * The connections to Exchange that the configuration asks for; nothing is connected yet.
 *
 * @throws SyncError of kind `fatal`: code `CaFileInvalid` for an unusable `ews_ssl_ca_file`, and as
 * the transports and the token source do for credentials that cannot work.
 */
export async function openTransport(
  config: ExchangeConfig,
  context: SignInContext,
): Promise<ExchangeAccess> {
  const { endpoint, auth } = config;
  const pool: ConnectionPoolOptions = {
    endpoint,
    trust: await trustOf(config),
    clock: context.env.clock,
    ...(config.proxy ? { proxy: config.proxy } : {}),
  };
  if (auth.type === "oauth2") return await withTokens(auth, pool, context);
  const options = {
    user: auth.user,
    password: rotating(auth.password, context),
    gate: context.gate,
  };
  const create = auth.type === "basic" ? createBasicTransport : createNtlmTransport;
  return accessBy((connections) => create({ ...connections, ...options }), pool);
}

/** Connections that answers go on over for minutes, with heartbeats in between. */
const HANGING = {
  connectionsMax: LIMITS.listeningConnectionsMax,
  // Whoever listens gives up earlier.
  bodyIdleMsMax: 2 * LIMITS.listeningSilenceMsMax,
  bodySlowMsMax: Infinity,
};

function accessBy(
  create: (pool: ConnectionPoolOptions) => PooledTransport,
  pool: ConnectionPoolOptions,
): ExchangeAccess {
  const transport = create(pool);
  const hanging = create({ ...pool, ...HANGING });
  return {
    transport,
    hanging,
    [Symbol.asyncDispose]: async () => {
      await hanging[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}

/** How the certificate of the Exchange server is judged. */
export async function trustOf({ tls }: ExchangeConfig): Promise<TlsTrust> {
  return { verify: tls.verify, extraRoots: await extraRoots(tls.caFile) };
}

async function withTokens(
  auth: AuthConfig & { readonly type: "oauth2" },
  pool: ConnectionPoolOptions,
  context: SignInContext,
): Promise<ExchangeAccess> {
  // MSAL takes its time to load; who does without OAuth does without it.
  const { createMsalTokenSource } = await import("../http/msal_tokens.ts");
  const { credential, authority, clientId, scope } = auth;
  const { env: { clock, log }, gate } = context;
  const tokens = createMsalTokenSource({
    authority,
    clientId,
    scope,
    credential: credential.kind === "secret" ? { secret: rotating(credential.secret, context) } : {
      privateKey: rotating(credential.privateKey, context),
      ...(credential.thumbprint === undefined ? {} : { thumbprint: credential.thumbprint }),
    },
    gate,
    clock,
    log,
    caCerts: [],
    proxyFor: () => auth.proxy,
  });
  const access = accessBy((connections) => createOauthTransport({ ...connections, tokens }), pool);
  return {
    ...access,
    tokens,
    [Symbol.asyncDispose]: async () => {
      await access[Symbol.asyncDispose]();
      await tokens[Symbol.asyncDispose]();
    },
  };
}

function rotating(secret: ConfiguredSecret, { env, gate }: SignInContext): RotatingSecret {
  return rotatingSecretFrom(secret, { onChange: () => gate.secretChanged(), log: env.log });
}

async function extraRoots(caFile: string | undefined): Promise<readonly string[]> {
  if (caFile === undefined) return [];
  let pem: string;
  try {
    pem = await Deno.readTextFile(caFile);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyncError("fatal", "CaFileInvalid", `CA file "${caFile}" cannot be read: ${reason}`, {
      hint: "Name a readable PEM file in `ews_ssl_ca_file`",
      cause,
    });
  }
  return tlsRootsOf(pem);
}
