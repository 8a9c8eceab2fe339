import type { Mailbox } from "../core/mailbox.ts";
import type { ConfiguredSecret } from "./configured_secret.ts";
import type { DestinationConfig } from "./destination_config.ts";
import type { ProxyConfig } from "./proxy.ts";
import type { Shard } from "./shard.ts";

/** The effective configuration: defaults applied, environment on top, everything validated. */
export interface AppConfig extends SyncConfig {
  readonly destination: DestinationConfig;
  /** Absent: the configuration is a file of this machine. */
  readonly remoteSource?: RemoteSource;
}

/** Which remote configuration a process works by, and for which share of its mailboxes. */
export interface RemoteSource {
  readonly owner: string;
  readonly key: string;
  readonly shard: Shard;
}

/** What the keys of the config file say, with the environment that overrides them. */
export interface SyncConfig {
  readonly exchange: ExchangeConfig;
  readonly mailboxes: readonly Mailbox[];
  /** Wait between two rounds of a mailbox, ms. */
  readonly pollFrequencyMs: number;
  /** Whether pauses between rounds may end early, by notifications or by what arrived last. */
  readonly notifications: "poll" | "streaming";
  /** A mailbox is fetched no faster than one email per this time on average, ms; 0: no pacing. */
  readonly pollMessageSleepMs: number;
  /** Uploads in flight, whole process; 0: one after another. */
  readonly maxConcurrentUploads: number;
  /** Emails of one folder per round. */
  readonly emailsPerFolder: number;
  /** Emails per fetch-and-upload batch. */
  readonly batchSize: number;
  /** Addresses of the mailboxes whose attachments are uploaded with their content. */
  readonly attachmentUploads: readonly string[];
}

/** Where mail is read from: an Exchange server, or Exchange Online by Microsoft Graph. */
export interface ExchangeConfig {
  readonly api: "ews" | "graph";
  /** Full EWS URL; with Graph its origin. */
  readonly endpoint: URL;
  readonly auth: AuthConfig;
  /** Of EWS: with Graph the application itself has access. */
  readonly accessType: "delegate" | "impersonation";
  readonly tls: ExchangeTlsConfig;
  /** On the way to the endpoint; absent: it is reached directly. */
  readonly proxy?: ProxyConfig;
}

export type AuthConfig = PasswordAuthConfig | OauthConfig;

export interface PasswordAuthConfig {
  readonly type: "ntlm" | "basic";
  /** `user@domain`, `DOMAIN\user` or `user`, as configured. */
  readonly user: string;
  readonly password: ConfiguredSecret;
}

/** Client credentials flow (RFC 6749 section 4.4). */
export interface OauthConfig {
  readonly type: "oauth2";
  /** With or without the tenant's path, as configured. */
  readonly authority: URL;
  readonly clientId: string;
  readonly scope: string;
  /** On the way to the authority; absent: it is reached directly. */
  readonly proxy?: ProxyConfig;
  readonly credential: OauthCredential;
}

export type OauthCredential =
  | { readonly kind: "secret"; readonly secret: ConfiguredSecret }
  | {
    readonly kind: "certificate";
    /** PEM, its line ends real or written `\n`. */
    readonly privateKey: ConfiguredSecret;
    /** SHA-1 or SHA-256 of the certificate, in lower-case hex; absent: it lies beside the key. */
    readonly thumbprint?: string;
  };

/** TLS of the Exchange connection only (spec section 4). */
export interface ExchangeTlsConfig {
  /** False: no certificate verification at all. */
  readonly verify: boolean;
  /** File of extra PEM roots. */
  readonly caFile?: string;
}
