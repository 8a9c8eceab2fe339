import type { AppConfig } from "../config/app_config.ts";
import type { Env } from "../core/env.ts";
import type { MailSource, MailSurvey } from "../core/ports.ts";
import { createExchangeSource } from "../ews/exchange_source.ts";
import type { CredentialGate } from "../http/credential_gate.ts";
import type { TokenSource } from "../http/token_source.ts";
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
  gate: CredentialGate,
): Promise<Exchange> {
  const access = await openTransport(exchange, { env, gate });
  const { transport, tokens } = access;
  const { endpoint, accessType } = exchange;
  return {
    source: createExchangeSource({ transport, endpoint, accessType, env }),
    ...(tokens ? { tokens } : {}),
    [Symbol.asyncDispose]: () => access[Symbol.asyncDispose](),
  };
}
