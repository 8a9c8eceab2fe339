/*
 * A process to be killed: pushes the mailbox of the contract suites from the folder given first to
 * the one given second, a few emails at a time, and says "put" after each batch and "done" at the end.
 */
import { Semaphore } from "../../../core/semaphore.ts";
import type { MailboxSink, Sink } from "../../../core/ports.ts";
import { createLocalDestination } from "../../../storage/local_destination.ts";
import { StopController } from "../../../sync/stop.ts";
import { sampleMailbox } from "../../../../tests/contract/sample_emails.ts";
import { testEnv } from "../../../source/testing/test_env.ts";
import { pushMailbox } from "../push_mailbox.ts";
import { localSource } from "../stored_source.ts";

const [from = "", to = ""] = Deno.args;
const env = testEnv();
const say = (word: string) => Deno.stdout.write(new TextEncoder().encode(`${word}\n`));

function saying(sink: MailboxSink): MailboxSink {
  return {
    refresh: (records, options) => sink.refresh(records, options),
    keys: (options) => sink.keys(options),
    put: async (emails, options) => {
      const outcomes = await sink.put(emails, options);
      await say("put");
      return outcomes;
    },
  };
}

const local = createLocalDestination({
  prefix: to,
  uploads: new Semaphore(4),
  env,
  programVersion: "1.2.3",
});
const sink: Sink = {
  probe: (options) => local.sink.probe(options),
  open: async (mailbox, options) => saying(await local.sink.open(mailbox, options)),
};
const { delivered } = await pushMailbox({
  source: localSource(from, env),
  sink,
  scope: { destination: to, mailboxes: "all" },
  batchSize: 5,
  batchesInFlight: 3,
  env,
  stop: new StopController(env.clock),
  programVersion: "1.2.3",
  onSettled: () => undefined,
  onTrouble: () => undefined,
}, sampleMailbox());
await say(`done ${delivered}`);
