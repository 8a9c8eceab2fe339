/** The simulated Exchange of a measurement as a process of its own; its argument is `ServerOptions`. */
import { startSimulatedAuthority } from "../../tests/authority/simulated_authority.ts";
import { expectedEmails } from "../../tests/exchange/expected_emails.ts";
import { startSimulatedExchange } from "../../tests/exchange/simulated_exchange.ts";
import { serveCommands } from "../storm/commands.ts";
import { MAIL, type Mail, type MailAmount } from "./filled_mailboxes.ts";

/** How one signs in, and whether over TLS: plain is Basic without it. */
export type TransportKind = "plain" | "ntlm" | "oauth";

/** What a measurement is made against. */
export interface ServerOptions extends MailAmount {
  readonly mail: Mail;
  readonly mailboxes: number;
  /** Before each answer. */
  readonly latencyMs: number;
  readonly transport: TransportKind;
}

/** What is said once it can be reached. */
export interface ExchangeReady {
  readonly endpoint: string;
  /** Absent without TLS. */
  readonly caPem?: string;
  readonly user: string;
  readonly password: string;
  /** Where tokens are had; absent if none are taken. */
  readonly authority?: AuthorityReady;
  readonly mailboxes: readonly string[];
  readonly emails: number;
  /** MIME content of all of them. */
  readonly bytes: number;
}

/** An authority, and the application that is registered there. */
export interface AuthorityReady {
  readonly url: string;
  readonly caPem: string;
  readonly clientId: string;
  readonly secret: string;
}

/** When something first happened since a time, ms since 1970. */
export interface FirstTimes {
  readonly requestMs?: number;
  /** A content left the server whole. */
  readonly contentMs?: number;
}

if (import.meta.main) {
  const options: ServerOptions = JSON.parse(Deno.args[0]!);
  await using authority = options.transport === "oauth" ? await startSimulatedAuthority() : null;
  await using exchange = await startSimulatedExchange({
    latencyMs: options.latencyMs,
    // A peer sends it in Latin-1.
    account: { password: "measured" },
    ...(options.transport === "plain" ? { tls: false, authentication: "basic" } : {}),
    ...(authority ? { authentication: authority } : {}),
  });
  const mailboxes = Array.from(
    { length: options.mailboxes },
    (_, at) => exchange.addMailbox(`mailbox-${at + 1}@corp.example`),
  );
  MAIL[options.mail](mailboxes, options);
  const emails = expectedEmails(exchange.store);
  const ready: ExchangeReady = {
    endpoint: exchange.endpoint.href,
    ...(exchange.caPem ? { caPem: exchange.caPem } : {}),
    user: exchange.account.principalName,
    password: exchange.account.password,
    ...(authority
      ? {
        authority: {
          url: authority.url.href,
          caPem: authority.caPem,
          clientId: authority.clientId,
          secret: authority.secret,
        },
      }
      : {}),
    mailboxes: mailboxes.map(({ address }) => address),
    emails: emails.length,
    bytes: emails.reduce((sum, { item }) => sum + (item.mime?.sizeBytes ?? 0), 0),
  };
  await serveCommands(ready, {
    totals: () => exchange.ledger.totals(),
    first: (sinceMs: number): FirstTimes => {
      const since = ({ at }: { readonly at: Date }) => at.getTime() >= sinceMs;
      const requestMs = exchange.ledger.requests().find(since)?.at.getTime();
      const contentMs = exchange.ledger.mimes.find(since)?.at.getTime();
      return {
        ...(requestMs === undefined ? {} : { requestMs }),
        ...(contentMs === undefined ? {} : { contentMs }),
      };
    },
    ids: (address: string) =>
      emails.filter(({ mailbox }) => mailbox === address).map(({ item }) => item.id),
  });
}
