import type { SyncError } from "../core/errors.ts";
import { OAUTH_REFUSALS } from "../http/token_refusals.ts";

/** Exit codes of the process (spec section 7). */
export const EXIT = {
  done: 0,
  finishedWithFailures: 1,
  usageOrConfig: 2,
  credentialsOrPermission: 3,
  sinkUnusable: 4,
  internalError: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Failures of kind `fatal` that are not defects of ours. */
const EXIT_CODE_OF_FATAL: ReadonlyMap<string, ExitCode> = new Map([
  ...[
    "CredentialsRefused",
    "NtlmNotOffered",
    "NtlmConnectionNotKept",
    "BasicNotOffered",
    ...OAUTH_REFUSALS,
  ].map((code) => [code, EXIT.credentialsOrPermission] as const),
  ...[
    "BindFailed",
    "CaFileInvalid",
    "CipherListInvalid",
    "OpensslUnavailable",
    "StateFormatNewer",
    "OauthAuthorityInvalid",
    "OauthKeyInvalid",
    "OauthThumbprintInvalid",
    "BasicUnencrypted",
    "BearerUnencrypted",
    "PlatformEndpointInvalid",
    "PlatformUnencrypted",
    "BasicUserInvalid",
  ].map((code) => [code, EXIT.usageOrConfig] as const),
]);

/** The exit code of a failure that ends the process. */
export function exitCodeOf(error: SyncError): ExitCode {
  switch (error.kind) {
    case "fatal":
      return EXIT_CODE_OF_FATAL.get(error.code) ?? EXIT.internalError;
    case "destination":
      return EXIT.sinkUnusable;
    case "retryable":
    case "item":
    case "folder":
    case "mailbox":
      return EXIT.finishedWithFailures;
  }
}
