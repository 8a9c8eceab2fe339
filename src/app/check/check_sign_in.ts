import type { AuthConfig } from "../../config/app_config.ts";
import { accountOf } from "../../config/config_secrets.ts";
import type { CallOptions, Env } from "../../core/env.ts";
import { syncErrorOf } from "../../core/errors.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { MailSource } from "../../core/ports.ts";
import { type CheckLine, fail, pass } from "./check_line.ts";
import { withinCheckTime } from "./within_check_time.ts";

type Call = CallOptions & { readonly env: Env };

/** Whether the server can be reached, trusted and signed in to, tried with one mailbox. */
export async function checkSignIn(
  source: MailSource,
  mailbox: Mailbox,
  auth: AuthConfig,
  { env, signal }: Call,
): Promise<CheckLine> {
  const about = { subject: "sign-in", of: accountOf(auth) } as const;
  const accepted = pass(about, `accepted (${auth.type})`);
  try {
    await withinCheckTime(
      { clock: env.clock, signal },
      (options) => source.probe(mailbox, options),
    );
    return accepted;
  } catch (thrown) {
    signal.throwIfAborted();
    // Whoever is told what is wrong with a mailbox has signed in.
    return concernsMailbox(syncErrorOf(thrown).code) ? accepted : fail(about, thrown);
  }
}

/** Codes of Exchange (EWS reference: ResponseCode) and of Graph that speak of a mailbox; one of ours. */
function concernsMailbox(code: string): boolean {
  return /^(?:Error[A-Z]|Mailbox[A-Z]|AccessDenied$|Authorization_|(?:Request_)?ResourceNotFound$)/
    .test(code);
}
