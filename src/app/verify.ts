import type { AppConfig } from "../config/app_config.ts";
import type { VerifyOptions } from "../config/verify_options.ts";
import { SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { FolderOf, MailSource } from "../core/ports.ts";
import { Semaphore } from "../core/semaphore.ts";
import { CredentialGate } from "../http/credential_gate.ts";
import { ProgressLine } from "../runtime/progress_line.ts";
import type { Destination } from "../storage/local_destination.ts";
import { deliver } from "../sync/deliver.ts";
import { Pace } from "../sync/pace.ts";
import { participantFilter } from "../sync/participant_filter.ts";
import { SkipGuard } from "../sync/skip_guard.ts";
import { StopBegun } from "../sync/stop.ts";
import { type MailboxVerification, verifyMailbox } from "../sync/verify_mailbox.ts";
import { type CommandContext, failureLine, runCommand } from "./command.ts";
import { openDestination, openExchange } from "./connections.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { reachServer } from "./first_contact.ts";
import { SILENT } from "./output.ts";
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
    const gate = new CredentialGate(config.exchange.auth.user, context.env.clock);
    await using exchange = await openExchange(config, context.env, gate);
    const [first] = mailboxes;
    if (first) await reachServer(exchange.source, first, { ...context, once: true });
    const destination = openDestination(options, config, context.env);
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
  const complete = verified.length === mailboxes.length &&
    verified.every(({ folders }) => folders.every(({ missing }) => missing === 0));
  return complete ? EXIT.done : EXIT.finishedWithFailures;
}

async function verifyOne(work: Work, mailbox: Mailbox): Promise<MailboxVerification> {
  const { options, source, destination, stop, console } = work;
  const signal = stop.aborted;
  await using _lock = options.repair
    ? await destination.states.open(mailbox, { signal })
    : undefined;
  const sink = await destination.sink.open(mailbox, { signal });
  const { folders } = await destination.states.read(mailbox, { signal });
  const skips = folders.flatMap(({ skipped }) => skipped).filter(({ rebuilt }) => !rebuilt);
  using progress = new ProgressLine(console, work.env.clock);
  return await verifyMailbox({
    source,
    sink,
    stop,
    skipped: new Set(skips.map(({ itemId }) => itemId)),
    ...(options.since ? { since: options.since } : {}),
    ...(options.repair ? { repair: await repairOf(work, mailbox) } : {}),
    onProgress: ({ path }, emails) =>
      progress.show(visible(`${mailbox.address}  ${emails} emails  ${visiblePath(path)}`)),
  }, mailbox);
}

async function repairOf(
  { source, destination, stop, env, config }: Work,
  mailbox: Mailbox,
): Promise<(at: FolderOf, itemIds: readonly string[]) => Promise<void>> {
  const { serverTime } = await source.folders(mailbox, { signal: stop.aborted });
  const delivery = {
    source,
    sink: await destination.sink.open(mailbox, { signal: stop.aborted }),
    env,
    observer: SILENT,
    pace: new Pace(config.pollMessageSleepMs, env.clock),
    heldBytes: new Semaphore(LIMITS.heldMimeBytesTotal),
    batchSize: config.batchSize,
    stop,
    guard: new SkipGuard(),
    startedAt: serverTime,
    ...(mailbox.participants ? { filter: participantFilter(mailbox.participants) } : {}),
  };
  return async (at, itemIds) => {
    try {
      await deliver(delivery, at, itemIds, { anew: true });
    } catch (error) {
      // Gone meanwhile, with all that was missing in it: the look that follows tells.
      if (!(error instanceof SyncError) || error.code !== "FolderGone") throw error;
    }
  };
}
