const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound of the program in one place, with its reason. */
export const LIMITS = {
  /** `MaxSyncChangesReturnedType` in the EWS schema. */
  syncPageChangesMax: 512,
  /** Exchange returns at most 250 items per FindItem with a restriction (EWSFindCountLimit). */
  listPageItemsMax: 250,
  /** Microsoft advises 10 items per GetItem that asks for content (mailbox-synchronization). */
  fetchItemsMax: 10,
  /** Bytes, as Exchange states sizes, that one GetItem may ask for; a larger item goes alone. */
  fetchBytesMax: 4 * MIB,
  /** MIME content above this is not held in memory but streamed from source to sink. */
  heldMimeBytesMax: 4 * MIB,
  /** MIME content held in memory at one time, whole process. */
  heldMimeBytesTotal: 24 * MIB,
  /** What remains of a SOAP answer after its MIME content was taken out. */
  skeletonBytesMax: 16 * MIB,
  /** Folders of one mailbox passed over at a time: below the ConcurrentSyncCalls of 5 seen online. */
  foldersInFlight: 3,
  /** Connections to one Exchange server; EWSMaxConcurrency is 27 per budget on current servers. */
  connectionsMax: 16,
  /** A delay a server may order; a longer one suspends the mailbox instead of holding a batch. */
  retryAfterMsMax: 300_000,
  /** Retryable failures of one call are tried again for this long, then the round fails. */
  retryBudgetMs: 600_000,
  backoffMsMin: 1_000,
  backoffMsMax: 300_000,
  /** Refused credentials are not tried again before this (Active Directory locks accounts). */
  credentialHoldMs: 900_000,
  /** How long a stop may take before unfinished work is abandoned; it is repeated next time. */
  stopGraceMs: 10_000,
} as const;
