import type { CallOptions } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { BellObserver, SourceObserver } from "../core/observer.ts";
import type { MailSource, MailSurvey } from "../core/ports.ts";
import { EwsClient, type EwsClientOptions } from "./client.ts";
import { createExchangeSource } from "./exchange_source.ts";
import { createStreamingBell, type StreamingBell } from "./notifications/streaming_bell.ts";

/** What an Exchange server gives: mail, and a sign when there is more. */
export interface Ews {
  readonly source: MailSource & MailSurvey;
  readonly bell: StreamingBell;
}

export interface EwsOptions extends EwsClientOptions {
  /** Absent: nobody watches. */
  readonly observer?: SourceObserver & BellObserver;
}

/** Source and bell of one server, which share its throttling budgets. Nothing is sent yet. */
export function openEws(options: EwsOptions): Ews {
  const client = new EwsClient(options);
  const source = createExchangeSource(options, client);
  const { accessType, env, observer } = options;
  const isDelegate = accessType === "delegate";
  const bell = createStreamingBell({
    client,
    env,
    ...(observer ? { observer } : {}),
    sharesLimit: isDelegate,
    foldersOf: (mailbox, call) =>
      isDelegate ? mailFolderIds(source, mailbox, call) : Promise.resolve("all"),
  });
  return { source, bell };
}

/** As many folders as one subscription takes, the inbox first: others are polled. */
async function mailFolderIds(
  source: MailSource,
  mailbox: Mailbox,
  options: CallOptions,
): Promise<readonly string[]> {
  const { folders } = await source.folders(mailbox, options);
  const isInbox = ({ role }: { readonly role?: string }) => role === "inbox" ? 0 : 1;
  return [...folders].sort((a, b) => isInbox(a) - isInbox(b))
    .slice(0, LIMITS.subscribedFoldersMax)
    .map(({ id }) => id);
}
