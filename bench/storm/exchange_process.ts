/**
 * The simulated Exchange of a storm as a process of its own: its mailboxes live while they are
 * synced, and it fails when it is told to.
 */
import { parseArgs } from "node:util";
import { systemClock } from "../../src/runtime/system.ts";
import { type ExpectedMail, expectedMail } from "../../tests/e2e/expected_mail.ts";
import { spreadCorpus } from "../../tests/exchange/corpus_delivery.ts";
import { seededEntropy } from "../../tests/exchange/seeded_entropy.ts";
import { startSimulatedExchange } from "../../tests/exchange/simulated_exchange.ts";
import type { KnownMail } from "./comparison.ts";
import { serveCommands } from "./commands.ts";
import { FaultyExchange } from "./faulty_exchange.ts";
import { MailboxLife } from "./mailbox_life.ts";

/** What is said once it can be reached. */
export interface ExchangeReady {
  readonly port: number;
  readonly caPem: string;
  readonly user: string;
  readonly password: string;
  readonly mailboxes: readonly string[];
}

/** All mail there is, and that there was. */
export interface ExchangeMail {
  readonly expected: readonly KnownMail[];
  readonly deleted: readonly KnownMail[];
}

const { values } = parseArgs({
  options: {
    mailboxes: { type: "string", default: "4" },
    emails: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
    "something-every-ms": { type: "string", default: "250" },
  },
});
const seed = Number(values.seed);
await using exchange = await startSimulatedExchange({ seed });
const mailboxes = Array.from(
  { length: Number(values.mailboxes) },
  (_, index) => exchange.addMailbox(`mailbox-${index + 1}@corp.example`),
);
spreadCorpus(mailboxes, Number(values.emails));
const faulty = new FaultyExchange(systemClock, seededEntropy(seed + 1));
exchange.intercept = faulty.intercept;
const life = new MailboxLife({ mailboxes, clock: systemClock, entropy: seededEntropy(seed + 2) });
const end = new AbortController();
const living = life.goOn(Number(values["something-every-ms"]), end.signal);

const ready: ExchangeReady = {
  port: Number(exchange.endpoint.port),
  caPem: exchange.caPem!,
  user: exchange.account.principalName,
  password: exchange.account.password,
  mailboxes: mailboxes.map(({ address }) => address),
};
await serveCommands(ready, {
  fault: (kind: string) => faulty.due(kind),
  forget: () => faulty.watch.forget(),
  calm: async () => {
    faulty.calm();
    end.abort();
    await living;
    life.mend();
  },
  mail: (): ExchangeMail => ({
    expected: expectedMail(exchange).map(known),
    deleted: life.deleted.map(known),
  }),
  totals: () => ({
    met: faulty.met,
    asked: faulty.watch.asked,
    broken: faulty.watch.broken,
    life: life.counts,
    ledger: exchange.ledger.totals(),
  }),
});

function known({ mailbox, id, sha256, isText }: ExpectedMail): KnownMail {
  return { mailbox, id, sha256, isText };
}
