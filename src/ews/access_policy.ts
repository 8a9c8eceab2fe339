import { SyncError } from "../core/errors.ts";
import { serverWords } from "../source/server_words.ts";

interface Policy {
  readonly said: RegExp;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * How Exchange Online says that an administrator keeps EWS closed: two sentences in one header field,
 * `X-EWS-Policy-Reason` (Microsoft, "Control access to EWS in Exchange"). They say nothing of the
 * credentials, which are right.
 */
const POLICIES: readonly Policy[] = [
  {
    said: /\b(?:EWS|Exchange Web Services)\b.{0,40}\b(?:disabled|not enabled|turned off)\b/i,
    code: "EwsDisabled",
    message: "Exchange says that EWS is switched off for this mailbox or for the organisation",
    hint: "Switch it on for both: Set-OrganizationConfig -EwsEnabled $true and Set-CASMailbox " +
      "MAILBOX -EwsEnabled $true; in Exchange Online also -EwsAllowedAppIDs with " +
      "auth_oauth_client_id (up to 24 hours until it holds; not after April 2027)",
  },
  {
    said: /\b(?:EWS|Exchange Web Services)\b.{0,40}\b(?:blocked|not allowed)\b/i,
    code: "EwsBlockedByPolicy",
    message: "Exchange says that a policy of the organisation blocks this application from EWS",
    hint: "Add auth_oauth_client_id to the ids that Get-OrganizationConfig " +
      "-RetrieveEwsOperationAccessPolicy shows and set all of them: Set-OrganizationConfig " +
      '-EwsAllowedAppIDs "ID,ID" (up to 24 hours until it holds); if EwsApplicationAccessPolicy is ' +
      "set, also -EwsApplicationAccessPolicy EnforceAllowList -EwsAllowList " +
      '@{Add="reinfer-ews*"}, or take reinfer-ews out of EwsBlockList',
  },
];

/**
 * The error of what a server says about its policy for EWS, of kind `mailbox`; absent where it says
 * nothing of that.
 */
export function accessPolicyErrorOf(said: string): SyncError | undefined {
  const words = serverWords(said);
  const policy = POLICIES.find((candidate) => candidate.said.test(words));
  if (!policy) return undefined;
  return new SyncError("mailbox", policy.code, `${policy.message}: "${words}"`, {
    hint: policy.hint,
  });
}
