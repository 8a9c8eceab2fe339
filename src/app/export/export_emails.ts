import { join } from "node:path";
import type { AppConfig } from "../../config/app_config.ts";
import type { ExportOptions } from "../../config/export_options.ts";
import { visible } from "../../config/printable.ts";
import { assert, type SyncError } from "../../core/errors.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import { ProgressLine } from "../../runtime/progress_line.ts";
import { classifiedFiles } from "../../storage/file_errors.ts";
import { systemFiles } from "../../storage/file_system.ts";
import { type CommandContext, failureLine, runCommand } from "../command.ts";
import type { Console } from "../console.ts";
import { counted } from "../counted.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { megabytes } from "../push/push_text.ts";
import { openStoredSource, type StoredSource } from "../push/stored_source.ts";
import { configuredMailbox } from "../resync.ts";
import {
  addExportCounts,
  type ExportCounts,
  exportMailbox,
  type ExportWork,
  NOTHING_EXPORTED,
} from "./export_mailbox.ts";
import { exportExists, ExportFile, isThere } from "./export_file.ts";

/** `export`: emails that lie in files or blobs as one file of JSON lines for each bucket. */
export async function exportEmails(
  options: ExportOptions,
  config: AppConfig,
  console: Console,
): Promise<ExitCode> {
  const only = options.mailbox === undefined
    ? undefined
    : configuredMailbox(options.mailbox, config, console);
  if (options.mailbox !== undefined && !only) return EXIT.usageOrConfig;
  const files = exportFilesOf(only ? [only] : config.mailboxes, options.to);
  const { destination } = config;
  assert(destination.kind !== "platform", "emails are exported from files or blobs");
  return await runCommand(options, config, console, async (context) => {
    const inTheWay = options.force ? [] : await existing(files, options);
    for (const error of inTheWay) console.complain(`reinfer-ews: ${failureLine(error)}\n`);
    if (inTheWay.length > 0) return EXIT.usageOrConfig;
    await using source = await openStoredSource(destination, context.env);
    return await new Export(options, source, context).run(files);
  });
}

/** One file, and the mailboxes whose emails go into it. */
interface BucketFile {
  readonly path: string;
  readonly mailboxes: readonly Mailbox[];
}

/** Names of owners and buckets hold nothing but letters, digits, `_` and `-`. */
function exportFilesOf(mailboxes: readonly Mailbox[], to: string): readonly BucketFile[] {
  const byPath = Map.groupBy(
    mailboxes,
    ({ bucket: { owner, name } }) => join(to, owner, `${name}.jsonl`),
  );
  return [...byPath].map(([path, mailboxes]) => ({ path, mailboxes }));
}

async function existing(
  files: readonly BucketFile[],
  { to }: ExportOptions,
): Promise<readonly SyncError[]> {
  const disk = classifiedFiles(systemFiles, to);
  const found = await Promise.all(files.map(({ path }) => isThere(disk, path)));
  return files.filter((_, index) => found[index]).map(({ path }) => exportExists(path));
}

class Export {
  readonly #options: ExportOptions;
  readonly #source: StoredSource;
  readonly #context: CommandContext;
  readonly #progress: ProgressLine;

  constructor(options: ExportOptions, source: StoredSource, context: CommandContext) {
    this.#options = options;
    this.#source = source;
    this.#context = context;
    this.#progress = new ProgressLine(context.console, context.env.clock);
  }

  async run(files: readonly BucketFile[]): Promise<ExitCode> {
    let total = NOTHING_EXPORTED;
    using _progress = this.#progress;
    for (const file of files) total = addExportCounts(total, await this.#exportFile(file));
    const { exported, damaged, bytes } = total;
    const left = damaged > 0 ? `, ${damaged} damaged and left out` : "";
    this.#context.console.print(
      `${counted(exported, "email")} (${megabytes(bytes)}) exported below ` +
        `${visible(this.#options.to)}${left}\n`,
    );
    return damaged > 0 ? EXIT.finishedWithFailures : EXIT.done;
  }

  async #exportFile({ path, mailboxes }: BucketFile): Promise<ExportCounts> {
    const { to: root, force } = this.#options;
    await using file = await ExportFile.create({ path, root, force });
    const work = this.#work();
    let counts = NOTHING_EXPORTED;
    for (const mailbox of mailboxes) {
      counts = addExportCounts(counts, await exportMailbox(work, mailbox, file));
    }
    await file.finish();
    this.#progress[Symbol.dispose]();
    this.#context.console.print(`${visible(path)}: ${counted(counts.exported, "email")}\n`);
    return counts;
  }

  #work(): ExportWork {
    const { since } = this.#options;
    return {
      source: this.#source,
      ...(since ? { since } : {}),
      stop: this.#context.stop,
      onExported: ({ address }, { exported, bytes }) =>
        this.#progress.show(visible(`${address}  ${exported} emails  ${megabytes(bytes)}`)),
      onDamaged: (mailbox, position, error) => this.#say(mailbox, position, error),
    };
  }

  #say({ address }: Mailbox, position: string, { code, message, hint }: SyncError): void {
    this.#progress[Symbol.dispose]();
    this.#context.env.log.warn("A stored email is damaged and is left out.", {
      mailbox: address,
      email: position,
      code,
      reason: message,
      hint,
    });
  }
}
