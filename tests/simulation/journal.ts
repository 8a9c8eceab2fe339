import type { Clock, LogFields, Logger } from "../../src/core/env.ts";
import { countIn, nothingSeen } from "./seen.ts";
import type { Violation } from "./violation.ts";

/** What is written down of a run while it goes on. */
export class Journal {
  readonly seen = nothingSeen();
  readonly lines: string[] = [];
  /** Properties that were seen not to hold. */
  readonly offences: Violation[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(line: string): void {
    this.lines.push(`${this.#clock.now().toISOString()} ${line}`);
  }

  event(name: string): void {
    countIn(this.seen.events, name);
  }

  offence(violation: Violation): void {
    this.note(`${violation.property} ${violation.details}`);
    this.offences.push(violation);
  }

  /** The log of the appliance, every level of it but the finest. */
  logger(): Logger {
    const at = (level: string) => (msg: string, fields: LogFields = {}) => {
      this.event(msg);
      const { code } = fields;
      if (typeof code === "string") countIn(this.seen.reactions, `${code}: ${msg}`);
      this.note(`${level} ${msg} ${JSON.stringify(fields)}`);
    };
    const logger: Logger = {
      error: at("error"),
      warn: at("warn"),
      info: at("info"),
      debug: at("debug"),
      trace: () => undefined,
      with: () => logger,
    };
    return logger;
  }
}
