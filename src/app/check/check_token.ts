import type { ExchangeConfig } from "../../config/app_config.ts";
import type { CallOptions, Env } from "../../core/env.ts";
import type { TokenSource } from "../../http/token_source.ts";
import { rolesOfToken } from "./access_token_roles.ts";
import { type CheckLine, fail, pass, warn } from "./check_line.ts";
import { withinCheckTime } from "./within_check_time.ts";

type About = Pick<CheckLine, "subject" | "of">;

/** Whether the authority gives a token, and what the token says that it permits. */
export async function checkToken(
  tokens: TokenSource,
  { api, auth, endpoint }: ExchangeConfig,
  { env, signal }: CallOptions & { readonly env: Env },
): Promise<CheckLine> {
  const authority = auth.type === "oauth2" ? auth.authority.hostname : endpoint.hostname;
  const about = { subject: "token", of: authority } as const;
  try {
    const call = { clock: env.clock, signal };
    const { value } = await withinCheckTime(call, (options) => tokens.token(options));
    const roles = rolesOfToken(value);
    if (!roles) return pass(about, "a token was issued; what it permits cannot be told from it");
    return api === "graph" ? judgeGraphRoles(about, roles) : judgeEwsRoles(about, roles);
  } catch (thrown) {
    signal.throwIfAborted();
    return fail(about, thrown);
  }
}

/** What lets an application read all mailboxes over EWS (facts/exchange-and-graph C.1). */
const EWS_ROLE = "full_access_as_app";

function judgeEwsRoles(about: About, roles: readonly string[]): CheckLine {
  if (roles.includes(EWS_ROLE)) return pass(about, `a token was issued, with ${EWS_ROLE}`);
  const others = roles.length === 0 ? "no application permission" : `only ${roles.join(", ")}`;
  return warn(
    about,
    `a token was issued, with ${others}`,
    `Unless access is given by RBAC for Applications (New-ManagementRoleAssignment -App ` +
      `CLIENT-ID -Role "Application EWS.AccessAsApp"), add the application permission ` +
      `${EWS_ROLE} of Office 365 Exchange Online to the app and let an administrator consent`,
  );
}

/**
 * A permission in the token holds for the whole tenant; one that RBAC for Applications gives is
 * looked up by Exchange and not in the token (auth-limit-mailbox-access).
 */
function judgeGraphRoles(about: About, roles: readonly string[]): CheckLine {
  const granted = roles.filter((role) => /^Mail\.(?:Read|ReadWrite|Send)$/.test(role));
  if (granted.length > 0) {
    return warn(
      about,
      `a token was issued, with ${granted.join(", ")} for every mailbox of the tenant`,
      `To let the application read only the mailboxes it syncs, give it access by RBAC for ` +
        `Applications (New-ManagementRoleAssignment -App CLIENT-ID -Role "Application Mail.Read" ` +
        `-CustomResourceScope SCOPE) and remove ${granted.join(", ")} in Entra ID`,
    );
  }
  return pass(
    about,
    "a token was issued; without Mail.Read in it, access is what RBAC for Applications gives",
  );
}
