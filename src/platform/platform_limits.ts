const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound of the way to the platform, with its reason. */
export const PLATFORM_LIMITS = {
  /** MIME content of one PUT; the server's own limit is not documented, so a 413 lowers ours. */
  batchBytesMax: 4 * MIB,
  /** A 413 lowers the bytes of a batch no further: what is larger than this goes alone. */
  batchBytesMin: 64 * KIB,
  /** Pieces in which a body goes out. */
  bodyPieceBytes: 64 * KIB,
  /** An answer that says little: an envelope, a bucket, one state. */
  answerBytesMax: MIB,
  /** All keyed sync states of a bucket: some hundred thousand. */
  statesBytesMax: 64 * MIB,
  /** A stored configuration, as `LIMITS.configBytesMax`. */
  configBytesMax: 4 * MIB,
  /** Of a stored email, looked at to tell a stand-in from the original. */
  storedEmailBytesMax: MIB,
  /** The vendor's own client gives up after this: no byte taken, or no answer begun. */
  silenceMsMax: 240_000,
  /** One call is tried again for this long, then the destination as a whole counts as failed. */
  retryBudgetMs: 60_000,
  /** How long one `Retry-After` may hold back every request. */
  pauseMsMax: 3_600_000,
  /** A batch that fails so often in a way that may be due to what it holds is sent in halves. */
  suspiciousFailuresMax: 2,
  /** Emails with which a request has failed, remembered to see whether it does so again. */
  suspectsMax: 1_024,
  /** Emails a process remembers having delivered: some 650 bytes each. */
  rememberedEmailsMax: 8_192,
  /** How often the states of a bucket are looked at for another writer (spec section 5). */
  watchMs: 60_000,
  /** A first look at the states of a bucket serves its other mailboxes for this long. */
  snapshotMsMax: 30_000,
  /** `last_synced_at` values that we wrote last, per folder: a look may be older than the last. */
  rememberedWritesMax: 16,
  /** Header of one MIME part; a longer one is passed on as it is and nothing below it is understood. */
  partHeaderBytesMax: 256 * KIB,
  /** MIME parts within parts; deeper ones are not taken apart. */
  partDepthMax: 32,
  /** The longest line that can be a boundary: 70 characters, dashes and padding (RFC 2046, 5.1.1). */
  boundaryLineBytesMax: 1 * KIB,
} as const;
