/** A refusal that administrators meet: ours and Microsoft's number for it. */
export interface KnownRefusal {
  readonly code: string;
  /** Completes `The authority refused the client: `. */
  readonly finding: string;
  readonly hint: string;
}

const CERTIFICATES_AND_SECRETS = "Microsoft Entra admin center, App registrations, the app, " +
  "Certificates & secrets";

const SECRET_WRONG: KnownRefusal = {
  code: "OauthSecretWrong",
  finding: "the client secret is wrong",
  hint: "Put the value of a client secret, not its ID, into `auth_oauth_client_secret` " +
    `(${CERTIFICATES_AND_SECRETS})`,
};
const SECRET_EXPIRED: KnownRefusal = {
  code: "OauthSecretExpired",
  finding: "the client secret has expired or was revoked",
  hint: `Make a new client secret (${CERTIFICATES_AND_SECRETS}) and put its value into ` +
    "`auth_oauth_client_secret`",
};
const APP_UNKNOWN: KnownRefusal = {
  code: "OauthAppUnknown",
  finding: "the tenant knows no such application",
  hint: "Check `auth_oauth_client_id` (Application (client) ID) and the tenant in " +
    "`auth_oauth_authority`; an app of another tenant needs its admin consent here first",
};
const APP_DISABLED: KnownRefusal = {
  code: "OauthAppDisabled",
  finding: "the application is disabled",
  hint: "Enable it: Microsoft Entra admin center, Enterprise applications, the app, Properties",
};
const TENANT_UNKNOWN: KnownRefusal = {
  code: "OauthTenantUnknown",
  finding: "there is no such tenant",
  hint:
    "Check the tenant in `auth_oauth_authority` (Directory (tenant) ID), and that the host is " +
    "that of your cloud, e.g. login.microsoftonline.us for US Government",
};
const CONSENT_MISSING: KnownRefusal = {
  code: "OauthConsentMissing",
  finding: "an administrator has not consented to what the application asks for",
  hint:
    "Add the application permission full_access_as_app of Office 365 Exchange Online and grant " +
    "admin consent (Microsoft Entra admin center, App registrations, the app, API permissions)",
};
const RESOURCE_UNKNOWN: KnownRefusal = {
  code: "OauthResourceUnknown",
  finding: "the tenant does not know the service that the scope names",
  hint:
    "Check `auth_oauth_scope`: https://outlook.office365.com/.default for Exchange Online; for a " +
    "server of your own its URL must be a service principal name of Exchange in this tenant",
};
const SCOPE_INVALID: KnownRefusal = {
  code: "OauthScopeInvalid",
  finding: "the scope is not valid",
  hint: "Let `auth_oauth_scope` be one service followed by /.default, e.g. " +
    "https://outlook.office365.com/.default",
};
const CERTIFICATE_UNKNOWN: KnownRefusal = {
  code: "OauthCertificateUnknown",
  finding:
    "the certificate is not registered for the application, has expired, or is not that of " +
    "the private key",
  hint: `Upload the certificate (${CERTIFICATES_AND_SECRETS}), and check that ` +
    "`auth_oauth_client_credential_thumbprint` is its thumbprint and " +
    "`auth_oauth_client_credential_private_key` its key",
};
const CERTIFICATE_REVOKED: KnownRefusal = {
  code: "OauthCertificateRevoked",
  finding: "the certificate has been revoked or is outside its validity",
  hint: `Upload a new certificate (${CERTIFICATES_AND_SECRETS}) and set ` +
    "`auth_oauth_client_credential_private_key` and `auth_oauth_client_credential_thumbprint`",
};
const FEDERATION_UNKNOWN: KnownRefusal = {
  code: "OauthFederationUnknown",
  finding: "the application trusts no token of this issuer, subject and audience",
  hint: "Give the application, or the user-assigned identity, a federated credential for this " +
    "cluster and service account (Microsoft Entra admin center, App registrations, the app, " +
    "Certificates & secrets, Federated credentials)",
};
const CREDENTIAL_KIND: KnownRefusal = {
  code: "OauthCredentialKindRefused",
  finding: "the application may not sign in with this kind of credential",
  hint:
    "Use a certificate instead of a secret or the other way round, as the app registration and " +
    "the app management policies of the tenant demand",
};
const CONDITIONAL_ACCESS: KnownRefusal = {
  code: "OauthConditionalAccess",
  finding: "a Conditional Access policy blocks it",
  hint: "Let the policy for workload identities allow this app from the address of this machine " +
    "(Microsoft Entra admin center, Conditional Access; Sign-in logs name the policy)",
};
const ACCOUNT_UNKNOWN: KnownRefusal = {
  code: "OauthAccountUnknown",
  finding: "the account does not exist in the tenant",
  hint: "Check `auth_oauth_client_id` and the tenant in `auth_oauth_authority`",
};
const ROLE_MISSING: KnownRefusal = {
  code: "OauthRoleMissing",
  finding: "the application is not assigned to a role of the service",
  hint: "Assign it, or switch off Assignment required (Microsoft Entra admin center, Enterprise " +
    "applications, the service, Users and groups)",
};
export const CLOCK_WRONG: KnownRefusal = {
  code: "OauthClockWrong",
  finding: "the clock of this machine is off",
  hint: "Set the clock of this machine right (chrony or systemd-timesyncd)",
};

/** Numbers of Microsoft's reference of AADSTS error codes. */
export const KNOWN_REFUSALS: ReadonlyMap<number, KnownRefusal> = new Map([
  [7000215, SECRET_WRONG],
  [7000222, SECRET_EXPIRED],
  [7005003, SECRET_EXPIRED],
  [700016, APP_UNKNOWN],
  [7000229, APP_UNKNOWN],
  [7000112, APP_DISABLED],
  [90002, TENANT_UNKNOWN],
  [90019, TENANT_UNKNOWN],
  [900021, TENANT_UNKNOWN],
  [900023, TENANT_UNKNOWN],
  [50059, TENANT_UNKNOWN],
  [65001, CONSENT_MISSING],
  [650056, CONSENT_MISSING],
  [650057, CONSENT_MISSING],
  [500011, RESOURCE_UNKNOWN],
  [500014, RESOURCE_UNKNOWN],
  [50001, RESOURCE_UNKNOWN],
  [70011, SCOPE_INVALID],
  [1002012, SCOPE_INVALID],
  [700027, CERTIFICATE_UNKNOWN],
  [7000274, CERTIFICATE_UNKNOWN],
  [7000214, CERTIFICATE_REVOKED],
  [7000277, CERTIFICATE_REVOKED],
  [7005004, CERTIFICATE_REVOKED],
  [1000502, CERTIFICATE_REVOKED],
  [70021, FEDERATION_UNKNOWN],
  [700211, FEDERATION_UNKNOWN],
  [700212, FEDERATION_UNKNOWN],
  [700213, FEDERATION_UNKNOWN],
  [700025, CREDENTIAL_KIND],
  [7000216, CREDENTIAL_KIND],
  [7000218, CREDENTIAL_KIND],
  [53003, CONDITIONAL_ACCESS],
  [50034, ACCOUNT_UNKNOWN],
  [501051, ROLE_MISSING],
  [50105, ROLE_MISSING],
]);

/** Refusals by their OAuth error alone (RFC 6749 section 5.2), as AD FS and others give them. */
export const REFUSALS_BY_ERROR: ReadonlyMap<unknown, KnownRefusal> = new Map([
  ["invalid_scope", SCOPE_INVALID],
  ["invalid_resource", RESOURCE_UNKNOWN],
  ["invalid_tenant", TENANT_UNKNOWN],
  ["consent_required", CONSENT_MISSING],
]);

/** Code of a refusal that no table knows. */
export const CLIENT_REFUSED = "OauthClientRefused";

/** The codes of refusals: what ends the process with the exit code for credentials. */
export const OAUTH_REFUSALS: ReadonlySet<string> = new Set([
  ...[...KNOWN_REFUSALS.values(), ...REFUSALS_BY_ERROR.values()].map(({ code }) => code),
  CLOCK_WRONG.code,
  CLIENT_REFUSED,
]);
