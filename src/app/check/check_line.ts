import { SyncError, syncErrorOf } from "../../core/errors.ts";
import { type ExitCode, exitCodeOf } from "../exit_code.ts";

/** What is looked at, in the order in which it is said. */
export type CheckSubject =
  | "config"
  | "proxy"
  | "dns"
  | "connection"
  | "clock"
  | "token"
  | "sign-in"
  | "mailbox"
  | "destination"
  | "state";

/** One thing that was looked at. Texts are as they came and may hold any character. */
export interface CheckLine {
  readonly subject: CheckSubject;
  /** What of it: a mailbox address, a host; absent where there is only one. */
  readonly of?: string;
  /** `warn` works, and somebody should look at it; `skip` could not be tried. */
  readonly verdict: "pass" | "warn" | "fail" | "skip";
  /** What was found, without full stop. */
  readonly finding: string;
  /** Of the error behind a failure. */
  readonly code?: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** What a failure makes the process end with. */
  readonly exitCode?: ExitCode;
}

type About = Pick<CheckLine, "subject" | "of">;

export function pass(about: About, finding: string): CheckLine {
  return { ...about, verdict: "pass", finding };
}

export function warn(about: About, finding: string, remedy?: string): CheckLine {
  return { ...about, verdict: "warn", finding, ...(remedy === undefined ? {} : { remedy }) };
}

export function skip(about: About, finding: string): CheckLine {
  return { ...about, verdict: "skip", finding };
}

/** The failure of a check. What is no failure of the outside world is thrown on: a defect of ours. */
export function fail(about: About, thrown: unknown): CheckLine {
  const error = syncErrorOf(thrown);
  if (error.code === "InternalError") throw thrown;
  return {
    ...about,
    verdict: "fail",
    finding: error.message,
    code: error.code,
    exitCode: exitCodeOf(error),
    ...(error.hint === undefined ? {} : { remedy: error.hint }),
  };
}

/** What is known about a check that was not done in time. */
export function outOfTime(deadlineMs: number): SyncError {
  return new SyncError("retryable", "CheckTimeout", `Not done within ${deadlineMs / 1000} s`, {
    hint: "Check the load of the server and the network in between, and try again",
  });
}
