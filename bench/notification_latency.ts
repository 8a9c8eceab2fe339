/**
 * How long after an email has come into a mailbox it is stored, with streaming notifications and
 * nothing else going on: `deno run -A bench/notification_latency.ts [--mailboxes N] [--emails N]`.
 *
 * The compiled binary against a simulated Exchange (TLS, NTLM) on the same machine, into local files.
 * Measured from the delivery until the `.json` by which the email is complete is seen, one email at a
 * time; looking takes some milliseconds. The next poll is an hour away.
 */
import { parseArgs } from "node:util";
import { waitUntil } from "../src/http/testing/wait_until.ts";
import { customerOf, readDelivered } from "../tests/e2e/customer.ts";
import { serveInstance } from "../tests/e2e/served_instance.ts";
import { corpusEmails } from "../tests/exchange/corpus.ts";
import { freshEmail } from "../tests/exchange/corpus_delivery.ts";
import { seededEntropy } from "../tests/exchange/seeded_entropy.ts";
import { startSimulatedExchange } from "../tests/exchange/simulated_exchange.ts";
import { filesBelow } from "../tests/files_below.ts";

const { values } = parseArgs({
  options: {
    mailboxes: { type: "string", default: "100" },
    emails: { type: "string", default: "200" },
  },
});
const mailboxCount = Number(values.mailboxes);
const emailCount = Number(values.emails);
/** Between the storage of one email and the delivery of the next: long enough to be idle. */
const PAUSE_MS = 1_500;

const entropy = seededEntropy(1);
await using exchange = await startSimulatedExchange();
for (let n = 0; n < mailboxCount; n++) exchange.addMailbox(`box${n}@corp.example`);
const mailboxes = exchange.store.mailboxes();
await using customer = await customerOf(exchange, {
  notifications: "streaming",
  poll_frequency: 3_600,
});
await using instance = await serveInstance(customer);
await instance.until(
  ({ mailboxes: shown }) => shown.every((it) => it.listening && it.last_success_at !== undefined),
  `limit=250`,
);

const tookMs: number[] = [];
const known = new Set<string>();
for (let n = 0; n < emailCount; n++) {
  const mailbox = mailboxes[Math.floor(entropy.next() * mailboxes.length)]!;
  const email = corpusEmails()[n % corpusEmails().length]!;
  const mime = freshEmail(email, new Date(), entropy);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const deliveredAtMs = performance.now();
  mailbox.deliver(mailbox.distinguishedFolder("inbox").id, mime);
  await anotherStored();
  tookMs.push(Math.round(performance.now() - deliveredAtMs));
}

/** Resolves when there is a `.json` that was not there before. */
async function anotherStored(): Promise<void> {
  await waitUntil(async () => {
    const paths = await filesBelow(`${customer.prefix}/data`);
    const found = paths.find((path) =>
      path.endsWith(".json") && !path.includes("/.tmp/") && !known.has(path)
    );
    if (found !== undefined) known.add(found);
    return found !== undefined;
  });
}

tookMs.sort((a, b) => a - b);
const quantile = (part: number) =>
  tookMs[Math.min(tookMs.length - 1, Math.floor(part * tookMs.length))];
const stored = await readDelivered(customer.prefix);
instance.run.kill("SIGTERM");
await instance.run.ended;
console.log(JSON.stringify({
  mailboxes: mailboxCount,
  emails: stored.length,
  connections: exchange.notifications.opened,
  medianMs: quantile(0.5),
  p95Ms: quantile(0.95),
  maxMs: tookMs.at(-1),
}));
