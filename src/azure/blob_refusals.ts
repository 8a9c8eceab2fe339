/** What is known of a refusal before anybody looks into it: of an error code of the service. */
export interface KnownRefusal {
  /** Passes by itself; everything else stays until somebody mends it. */
  readonly passing?: true;
  /** Completes `Azure Blob Storage "ACCOUNT/CONTAINER": `. */
  readonly finding: string;
  /** What to do about it, as one imperative sentence without a full stop. */
  readonly hint: (place: BlobPlace) => string;
  /** What it is instead where a SAS token signs. */
  readonly withSas?: KnownRefusal;
}

/** Where blobs are kept, and as whom we ask for them: for messages. */
export interface BlobPlace {
  readonly account: string;
  readonly container: string;
  readonly credential: "key" | "sas" | "token";
  /** Object id of whoever the access token is for; absent where no token tells it. */
  readonly principal?: string;
}

/** The role that reads, writes, deletes and leases blobs. */
const ROLE = "Storage Blob Data Contributor";

/** What is refused in the same words as a network: the emulator does so. */
const ALSO_CHECK = {
  key: ", and check that the account key is the current one",
  sas: ", and let the SAS token be for the Blob service and its objects",
  token: "",
} as const;

const NOTHING_FOR_NOW = () =>
  "Nothing for now: it is tried again; see azure.status.microsoft if this repeats";

const BUSY: KnownRefusal = {
  passing: true,
  finding: "the service is busy",
  hint: () => "Nothing for now: it is tried again; lower `max_concurrent_uploads` if this repeats",
};
const OUT_OF_ORDER: KnownRefusal = {
  passing: true,
  finding: "the service failed",
  hint: NOTHING_FOR_NOW,
};
const DAMAGED: KnownRefusal = {
  passing: true,
  finding: "what arrived is not what was sent",
  hint: () => "Check what stands between this machine and the service if this repeats",
};
const CONTAINER_MISSING: KnownRefusal = {
  finding: "there is no such container",
  hint: ({ account, container }) =>
    `Create it: az storage container create --auth-mode login --account-name ${account} ` +
    `--name ${container}`,
};
const NETWORK_BLOCKED: KnownRefusal = {
  finding: "the account does not let this network in, or not with this credential",
  hint: ({ account, credential }) =>
    `Allow the address of this machine, or a private endpoint, under Networking of the storage ` +
    `account ${account}` + ALSO_CHECK[credential],
};
const SAS_TOO_NARROW: KnownRefusal = {
  finding: "the SAS token does not allow this request",
  hint: ({ container }) =>
    `Make a SAS token for the container ${container} with the permissions rwdlac, for https and ` +
    "the address of this machine, and put it into `AZURE_STORAGE_CONNECTION_STRING`",
};
const IMMUTABLE: KnownRefusal = {
  finding: "an immutability policy or a legal hold keeps the blob as it is",
  hint: ({ container }) =>
    `Use version-level immutability for the container ${container}: it keeps every version and ` +
    "lets states below state/ be replaced",
};
const IDENTITY_FOREIGN: KnownRefusal = {
  finding: "the access token is not for this account",
  hint: ({ account }) =>
    `Sign in to the tenant that the storage account ${account} belongs to: check AZURE_TENANT_ID`,
};
const REQUEST_UNKNOWN: KnownRefusal = {
  finding: "the service does not understand the request",
  hint: () =>
    "Check that `REINFER_EWS_AZURE_BLOB_ENDPOINT`, if it is set, names a current Blob service",
};

/** Error codes of the Blob service (Microsoft Learn, "Blob service error codes" and "Common REST"). */
export const KNOWN_REFUSALS: ReadonlyMap<string, KnownRefusal> = new Map([
  ["ServerBusy", BUSY],
  ["OperationTimedOut", OUT_OF_ORDER],
  ["InternalError", OUT_OF_ORDER],
  ["AccountBeingCreated", OUT_OF_ORDER],
  ["Md5Mismatch", DAMAGED],
  ["Crc64Mismatch", DAMAGED],
  ["ContainerNotFound", CONTAINER_MISSING],
  ["ContainerBeingDeleted", {
    finding: "the container is being deleted",
    hint: CONTAINER_MISSING.hint,
  }],
  ["ContainerDisabled", {
    finding: "the container is disabled",
    hint: ({ account }) => `Enable the container in the storage account ${account}`,
  }],
  ["ResourceNotFound", CONTAINER_MISSING],
  ["AccountIsDisabled", {
    finding: "the storage account is disabled",
    hint: ({ account }) => `Enable the subscription of the storage account ${account}`,
  }],
  ["AuthorizationPermissionMismatch", {
    finding: `the role "${ROLE}" is missing, or was assigned only minutes ago`,
    hint: assignmentOf,
    withSas: SAS_TOO_NARROW,
  }],
  ["InsufficientAccountPermissions", {
    finding: "what signs in may only read",
    hint: assignmentOf,
    withSas: SAS_TOO_NARROW,
  }],
  ["AuthorizationFailure", NETWORK_BLOCKED],
  ["AuthorizationSourceIPMismatch", SAS_TOO_NARROW],
  ["AuthorizationProtocolMismatch", SAS_TOO_NARROW],
  ["AuthorizationServiceMismatch", SAS_TOO_NARROW],
  ["AuthorizationResourceTypeMismatch", SAS_TOO_NARROW],
  ["UnauthorizedBlobOverwrite", SAS_TOO_NARROW],
  ["KeyBasedAuthenticationNotPermitted", {
    finding: "the account permits no account keys and no SAS tokens made with them",
    hint: () => "Unset `AZURE_STORAGE_CONNECTION_STRING` and sign in with an identity instead",
  }],
  ["InvalidAuthenticationInfo", IDENTITY_FOREIGN],
  ["NoAuthenticationInformation", IDENTITY_FOREIGN],
  ["PublicAccessNotPermitted", IDENTITY_FOREIGN],
  ["BlobImmutableDueToPolicy", IMMUTABLE],
  ["BlobArchived", {
    finding: "the blob lies in the archive tier",
    hint: () => "Rehydrate it, and keep `.json` and state/ out of rules that archive blobs",
  }],
  ["LeaseIdMissing", {
    finding: "somebody else holds a lease on the blob",
    hint: () => "Break the lease (az storage blob lease break), and let no other program take one",
  }],
  ["InvalidBlockList", {
    finding: "blocks of the blob are gone: another writer has stored it meanwhile",
    hint: () => "Let only one instance sync a mailbox to one place",
  }],
  ["RequestBodyTooLarge", {
    finding: "the request is larger than the service takes",
    hint: REQUEST_UNKNOWN.hint,
  }],
  ["UnsupportedHeader", REQUEST_UNKNOWN],
  ["InvalidHeaderValue", REQUEST_UNKNOWN],
  ["FeatureVersionMismatch", REQUEST_UNKNOWN],
  ["InvalidUri", REQUEST_UNKNOWN],
  ["OutOfRangeInput", REQUEST_UNKNOWN],
  ["InvalidResourceName", REQUEST_UNKNOWN],
]);

/** Answers that say what a caller asked about; whoever does not expect them finds them hopeless. */
export const ANSWERING_CODES: ReadonlySet<string> = new Set([
  "BlobNotFound",
  "BlobAlreadyExists",
  "ConditionNotMet",
  "InvalidRange",
  "LeaseAlreadyPresent",
  "LeaseIdMismatchWithLeaseOperation",
  "LeaseNotPresentWithLeaseOperation",
  "LeaseIsBrokenAndCannotBeRenewed",
  "LeaseIsBreakingAndCannotBeAcquired",
  "LeaseLost",
]);

/** How whoever signs in gets the role, as a command that needs no other knowledge. */
function assignmentOf({ account, container, principal }: BlobPlace): string {
  const assignee = principal === undefined
    ? "--assignee CLIENT_ID"
    : `--assignee-object-id ${principal}`;
  return `Assign it, and wait up to ten minutes: az role assignment create --role "${ROLE}" ` +
    `${assignee} --scope "$(az storage account show --name ${account} --query id ` +
    `--output tsv)/blobServices/default/containers/${container}"`;
}
