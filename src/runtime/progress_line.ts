import type { Clock } from "../core/env.ts";

/** The part of a console this needs. */
interface Line {
  complain(text: string): void;
  readonly isTerminal: boolean;
  columns(): number;
}

const REDRAW_INTERVAL_MS = 200;
const ERASE_LINE = "\r\x1b[2K";

/** One line on a terminal that says how far a command has come; elsewhere nothing. */
export class ProgressLine implements Disposable {
  readonly #console: Line;
  readonly #clock: Clock;
  #shownAtMs = -Infinity;

  constructor(console: Line, clock: Clock) {
    this.#console = console;
    this.#clock = clock;
  }

  /** `text` is printable; it is cut to the width, and not every one is drawn. */
  show(text: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#console.isTerminal || nowMs - this.#shownAtMs < REDRAW_INTERVAL_MS) return;
    this.#console.complain(`${ERASE_LINE}${text.slice(0, this.#console.columns() - 1)}`);
    this.#shownAtMs = nowMs;
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#shownAtMs > -Infinity) this.#console.complain(ERASE_LINE);
  }
}
