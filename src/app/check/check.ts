import type { AppConfig } from "../../config/app_config.ts";
import { placeText } from "../../config/destination_place.ts";
import type { CheckOptions } from "../../config/check_options.ts";
import type { CallOptions, Env } from "../../core/env.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { StateStore } from "../../core/ports.ts";
import { Semaphore } from "../../core/semaphore.ts";
import { type CommandContext, runCommand } from "../command.ts";
import { openExchange } from "../connections.ts";
import { openDestination } from "../open_destination.ts";
import type { Console } from "../console.ts";
import { counted } from "../counted.ts";
import { CredentialGates } from "../credential_gates.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { configuredMailbox } from "../resync.ts";
import { checkDestination, checkStates } from "./check_destination.ts";
import { type CheckLine, fail, pass, skip, warn } from "./check_line.ts";
import { checkMailbox, type MailboxCheck } from "./check_mailbox.ts";
import { checkNetwork } from "./check_network.ts";
import { checkSignIn } from "./check_sign_in.ts";
import { checkToken } from "./check_token.ts";
import { checkJson, checkLineText, checkSummary } from "./check_text.ts";
import { withConcreteRemedy } from "./concrete_remedy.ts";

export interface CheckRequest {
  readonly options: CheckOptions;
  readonly config: AppConfig;
  /** What validation found worth saying; one line each. */
  readonly warnings: readonly string[];
}

/** Mailboxes looked at side by side: fewer than one throttling budget allows. */
const MAILBOXES_AT_A_TIME = 8;

/** `check`: says of everything that a sync needs whether it works, and what to change. */
export async function check(request: CheckRequest, console: Console): Promise<ExitCode> {
  const { options, config } = request;
  const only = options.mailbox === undefined
    ? undefined
    : configuredMailbox(options.mailbox, config, console);
  if (options.mailbox !== undefined && !only) return EXIT.usageOrConfig;
  const mailboxes = only ? [only] : config.mailboxes;
  return await runCommand(options, config, console, async (context) => {
    const lines: CheckLine[] = [];
    for await (const line of checkAll(request, mailboxes, context)) {
      const { auth } = config.exchange;
      const mailbox = line.subject === "mailbox" ? line.of : mailboxes[0]?.address;
      lines.push(withConcreteRemedy(line, { auth, ...(mailbox ? { mailbox } : {}) }));
      if (!options.json) console.print(checkLineText(lines.at(-1)!));
    }
    console.print(options.json ? checkJson(lines) : checkSummary(lines));
    return exitCodeOf(lines);
  });
}

/** Everything that is looked at, in the order in which it is said; each line as soon as it is known. */
async function* checkAll(
  { options, config, warnings }: CheckRequest,
  mailboxes: readonly Mailbox[],
  { env, stop }: CommandContext,
): AsyncGenerator<CheckLine> {
  const call = { env, signal: stop.begun };
  yield* configLines(config, warnings);
  let isReachable = true;
  for await (const line of checkNetwork(config.exchange, call)) {
    yield line;
    if (line.verdict === "fail") isReachable = false;
  }
  await using destination = await openDestination(config, env);
  // Known before any mailbox, whose state lies there: its failure is not to be said of each of them.
  const stored = await checkDestination(destination, placeText(options.destination), call);
  const states = stored.verdict === "fail" ? undefined : destination.states;
  if (isReachable) yield* checkExchange(config, states, mailboxes, call);
  else yield skip({ subject: "sign-in" }, "not tried, as the server cannot be reached");
  yield stored;
  yield states
    ? await checkStates(states, mailboxes, call)
    : skip({ subject: "state" }, "not read, as the destination failed");
}

async function* checkExchange(
  config: AppConfig,
  states: StateStore | undefined,
  mailboxes: readonly Mailbox[],
  call: CallOptions & { readonly env: Env },
): AsyncGenerator<CheckLine> {
  const { env, signal } = call;
  const { auth } = config.exchange;
  try {
    const gate = new CredentialGates(env.clock).gateFor(auth);
    await using exchange = await openExchange(config, env, { gate });
    const { source, tokens } = exchange;
    const token = tokens && await checkToken(tokens, config.exchange, call);
    if (token) yield token;
    const [first] = mailboxes;
    const signIn = first && token?.verdict !== "fail"
      ? await checkSignIn(source, first, auth, call)
      : undefined;
    if (signIn) yield signIn;
    if (token?.verdict !== "fail" && signIn?.verdict !== "fail") {
      const work = { source, env, ...(states ? { states } : {}) };
      yield* checkMailboxes(work, mailboxes, call);
    } else {
      const finding = `${counted(mailboxes.length, "mailbox")} not tried, as signing in failed`;
      yield skip({ subject: "mailbox" }, finding);
    }
  } catch (thrown) {
    signal.throwIfAborted();
    yield fail({ subject: "sign-in" }, thrown);
  }
}

function* configLines(
  { mailboxes }: AppConfig,
  warnings: readonly string[],
): Generator<CheckLine> {
  yield pass({ subject: "config" }, `valid: ${counted(mailboxes.length, "mailbox")}`);
  for (const warning of warnings) yield warn({ subject: "config" }, warning);
}

/** Several at a time, said in the order of the configuration. */
async function* checkMailboxes(
  work: MailboxCheck,
  mailboxes: readonly Mailbox[],
  { signal }: CallOptions,
): AsyncGenerator<CheckLine> {
  const places = new Semaphore(MAILBOXES_AT_A_TIME);
  const pending = mailboxes.map((mailbox) => {
    const line = places.run(() => checkMailbox(work, mailbox, { signal }), { signal });
    // It is waited for in its turn; until then nobody listens.
    line.catch(() => {});
    return line;
  });
  for (const line of pending) yield await line;
}

/** The gravest of what the failures stand for. */
function exitCodeOf(lines: readonly CheckLine[]): ExitCode {
  const codes = lines.map(({ exitCode }) => exitCode).filter((code) => code !== undefined);
  return GRAVEST_FIRST.find((code) => codes.includes(code)) ?? EXIT.done;
}

const GRAVEST_FIRST: readonly ExitCode[] = [
  EXIT.internalError,
  EXIT.credentialsOrPermission,
  EXIT.usageOrConfig,
  EXIT.sinkUnusable,
  EXIT.finishedWithFailures,
];
