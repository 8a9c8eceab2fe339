/** The simulated Exchange of a measurement as a process of its own. */
import { parseArgs } from "node:util";
import { spreadCorpus } from "../../tests/exchange/corpus_delivery.ts";
import { expectedEmails } from "../../tests/exchange/expected_emails.ts";
import { seededEntropy } from "../../tests/exchange/seeded_entropy.ts";
import {
  type SimulatedExchange,
  startSimulatedExchange,
} from "../../tests/exchange/simulated_exchange.ts";
import { hugeEmail } from "../../tests/exchange/huge_email.ts";
import { serveCommands } from "../storm/commands.ts";
import { MailMix } from "./mail_mix.ts";

/** What is said once it can be reached. */
export interface ExchangeReady {
  readonly endpoint: string;
  readonly caPem?: string;
  readonly user: string;
  readonly password: string;
  readonly mailboxes: readonly string[];
  readonly emails: number;
  readonly bytes: number;
}

/** What a measurement is of: see `MAIL`. */
export type Mail = keyof typeof MAIL;

const FOLDERS_EACH = 20;
const HUGE_EMAILS = 10;
const HUGE_BYTES = 150 * 1024 * 1024;
const RECEIVED_FROM = Date.UTC(2026, 0, 1);

const MAIL = {
  /** Emails of usual sizes, in 20 folders of each mailbox. */
  mix: (exchange: SimulatedExchange, emails: number) => {
    const mix = new MailMix(seededEntropy(1));
    const mailboxes = exchange.store.mailboxes();
    const folders = mailboxes.map((mailbox) => [
      mailbox.distinguishedFolder("inbox").id,
      ...Array.from({ length: FOLDERS_EACH - 1 }, (_, at) => mailbox.createFolder([`F${at}`]).id),
    ]);
    for (let at = 0; at < emails; at++) {
      const chosen = at % mailboxes.length;
      const folder = folders[chosen]![Math.floor(at / mailboxes.length) % FOLDERS_EACH]!;
      const receivedAt = new Date(RECEIVED_FROM + at * 1_000);
      mailboxes[chosen]!.deliver(folder, mix.next(), { receivedAt });
    }
  },
  /** Real emails; more than there are begin again from the first. */
  corpus: (exchange: SimulatedExchange, emails: number) => {
    spreadCorpus(exchange.store.mailboxes(), emails);
  },
  /** Ten emails of 150 MB. */
  huge: (exchange: SimulatedExchange) => {
    const [mailbox] = exchange.store.mailboxes();
    const inbox = mailbox!.distinguishedFolder("inbox").id;
    for (let at = 1; at <= HUGE_EMAILS; at++) {
      const email = { messageId: `<huge-${at}@corp.example>`, subject: `Huge ${at}` };
      mailbox!.deliver(inbox, hugeEmail({ ...email, sizeBytes: HUGE_BYTES }));
    }
  },
  /** Nothing to sync, and folders to ask for it. */
  nothing: (exchange: SimulatedExchange) => {
    for (const mailbox of exchange.store.mailboxes()) {
      for (let at = 0; at < FOLDERS_EACH - 4; at++) mailbox.createFolder([`F${at}`]);
    }
  },
} as const;

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      mail: { type: "string", default: "mix" },
      emails: { type: "string", default: "20000" },
      mailboxes: { type: "string", default: "1" },
      "latency-ms": { type: "string", default: "0" },
      plain: { type: "boolean", default: false },
    },
  });
  const { plain } = values;
  await using exchange = await startSimulatedExchange({
    latencyMs: Number(values["latency-ms"]),
    // A peer sends it in Latin-1.
    account: { password: "measured" },
    ...(plain ? { tls: false, authentication: "basic" as const } : {}),
  });
  for (let at = 1; at <= Number(values.mailboxes); at++) {
    exchange.addMailbox(`mailbox-${at}@corp.example`);
  }
  MAIL[values.mail as Mail](exchange, Number(values.emails));
  const mailboxes = exchange.store.mailboxes();
  const emails = expectedEmails(exchange.store);
  const ready: ExchangeReady = {
    endpoint: exchange.endpoint.href,
    ...(exchange.caPem ? { caPem: exchange.caPem } : {}),
    user: exchange.account.principalName,
    password: exchange.account.password,
    mailboxes: mailboxes.map(({ address }) => address),
    emails: emails.length,
    bytes: emails.reduce((sum, { item }) => sum + (item.mime?.sizeBytes ?? 0), 0),
  };
  await serveCommands(ready, {
    totals: () => exchange.ledger.totals(),
    ids: (address: string) =>
      emails.filter(({ mailbox }) => mailbox === address).map(({ item }) => item.id),
  });
}
