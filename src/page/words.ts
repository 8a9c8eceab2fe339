import { visible } from "../config/printable.ts";
import type { MailboxName } from "../status/status_document.ts";
import { type Child, element } from "./element.ts";

/** How much a state or problem asks for attention; also the class of its mark. */
export type Tone = "ok" | "busy" | "warning" | "error" | "quiet";

interface Word {
  readonly text: string;
  readonly tone: Tone;
}

const MAILBOX_STATES: Readonly<Record<string, Word>> = {
  suspended: { text: "Suspended", tone: "error" },
  waiting_for_destination: { text: "Waiting for the destination", tone: "error" },
  backing_off: { text: "Backing off", tone: "warning" },
  stopped: { text: "Stopped", tone: "quiet" },
  starting: { text: "Starting", tone: "busy" },
  catching_up: { text: "Catching up", tone: "busy" },
  up_to_date: { text: "Up to date", tone: "ok" },
};

const FOLDER_STATES: Readonly<Record<string, Word>> = {
  first_sight: { text: "First sight", tone: "busy" },
  recovering: { text: "Recovering after a lost token", tone: "busy" },
  listing: { text: "Listing older mail", tone: "busy" },
  listing_unordered: { text: "Listing in the server's order", tone: "busy" },
  up_to_date: { text: "Up to date", tone: "ok" },
  gone: { text: "Gone", tone: "quiet" },
};

/** A newer instance than the page that was loaded may know states this page does not. */
export function mailboxStateOf(state: string): Word {
  return MAILBOX_STATES[state] ?? { text: state, tone: "quiet" };
}

export function folderStateOf(state: string): Word {
  return FOLDER_STATES[state] ?? { text: state, tone: "quiet" };
}

/** The sign beside a word: shape and colour, so that neither is needed alone. */
export function mark(tone: Tone): HTMLElement {
  return element("span", { class: `mark ${tone}`, "aria-hidden": "true" });
}

/** A state with its sign, which never stand on two lines. */
export function stateWord(text: string, tone: Tone): HTMLElement {
  return element("span", { class: "unbroken" }, mark(tone), text);
}

/**
 * A name or text from a server or sender: nothing in it is hidden, and its direction stays its own.
 */
export function foreign(text: string): HTMLElement {
  return element("bdi", {}, visible(text));
}

/**
 * A folder by its path. A part that is nothing but space stands in quotes, and of a path that would
 * fill the screen the rest is seen by pointing at it.
 */
export function folderNameOf(path: readonly string[]): HTMLElement {
  const whole = path.map((part) => part.trim() === "" ? `"${part}"` : part).join(" / ");
  return element("span", { class: "folder-name", title: visible(whole) }, foreign(whole));
}

/** What to do about a failure; names of settings stand between backticks. */
export function remedy(hint: string): HTMLElement {
  const parts = visible(hint).split("`");
  return element(
    "p",
    { class: "remedy" },
    element("strong", {}, "What to do: "),
    element(
      "bdi",
      {},
      ...parts.flatMap((part, index) =>
        index % 2 === 1 ? [element("code", {}, part)] : withWholeOptions(part)
      ),
    ),
  );
}

/** An option of a command is not broken behind its hyphen. */
function withWholeOptions(text: string): readonly Child[] {
  return text.split(/(?<= )(-\w+)/).map((part, index) =>
    index % 2 === 1 ? element("span", { class: "unbroken" }, part) : part
  );
}

/** An address may be broken behind its "@" where there is little room. */
export function mailboxNameOf({ mailbox, number }: MailboxName): HTMLElement {
  if (mailbox === undefined) return foreign(`Mailbox ${number}`);
  const parts = visible(mailbox).split(/(?<=@)/);
  return element(
    "bdi",
    {},
    ...parts.flatMap((part, index) => index > 0 ? [element("wbr"), part] : [part]),
  );
}
