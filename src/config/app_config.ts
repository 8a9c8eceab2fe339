import type { Mailbox } from "../core/mailbox.ts";
import type { Secret } from "../core/secret.ts";

/** The effective configuration: defaults applied, environment on top, everything validated. */
export interface AppConfig {
  readonly exchange: ExchangeConfig;
  readonly mailboxes: readonly Mailbox[];
  /** Wait between two rounds of a mailbox, ms. */
  readonly pollFrequencyMs: number;
  /** A mailbox is fetched no faster than one email per this time on average, ms; 0: no pacing. */
  readonly pollMessageSleepMs: number;
  /** Uploads in flight, whole process; 0: one after another. */
  readonly maxConcurrentUploads: number;
  /** Emails of one folder per round. */
  readonly emailsPerFolder: number;
  /** Emails per fetch-and-upload batch. */
  readonly batchSize: number;
}

export interface ExchangeConfig {
  /** Full EWS URL. */
  readonly endpoint: URL;
  readonly auth: AuthConfig;
  readonly accessType: "delegate" | "impersonation";
  readonly tls: ExchangeTlsConfig;
}

/** Only what this version can do; the schema knows the rest and `run` refuses it. */
export type AuthConfig = NtlmAuthConfig;

export interface NtlmAuthConfig {
  readonly type: "ntlm";
  /** `user@domain`, `DOMAIN\user` or `user`, as configured. */
  readonly user: string;
  readonly password: Secret;
}

/** TLS of the Exchange connection only (spec section 4). */
export interface ExchangeTlsConfig {
  /** False: no certificate verification at all. */
  readonly verify: boolean;
  /** File of extra PEM roots. */
  readonly caFile?: string;
}
