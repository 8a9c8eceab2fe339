import type { AppConfig, ExchangeConfig } from "../config/app_config.ts";
import type { Env } from "../core/env.ts";
import type { BellObserver, SourceObserver } from "../core/observer.ts";
import type { MailboxBell, MailSource, MailSurvey } from "../core/ports.ts";
import type { CredentialGate } from "../http/credential_gate.ts";
import type { TokenSource } from "../http/token_source.ts";
import { type ExchangeAccess, openTransport } from "./exchange_transport.ts";

/** The mailboxes' server; connections are closed when it is disposed. */
export interface Exchange extends AsyncDisposable {
  readonly source: MailSource & MailSurvey;
  /** Tells of what arrives; absent where it cannot. */
  readonly bell?: MailboxBell;
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
  { gate, observer }: {
    readonly gate: CredentialGate;
    readonly observer?: SourceObserver & BellObserver;
  },
): Promise<Exchange> {
  const access = await openTransport(exchange, { env, gate });
  const opened = await openApi(exchange, access, { env, ...(observer ? { observer } : {}) });
  const { source, bell } = { bell: undefined, ...opened };
  const { tokens } = access;
  return {
    source,
    ...(bell ? { bell } : {}),
    ...(tokens ? { tokens } : {}),
    [Symbol.asyncDispose]: async () => {
      await bell?.[Symbol.asyncDispose]();
      await access[Symbol.asyncDispose]();
    },
  };
}

interface ApiContext {
  readonly env: Env;
  readonly observer?: SourceObserver & BellObserver;
}

interface OpenedApi {
  readonly source: MailSource & MailSurvey;
  readonly bell?: MailboxBell & AsyncDisposable;
}

/** Either protocol is loaded only where it is spoken. */
async function openApi(
  { api, endpoint, accessType }: ExchangeConfig,
  { transport, hanging }: ExchangeAccess,
  context: ApiContext,
): Promise<OpenedApi> {
  if (api === "graph") {
    const { createGraphSource } = await import("../graph/graph_source.ts");
    return { source: createGraphSource({ ...context, transport, endpoint }) };
  }
  const { openEws } = await import("../ews/open_ews.ts");
  return openEws({ ...context, transport, hanging, endpoint, accessType });
}
