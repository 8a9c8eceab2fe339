import type { LogFields, Logger, LogValue } from "../core/env.ts";

export type LogFormat = "text" | "json";

export interface LoggerOptions {
  readonly format: LogFormat;
  /** `--debug-level`: 0 no debug lines, 1 service debug, 2 full debug. */
  readonly debugLevel: 0 | 1 | 2;
  readonly now: () => Date;
  /** Takes one line with its line end. */
  readonly write: (line: string) => void;
  /** Values that are cut out wherever they appear: the last net below code that never logs them. */
  readonly secrets?: readonly string[];
}

type Level = "error" | "warn" | "info" | "debug" | "trace";

/** A field longer than this is cut: a hostile server or folder name must not flood the log. */
const FIELD_CHARACTERS_MAX = 1_000;
/** Shorter secrets would cut harmless words. */
const SECRET_CHARACTERS_MIN = 4;

/** Structured lines: JSON, or text for a terminal. Every line is one line, whatever its fields hold. */
export function createLogger(options: LoggerOptions): Logger {
  return new LineLogger(options, {});
}

class LineLogger implements Logger {
  readonly #options: LoggerOptions;
  readonly #fields: LogFields;

  constructor(options: LoggerOptions, fields: LogFields) {
    this.#options = options;
    this.#fields = fields;
  }

  error(msg: string, fields?: LogFields): void {
    this.#line("error", msg, fields);
  }

  warn(msg: string, fields?: LogFields): void {
    this.#line("warn", msg, fields);
  }

  info(msg: string, fields?: LogFields): void {
    this.#line("info", msg, fields);
  }

  debug(msg: string, fields?: LogFields): void {
    if (this.#options.debugLevel >= 1) this.#line("debug", msg, fields);
  }

  trace(msg: string, fields?: LogFields): void {
    if (this.#options.debugLevel >= 2) this.#line("trace", msg, fields);
  }

  with(fields: LogFields): Logger {
    return new LineLogger(this.#options, { ...this.#fields, ...fields });
  }

  #line(level: Level, msg: string, fields: LogFields = {}): void {
    const { format, now, write, secrets = [] } = this.#options;
    const all = Object.entries({ ...this.#fields, ...fields }).map(([name, value]) =>
      [name, shortened(value)] as const
    );
    const line = format === "json"
      ? jsonLine(now(), level, msg, all)
      : textLine(now(), level, msg, all);
    write(`${withoutSecrets(line, secrets)}\n`);
  }
}

type Fields = readonly (readonly [string, LogValue])[];

function jsonLine(now: Date, level: Level, msg: string, fields: Fields): string {
  return escapeControls(
    JSON.stringify({ ts: now.toISOString(), level, msg, ...Object.fromEntries(fields) }),
  );
}

function textLine(now: Date, level: Level, msg: string, fields: Fields): string {
  const shown = fields.filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${textOf(value)}`);
  const time = now.toISOString().slice(11, 19);
  return escapeControls(`${time} ${level.toUpperCase().padEnd(5)} ${msg}${shown.join("")}`);
}

function textOf(value: LogValue): string {
  const text = Array.isArray(value) ? value.join("/") : String(value);
  return /^[\w@.:/+-]+$/.test(text) ? text : JSON.stringify(text);
}

function shortened(value: LogValue): LogValue {
  if (Array.isArray(value)) return value.slice(0, 50).map(cut);
  return typeof value === "string" ? cut(value) : value;
}

function cut(text: string): string {
  return text.length <= FIELD_CHARACTERS_MAX ? text : `${text.slice(0, FIELD_CHARACTERS_MAX)}…`;
}

/** Control, format (bidirectional marks, joiners), unassigned and line-separating characters. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** What JSON leaves as it is but a terminal or a line-based reader would obey, or hide. */
function escapeControls(line: string): string {
  return line.replace(
    UNPRINTABLE,
    (character) => character.split("").map(escapedUnit).join(""),
  );
}

function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function withoutSecrets(line: string, secrets: readonly string[]): string {
  return secrets.filter(({ length }) => length >= SECRET_CHARACTERS_MIN)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .reduce((text, secret) => text.replaceAll(secret, "[secret]"), line);
}
