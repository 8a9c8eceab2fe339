import type { AppConfig, ExchangeConfig } from "../config/app_config.ts";
import type { Env } from "../core/env.ts";
import type { SourceObserver } from "../core/observer.ts";
import type { MailSource, MailSurvey } from "../core/ports.ts";
import type { CredentialGate } from "../http/credential_gate.ts";
import type { TokenSource } from "../http/token_source.ts";
import type { HttpTransport } from "../http/transport.ts";
import { openTransport } from "./exchange_transport.ts";

/** The mailboxes' server; connections are closed when it is disposed. */
export interface Exchange extends AsyncDisposable {
  readonly source: MailSource & MailSurvey;
  /** With OAuth. */
  readonly tokens?: TokenSource;
}

/**
 * Makes ready what the configuration says of Exchange; nothing is connected yet.
 *
 * @throws SyncError as `openTransport` does.
 */
export async function openExchange(
  { exchange }: AppConfig,
  env: Env,
  { gate, observer }: { readonly gate: CredentialGate; readonly observer?: SourceObserver },
): Promise<Exchange> {
  const access = await openTransport(exchange, { env, gate });
  const { transport, tokens } = access;
  return {
    source: await sourceOf(exchange, { transport, env, ...(observer ? { observer } : {}) }),
    ...(tokens ? { tokens } : {}),
    [Symbol.asyncDispose]: () => access[Symbol.asyncDispose](),
  };
}

interface SourceContext {
  readonly transport: HttpTransport;
  readonly env: Env;
  readonly observer?: SourceObserver;
}

/** Either protocol is loaded only where it is spoken. */
async function sourceOf(
  { api, endpoint, accessType }: ExchangeConfig,
  context: SourceContext,
): Promise<MailSource & MailSurvey> {
  if (api === "graph") {
    const { createGraphSource } = await import("../graph/graph_source.ts");
    return createGraphSource({ ...context, endpoint });
  }
  const { createExchangeSource } = await import("../ews/exchange_source.ts");
  return createExchangeSource({ ...context, endpoint, accessType });
}
