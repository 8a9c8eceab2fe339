import type { Clock } from "../core/env.ts";
import type { Folder, Mailbox } from "../core/mailbox.ts";
import {
  type DeliveryCounts,
  type MailboxPhase,
  type Observer,
  settledOf,
} from "../core/observer.ts";

/** The part of a terminal this needs. */
export interface Terminal {
  write(text: string): void;
  /** Width in characters. */
  columns(): number;
}

/** More mailboxes than this are shown as those at work, and a line for the rest. */
const MAILBOX_LINES_MAX = 10;
const REDRAW_INTERVAL_MS = 200;
/** Rates are over this long. */
const RATE_WINDOW_MS = 5_000;

const ERASE_LINE_AND_UP = "\x1b[1A\x1b[2K";

/**
 * Shows, below the log on a terminal, what each mailbox is doing: folder, emails, rate, remaining.
 * Draws when something happens, at most five times a second, and never more than fits the width.
 */
export class TerminalProgress implements Partial<Observer> {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #mailboxes = new Map<string, MailboxProgress>();
  #linesDrawn = 0;
  #drawnAtMs = -Infinity;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  /** Prints a line of the log above what is drawn. */
  print(line: string): void {
    this.#erase();
    this.#terminal.write(line);
    this.#draw();
  }

  /** Takes what is drawn away; whatever comes next begins on a clean line. */
  clear(): void {
    this.#erase();
    this.#mailboxes.clear();
  }

  phaseChanged(mailbox: Mailbox, phase: MailboxPhase): void {
    this.#of(mailbox).phase = phase;
    this.#redraw();
  }

  roundStarted(mailbox: Mailbox, folders: readonly Folder[]): void {
    this.#of(mailbox).begin(folders);
    this.#redraw();
  }

  settled(mailbox: Mailbox, folder: Folder, counts: DeliveryCounts): void {
    this.#of(mailbox).settled(folder, counts, this.#clock.monotonicMs());
    this.#redraw();
  }

  passEnded(mailbox: Mailbox, folder: Folder, behind: boolean): void {
    if (!behind) this.#of(mailbox).finish(folder);
    this.#redraw();
  }

  #of({ address }: Mailbox): MailboxProgress {
    const known = this.#mailboxes.get(address);
    if (known) return known;
    const progress = new MailboxProgress();
    this.#mailboxes.set(address, progress);
    return progress;
  }

  #redraw(): void {
    if (this.#clock.monotonicMs() - this.#drawnAtMs < REDRAW_INTERVAL_MS) return;
    this.#erase();
    this.#draw();
  }

  #draw(): void {
    const nowMs = this.#clock.monotonicMs();
    const width = this.#terminal.columns() - 1;
    const lines = this.#lines(nowMs).map((line) => line.slice(0, width));
    this.#terminal.write(lines.map((line) => `${line}\n`).join(""));
    this.#linesDrawn = lines.length;
    this.#drawnAtMs = nowMs;
  }

  #lines(nowMs: number): string[] {
    const all = [...this.#mailboxes];
    const atWork = all.filter(([, { phase }]) => phase.name !== "idle" && phase.name !== "stopped");
    const shown = all.length <= MAILBOX_LINES_MAX ? all : atWork.slice(0, MAILBOX_LINES_MAX);
    const lines = shown.map(([address, progress]) => progress.line(address, nowMs));
    if (shown.length < all.length) {
      lines.push(`  … and ${all.length - shown.length} mailboxes more`);
    }
    return lines;
  }

  #erase(): void {
    this.#terminal.write(ERASE_LINE_AND_UP.repeat(this.#linesDrawn));
    this.#linesDrawn = 0;
  }
}

class MailboxProgress {
  phase: MailboxPhase = { name: "starting" };
  #folder = "";
  #emails = 0;
  /** Items still to settle in each folder, as far as the server's counts tell. */
  readonly #remaining = new Map<string, number>();
  #recent: { readonly atMs: number; readonly emails: number }[] = [];

  begin(folders: readonly Folder[]): void {
    for (const { id, itemCount = 0 } of folders) {
      if (!this.#remaining.has(id)) this.#remaining.set(id, itemCount);
    }
  }

  settled(folder: Folder, counts: DeliveryCounts, nowMs: number): void {
    const emails = settledOf(counts);
    this.#folder = folder.path.join("/");
    this.#emails += counts.delivered;
    this.#remaining.set(folder.id, Math.max(0, (this.#remaining.get(folder.id) ?? 0) - emails));
    this.#recent.push({ atMs: nowMs, emails: counts.delivered });
  }

  finish({ id }: Folder): void {
    this.#remaining.set(id, 0);
  }

  line(address: string, nowMs: number): string {
    const emails = `${grouped(this.#emails)} ${this.#emails === 1 ? "email" : "emails"}`;
    return `  ${address.padEnd(32)} ${emails.padStart(16)}  ${this.#doing(nowMs)}`;
  }

  #doing(nowMs: number): string {
    switch (this.phase.name) {
      case "starting":
        return "starting";
      case "syncing": {
        const remaining = [...this.#remaining.values()].reduce((a, b) => a + b, 0);
        const rate = `${grouped(this.#rate(nowMs))}/s`;
        return `${rate.padStart(8)}  ${grouped(remaining)} remaining  ${printable(this.#folder)}`;
      }
      case "idle":
      case "stopped":
        return "up to date";
      case "backing-off":
      case "suspended":
        return `${this.phase.name}: ${printable(this.phase.error.message)}`;
      case "waiting-for-destination":
        return `waiting for the destination: ${printable(this.phase.error.message)}`;
    }
  }

  #rate(nowMs: number): number {
    this.#recent = this.#recent.filter(({ atMs }) => nowMs - atMs < RATE_WINDOW_MS);
    const first = this.#recent[0];
    if (!first) return 0;
    const emails = this.#recent.reduce((sum, recent) => sum + recent.emails, 0);
    return Math.round(emails / Math.max(0.2, (nowMs - first.atMs) / 1_000));
  }
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** Folder names and server texts are hostile: nothing in them may steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "�");
}
