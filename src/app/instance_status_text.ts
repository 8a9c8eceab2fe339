import { visible, visiblePath } from "../config/printable.ts";
import type {
  ErrorDocument,
  FolderDocument,
  MailboxDocument,
  StatusDocument,
} from "../status/status_document.ts";
import { counted } from "./counted.ts";

const PATH_COLUMNS = 30;

/** `status --url` for people: what needs attention, then a block for each mailbox. */
export function instanceStatusText(url: URL, status: StatusDocument): string {
  const { instance, service, totals, mailboxes } = status;
  const lines = [
    `${visible(url.href)}: reinfer-ews ${visible(instance.version)}, ` +
    `${service.ready ? "ready" : "not ready"}, since ${minuteOf(instance.started_at)}`,
    ...service.not_ready.flatMap((reason) =>
      errorLines(`Not ready: ${visible(reason.what)}`, reason)
    ),
    ...(service.throttled
      ? errorLines(
        `Exchange throttles every mailbox until ${minuteOf(service.throttled.until)}`,
        service.throttled,
      )
      : []),
    ...mailboxes.flatMap(mailboxLines),
    "",
    `${counted(totals.mailboxes, "mailbox")}, ${counted(totals.folders, "folder")}, ` +
    `${totals.folders_behind} with backlog, ${counted(totals.skipped, "email")} skipped` +
    `${totals.rebuilt > 0 ? `, ${totals.rebuilt} rebuilt` : ""}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function mailboxLines(mailbox: MailboxDocument): readonly string[] {
  const { number, state, condition, throttled, folders = [], skipped } = mailbox;
  const name = visible(mailbox.mailbox ?? `Mailbox ${number}`);
  return [
    "",
    `${name}: ${visible(state).replaceAll("_", " ")} since ${minuteOf(condition.since)}`,
    ...(condition.error ? errorLines("", condition.error) : []),
    ...(condition.until === undefined ? [] : [`  Next try ${minuteOf(condition.until)}`]),
    ...(throttled ? errorLines(`  Throttled until ${minuteOf(throttled.until)}`, throttled) : []),
    `  Synced until ${minuteOf(mailbox.synced_until)}, at most ${mailbox.left} to list, ` +
    `${skipped} skipped${mailbox.listening ? ", listening for new mail" : ""}`,
    ...(folders.length > 0
      ? [`  ${"FOLDER".padEnd(PATH_COLUMNS)} ${"SYNCED UNTIL".padEnd(17)}  TO LIST  SKIPPED`]
      : []),
    ...folders.flatMap(folderLines),
  ];
}

function folderLines(folder: FolderDocument): readonly string[] {
  const path = visiblePath(folder.path);
  const numbers = `${minuteOf(folder.synced_until).padEnd(17)}  ${
    String(folder.left ?? 0).padStart(7)
  }  ${String(folder.skipped.count).padStart(7)}`;
  const row = path.length <= PATH_COLUMNS
    ? [`  ${path.padEnd(PATH_COLUMNS)} ${numbers}`]
    : [`  ${path}`, `  ${" ".repeat(PATH_COLUMNS)} ${numbers}`];
  const state = folder.state === "up_to_date"
    ? []
    : [`    ${visible(folder.state).replaceAll("_", " ")}`];
  return [...row, ...state, ...(folder.failure ? errorLines("    Failing", folder.failure) : [])];
}

function errorLines(what: string, { code, reason, hint }: ErrorDocument): readonly string[] {
  const why = reason === undefined ? visible(code) : `${visible(reason)} (${visible(code)})`;
  return [
    what === "" ? `  ${why}` : `${what}: ${why}`,
    ...(hint === undefined ? [] : [`  What to do: ${visible(hint)}`]),
  ];
}

/** An ISO time to the minute, UTC. */
function minuteOf(time: string | undefined): string {
  return time === undefined ? "-" : `${visible(time).slice(0, 16).replace("T", " ")}Z`;
}
