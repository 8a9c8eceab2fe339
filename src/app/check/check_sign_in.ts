import type { AuthConfig, ExchangeConfig } from "../../config/app_config.ts";
import { accountOf } from "../../config/config_secrets.ts";
import type { CallOptions, Env } from "../../core/env.ts";
import { syncErrorOf } from "../../core/errors.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { MailSource } from "../../core/ports.ts";
import type { TokenSource } from "../../http/token_source.ts";
import { rolesOfToken } from "./access_token_roles.ts";
import { type CheckLine, fail, pass, warn } from "./check_line.ts";
import { withinDeadline } from "./within_deadline.ts";

type Call = CallOptions & { readonly env: Env };

/** What lets an application read all mailboxes over EWS (facts/exchange-and-graph C.1). */
const EWS_ROLE = "full_access_as_app";

/** Whether the authority gives a token, and whether the token says that EWS may be used. */
export async function checkToken(
  tokens: TokenSource,
  { auth, endpoint }: ExchangeConfig,
  { env, signal }: Call,
): Promise<CheckLine> {
  const authority = auth.type === "oauth2" ? auth.authority.hostname : endpoint.hostname;
  const about = { subject: "token", of: authority } as const;
  try {
    const call = { clock: env.clock, signal };
    const { value } = await withinDeadline(call, (options) => tokens.token(options));
    const roles = rolesOfToken(value);
    if (!roles) return pass(about, "a token was issued; what it permits cannot be told from it");
    if (roles.includes(EWS_ROLE)) return pass(about, `a token was issued, with ${EWS_ROLE}`);
    const others = roles.length === 0 ? "no application permission" : `only ${roles.join(", ")}`;
    return warn(
      about,
      `a token was issued, with ${others}`,
      `Unless access is given by RBAC for Applications (New-ManagementRoleAssignment -App ` +
        `CLIENT-ID -Role "Application EWS.AccessAsApp"), add the application permission ` +
        `${EWS_ROLE} of Office 365 Exchange Online to the app and let an administrator consent`,
    );
  } catch (thrown) {
    signal.throwIfAborted();
    return fail(about, thrown);
  }
}

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
    await withinDeadline({ clock: env.clock, signal }, (options) => source.probe(mailbox, options));
    return accepted;
  } catch (thrown) {
    signal.throwIfAborted();
    // Whoever is told what is wrong with a mailbox has signed in.
    return concernsMailbox(syncErrorOf(thrown).code) ? accepted : fail(about, thrown);
  }
}

/** Response codes of Exchange begin so (EWS reference: ResponseCode); one of ours means the same. */
function concernsMailbox(code: string): boolean {
  return /^Error[A-Z]/.test(code) || code === "MailboxNotAccessible";
}
