import type { AppConfig } from "../config/app_config.ts";
import type { VerifyOptions } from "../config/verify_options.ts";
import { syncErrorOf } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailSource } from "../core/ports.ts";
import { ProgressLine } from "../runtime/progress_line.ts";
import type { Destination } from "../storage/local_destination.ts";
import { StopBegun } from "../sync/stop.ts";
import type { FolderVerification, MailboxVerification } from "../sync/verification.ts";
import { verifyMailbox } from "../sync/verify_mailbox.ts";
import { type CommandContext, failureLine, runCommand } from "./command.ts";
import { openExchange } from "./connections.ts";
import { openDestination } from "./open_destination.ts";
import type { Console } from "./console.ts";
import { CredentialGates } from "./credential_gates.ts";
import { counted } from "./counted.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { reachServer } from "./first_contact.ts";
import { repairOf } from "./repair.ts";
import { configuredMailbox } from "./resync.ts";
import { verificationText, verifySummary } from "./verify_text.ts";
import { visible, visiblePath } from "../config/printable.ts";

/** `verify`: compares mailboxes with the sink, by ids; with `--repair` it delivers what is missing. */
export async function verify(
  options: VerifyOptions,
  config: AppConfig,
  console: Console,
): Promise<ExitCode> {
  const only = options.mailbox === undefined
    ? undefined
    : configuredMailbox(options.mailbox, config, console);
  if (options.mailbox !== undefined && !only) return EXIT.usageOrConfig;
  const mailboxes = only ? [only] : config.mailboxes;
  return await runCommand(options, config, console, async (context) => {
    const gate = new CredentialGates(context.env.clock).gateFor(config.exchange.auth);
    await using exchange = await openExchange(config, context.env, { gate });
    const [first] = mailboxes;
    if (first) await reachServer(exchange.source, first, { ...context, once: true });
    await using destination = await openDestination(config, context.env);
    const work = { options, config, source: exchange.source, destination, ...context };
    return await verifyAll(work, mailboxes);
  });
}

interface Work extends CommandContext {
  readonly options: VerifyOptions;
  readonly config: AppConfig;
  readonly source: MailSource;
  readonly destination: Destination;
}

/** One after another: what is held of a mailbox grows with it. */
async function verifyAll(work: Work, mailboxes: readonly Mailbox[]): Promise<ExitCode> {
  const { console } = work;
  const verified: MailboxVerification[] = [];
  for (const mailbox of mailboxes) {
    try {
      const verification = await verifyOne(work, mailbox);
      verified.push(verification);
      console.print(verificationText(verification));
    } catch (thrown) {
      if (thrown instanceof StopBegun) throw thrown;
      const error = syncErrorOf(thrown);
      if (error.kind === "fatal" || error.kind === "destination") throw error;
      console.print(`${visible(mailbox.address)}: not verified\n  ${failureLine(error)}\n\n`);
    }
  }
  console.print(verifySummary(verified, mailboxes.length));
  const isComplete = verified.length === mailboxes.length &&
    verified.every(({ folders }) => folders.every(isAllStored));
  return isComplete ? EXIT.done : EXIT.finishedWithFailures;
}

/** What is on the record as skipped is not in the sink either (spec section 1). */
function isAllStored({ missing, skipped }: FolderVerification): boolean {
  return missing === 0 && skipped === 0;
}

async function verifyOne(work: Work, mailbox: Mailbox): Promise<MailboxVerification> {
  const { options, source, destination, stop, console, env } = work;
  const signal = stop.aborted;
  await using store = options.repair
    ? await destination.states.open(mailbox, { signal })
    : undefined;
  const sink = await destination.sink.open(mailbox, { signal });
  const folders = store?.loaded ?? (await destination.states.read(mailbox, { signal })).folders;
  const skipped = folders.flatMap((state) => state.skipped);
  using progress = new ProgressLine(console, env.clock);
  return await verifyMailbox({
    source,
    sink,
    stop,
    skipped: new Map(skipped.map((skip) => [skip.itemId, skip])),
    ...(options.since ? { since: options.since } : {}),
    ...(store ? { repair: await repairOf({ ...work, sink, store }, mailbox) } : {}),
    onProgress: ({ path }, emails) => {
      const counts = counted(emails, "email");
      progress.show(visible(`${mailbox.address}  ${counts}  ${visiblePath(path)}`));
    },
  }, mailbox);
}
