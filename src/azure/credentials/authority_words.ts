import { SyncError } from "../../core/errors.ts";
import { STORAGE_SCOPE } from "./token_candidate.ts";

/** What an application proves itself with. */
export type ProofKind = "secret" | "certificate" | "federated token";

const PROOF_VARIABLES: Readonly<Record<ProofKind, string>> = {
  "secret": "AZURE_CLIENT_SECRET",
  "certificate": "AZURE_CLIENT_CERTIFICATE_PATH",
  "federated token": "AZURE_FEDERATED_TOKEN_FILE",
};

/** Keys of the config file that remedies name, and what is set for this client instead. */
const OUR_NAMES: readonly (readonly [string, string])[] = [
  ["`auth_oauth_client_secret`", "AZURE_CLIENT_SECRET"],
  [
    "`auth_oauth_client_credential_private_key` and `auth_oauth_client_credential_thumbprint`",
    "AZURE_CLIENT_CERTIFICATE_PATH",
  ],
  ["`auth_oauth_client_id`", "AZURE_CLIENT_ID"],
  ["`auth_oauth_authority`", "AZURE_TENANT_ID and AZURE_AUTHORITY_HOST"],
  ["`auth_oauth_scope`", STORAGE_SCOPE],
];

const CLOUD_WRONG = "Check that AZURE_TENANT_ID is the tenant of the storage account, and that " +
  "AZURE_AUTHORITY_HOST, if it is set, belongs to the cloud of the account";

/** A remedy that is another than where Exchange is signed in to, by the code of the refusal. */
function ourHintOf(code: string, proof: ProofKind): string | undefined {
  switch (code) {
    case "OauthCertificateUnknown":
      return "Upload the certificate (Microsoft Entra admin center, App registrations, the app, " +
        "Certificates & secrets), and check that the file of AZURE_CLIENT_CERTIFICATE_PATH holds " +
        "it with its private key";
    case "OauthConsentMissing":
    case "OauthResourceUnknown":
    case "OauthScopeInvalid":
      return CLOUD_WRONG;
    case "OauthClientRefused":
      return `Check AZURE_TENANT_ID, AZURE_CLIENT_ID and ${PROOF_VARIABLES[proof]}`;
    default:
      return undefined;
  }
}

/** A refusal or a failure of the authority, with a remedy that names what is set for Azure. */
export function inOurWords(error: SyncError, proof: ProofKind): SyncError {
  let hint = ourHintOf(error.code, proof) ?? error.hint ?? "";
  for (const [theirs, ours] of OUR_NAMES) hint = hint.replaceAll(theirs, ours);
  return withHint(error, hint);
}

/** The authority could not be asked: the remedy says what names it. */
export function unreachedInOurWords(error: SyncError, proof: ProofKind): SyncError {
  const said = inOurWords(error, proof);
  const { hint = "" } = said;
  const isNamed = hint.includes("AZURE_AUTHORITY_HOST") || error.code.startsWith("Proxy");
  return isNamed ? said : withHint(
    said,
    `${hint}; it is the authority of Azure, or the one that AZURE_AUTHORITY_HOST names`,
  );
}

function withHint({ kind, code, message, retryAfterMs, cause }: SyncError, hint: string) {
  return new SyncError(kind, code, message, {
    hint,
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
