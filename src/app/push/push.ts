import type { AppConfig } from "../../config/app_config.ts";
import { placeText } from "../../config/destination_place.ts";
import { visible } from "../../config/printable.ts";
import type { PushOptions } from "../../config/push_options.ts";
import type { Env } from "../../core/env.ts";
import { syncErrorOf } from "../../core/errors.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { Sink } from "../../core/ports.ts";
import { ProgressLine } from "../../runtime/progress_line.ts";
import { dataFolderOf } from "../../storage/layout.ts";
import { removeReplayProgress, type ReplayCounts } from "../../storage/stored_emails_progress.ts";
import { StopBegun } from "../../sync/stop.ts";
import { type CommandContext, failureLine, runCommand } from "../command.ts";
import type { Console } from "../console.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { openDestination } from "../open_destination.ts";
import { configuredMailbox } from "../resync.ts";
import { BUILD_INFO } from "../version.ts";
import { pushMailbox } from "./push_mailbox.ts";
import { megabytes, pushedLine, pushSummary } from "./push_text.ts";
import { addReplayCounts, NOTHING_PUSHED, type PushTrouble, type PushWork } from "./push_work.ts";
import { openStoredSource, type StoredConfig, type StoredSource } from "./stored_source.ts";

export interface PushRequest {
  readonly options: PushOptions;
  /** Its destination is where the emails go. */
  readonly config: AppConfig;
  /** Where the emails are. */
  readonly stored: StoredConfig;
}

/** Both ends of a push; they are let go when it is disposed. */
export interface PushPlaces extends AsyncDisposable {
  readonly source: StoredSource;
  /** Absent with `--dry-run`. */
  readonly sink?: Sink;
}

type OpenPlaces = (request: PushRequest, env: Env) => Promise<PushPlaces>;

/** `push`: delivers emails that lie in files or blobs to the platform, from where it last stopped. */
export async function push(
  request: PushRequest,
  console: Console,
  openPlaces: OpenPlaces = openPushPlaces,
): Promise<ExitCode> {
  const { options, config } = request;
  const only = options.mailbox === undefined
    ? undefined
    : configuredMailbox(options.mailbox, config, console);
  if (options.mailbox !== undefined && !only) return EXIT.usageOrConfig;
  const mailboxes = only ? [only] : config.mailboxes;
  return await runCommand(options, config, console, async (context) => {
    await using places = await openPlaces(request, context.env);
    return await new Push(request, places, context).run(mailboxes);
  });
}

async function openPushPlaces(
  { options, config, stored }: PushRequest,
  env: Env,
): Promise<PushPlaces> {
  await using opened = new AsyncDisposableStack();
  const source = opened.use(await openStoredSource(stored, env));
  const destination = options.dryRun ? undefined : opened.use(await openDestination(config, env));
  const closing = opened.move();
  return {
    source,
    ...(destination ? { sink: destination.sink } : {}),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

const GOES_ON = "reinfer-ews: The next push with the same options goes on where this one stopped\n";

class Push {
  readonly #request: PushRequest;
  readonly #places: PushPlaces;
  readonly #context: CommandContext;
  readonly #progress: ProgressLine;

  constructor(request: PushRequest, places: PushPlaces, context: CommandContext) {
    this.#request = request;
    this.#places = places;
    this.#context = context;
    this.#progress = new ProgressLine(context.console, context.env.clock);
  }

  /** One mailbox after the other, so that progress is one place. */
  async run(mailboxes: readonly Mailbox[]): Promise<ExitCode> {
    const { console } = this.#context;
    const { dryRun, from, destination: to } = this.#request.options;
    const pushed: ReplayCounts[] = [];
    for (const mailbox of mailboxes) {
      const counts = await this.#pushOne(mailbox);
      if (counts) pushed.push(counts);
    }
    const isComplete = pushed.length === mailboxes.length;
    if (isComplete && !dryRun) await this.#forgetProgress(mailboxes);
    const total = pushed.reduce(addReplayCounts, NOTHING_PUSHED);
    const failed = mailboxes.length - pushed.length;
    console.print(
      pushSummary(total, { failed, dryRun, from: placeText(from), to: placeText(to) }),
    );
    const isWhole = isComplete && total.damaged + total.refused === 0;
    return isWhole ? EXIT.done : EXIT.finishedWithFailures;
  }

  /** What became of its emails; `undefined`, once said, if the mailbox failed as a whole. */
  async #pushOne(mailbox: Mailbox): Promise<ReplayCounts | undefined> {
    const { console } = this.#context;
    try {
      const counts = await pushMailbox(this.#work(), mailbox);
      this.#erase();
      console.print(pushedLine(mailbox, counts, this.#request.options));
      this.#sayIfNothing(mailbox, counts);
      return counts;
    } catch (thrown) {
      this.#erase();
      const error = syncErrorOf(thrown);
      if (thrown instanceof StopBegun || error.kind === "fatal" || error.kind === "destination") {
        if (!this.#request.options.dryRun) console.complain(GOES_ON);
        throw thrown;
      }
      console.print(`${visible(mailbox.address)}: not pushed\n  ${failureLine(error)}\n`);
      return undefined;
    }
  }

  #erase(): void {
    this.#progress[Symbol.dispose]();
  }

  #work(): PushWork {
    const { options, config } = this.#request;
    const { env, stop } = this.#context;
    const { source, sink } = this.#places;
    const { since, mailbox } = options;
    return {
      source,
      ...(sink ? { sink } : {}),
      scope: {
        destination: placeText(options.destination),
        ...(since ? { since } : {}),
        mailboxes: mailbox === undefined ? "all" : "one",
      },
      batchSize: config.batchSize,
      batchesInFlight: Math.max(1, config.maxConcurrentUploads),
      env,
      stop,
      programVersion: BUILD_INFO.version,
      onSettled: (of, counts) => this.#show(of, counts),
      onTrouble: (of, trouble) => this.#say(of, trouble),
    };
  }

  /** Only all together: whoever is killed in between begins some mailboxes anew and loses nothing. */
  async #forgetProgress(mailboxes: readonly Mailbox[]): Promise<void> {
    const { stop } = this.#context;
    for (const mailbox of mailboxes) {
      await removeReplayProgress(this.#places.source.store, mailbox, { signal: stop.aborted });
    }
  }

  #show({ address }: Mailbox, { delivered, bytes }: ReplayCounts): void {
    this.#progress.show(visible(`${address}  ${delivered} emails  ${megabytes(bytes)}`));
  }

  #say({ address }: Mailbox, { kind, position, id, error }: PushTrouble): void {
    this.#erase();
    const msg = kind === "damaged"
      ? "A stored email is damaged and is not pushed."
      : "The platform does not take an email.";
    this.#context.env.log.warn(msg, {
      mailbox: address,
      email: position,
      id,
      code: error.code,
      reason: error.message,
      hint: error.hint,
    });
  }

  #sayIfNothing(mailbox: Mailbox, { delivered, damaged, refused }: ReplayCounts): void {
    if (delivered + damaged + refused > 0 || this.#request.options.since) return;
    this.#context.env.log.warn("Nothing is stored of this mailbox at this place.", {
      mailbox: mailbox.address,
      folder: dataFolderOf(mailbox),
      hint: "Check the place, and that the bucket is the one the emails were stored under",
    });
  }
}
