const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound of the program in one place, with its reason. */
export const LIMITS = {
  /** `MaxSyncChangesReturnedType` in the EWS schema. */
  syncPageChangesMax: 512,
  /** Exchange returns at most 250 items per FindItem with a restriction (EWSFindCountLimit). */
  listPageItemsMax: 250,
  /** The first page of a process: one GetItem. */
  listPageItemsMin: 10,
  /** A page of older mail is to be settled within this: what a kill throws away. */
  listPageMs: 5_000,
  /** Microsoft advises 10 items per GetItem that asks for content (mailbox-synchronization). */
  fetchItemsMin: 10,
  /** So many where answers come soon: a hundred is what exchangelib asks for. */
  fetchItemsMax: 40,
  /** An answer to a GetItem for content within this is soon: the next may ask for twice as many. */
  fetchSoonMs: 400,
  /** And beyond this it is late: the next asks for half. The server itself gives up after a minute. */
  fetchLateMs: 1_200,
  /** Bytes, as Exchange states sizes, that one GetItem may ask for; a larger item goes alone. */
  fetchBytesMax: 4 * MIB,
  /** The same for a GetItem of more than ten: a batch is several of them, side by side. */
  fetchManyBytesMax: MIB,
  /** MIME content above this is not held in memory but streamed from source to sink. */
  heldMimeBytesMax: 3 * MIB,
  /** MIME content of emails that are fetched and delivered together. */
  batchBytesMax: 3 * MIB,
  /** What a streamed email holds in buffers on its way from source to sink, and leaves as garbage. */
  streamedMimeBytes: 4 * MIB,
  /**
   * What an email in work costs beside its MIME content: half a page that is not full, objects, its
   * part of network buffers.
   */
  emailOverheadBytes: 48 * KIB,
  /** The least that an email in work counts for, so that a kill throws back no more than 128 of them. */
  emailBytesMin: 96 * KIB,
  /** MIME content held in memory at one time, whole process. */
  heldMimeBytesTotal: 12 * MIB,
  /** Pages of 64 KiB kept for content to come: some 4 MiB, as many as are in use at full speed. */
  sparePagesMax: 64,
  /** What remains of a SOAP answer after its MIME content was taken out. */
  skeletonBytesMax: 16 * MIB,
  /** Batches of one page in work at a time: some are fetched while one is made durable. */
  batchesInFlight: 3,
  /**
   * Pages of older mail being delivered at a time, whole process: what many mailboxes have behind
   * them takes turns, and requests for new mail find a connection.
   */
  backfillsInFlight: 8,
  /** So many skips of a mailbox in a row for one reason suspend it (spec section 7). */
  skipsInARowMax: 10,
  /** A page of so many items, all of them vanished, is doubted (spec section 7). */
  vanishedPageItemsMin: 5,
  /**
   * How long after its receipt changes of an email are looked at: an hour (spec section 3), and the ten
   * minutes for which its folder may not have been asked.
   */
  volatileMs: 70 * 60_000,
  /**
   * Items a process remembers having settled last, to tell their changes from arrivals: some 8 MiB.
   * What changes is mostly new; one that is forgotten only counts as arrived.
   */
  settledItemsMax: 65_536,
  /**
   * A folder that says it has not changed is asked for its changes all the same after this: what it
   * says may delay mail for so long, and never lose it.
   */
  unaskedFolderMsMax: 600_000,
  /**
   * The time of a folder's last change tells something only once it lies so far back: it has whole
   * seconds, in which there may be another change yet, and is of another machine's clock than the
   * answer's.
   */
  folderChangeSettledMs: 60_000,
  /** An answer that is remembered to be told when it comes again: of some 60 folders, one a mailbox. */
  rememberedAnswerBytesMax: 64 * KIB,
  /** Folders of one mailbox passed over at a time: below the ConcurrentSyncCalls of 5 seen online. */
  foldersInFlight: 4,
  /** Reads, renames and folder fsyncs in flight, beside uploads: a bound, not a tuned value. */
  fileCallsInFlight: 24,
  /** Folders a process remembers having created: a hundred bytes each. */
  knownFoldersMax: 4096,
  /** Files a process remembers having written into folders it made: two MiB and a half. */
  writtenNamesMax: 300_000,
  /** The `.json` beside an `.eml`: thousands of attachments fit. A larger one counts as absent. */
  emailRecordBytesMax: MIB,
  /** State of one folder: tens of thousands of skips fit. A larger one counts as garbage. */
  folderStateBytesMax: 16 * MIB,
  /** Connections to one Exchange server; EWSMaxConcurrency is 27 per budget on current servers. */
  connectionsMax: 16,
  /** From the first packet to the end of the TLS handshake. */
  connectMsMax: 30_000,
  /** TLS handshakes given up that the peer still holds open: the runtime cannot close those. */
  hangingHandshakesMax: 64,
  /** A second look at a server whose TLS handshake failed. */
  tlsLookMsMax: 5_000,
  /** Such a server is looked at again after this; what was seen counts until then. */
  tlsLookIntervalMs: 60_000,
  /** Servers of which something seen so is remembered: some KiB each. */
  tlsLooksMax: 64,
  /** What such a server says to a hello: enough for long chains. A longer answer is not read on. */
  tlsHelloBytesMax: 128 * KIB,
  /** Until a status line: Exchange itself gives up on a request after about 100 s. */
  responseHeadersMsMax: 120_000,
  /** Silence within a response body. */
  responseBodyIdleMsMax: 60_000,
  /**
   * So long a body may be waited for without bringing `responseBodyBytesMin`: a modem is twice as fast,
   * and a peer that sends a byte now and then is never silent.
   */
  responseBodySlowMsMax: 120_000,
  responseBodyBytesMin: 64 * KIB,
  /** Fields of one response head. */
  responseHeaderBytesMax: 64 * KIB,
  /** Subscriptions that one connection listens for (Microsoft, "Maintain affinity ..."). */
  subscriptionsPerConnectionMax: 200,
  /** HangingConnectionLimit of current servers; where one grants fewer, it says so. */
  listeningConnectionsMax: 10,
  /** `StreamingSubscriptionConnectionTimeoutType` in the EWS schema: a connection is renewed then. */
  listeningMinutes: 30,
  /** Exchange shows every 45 s that it is still there; two of these may be lost. */
  listeningSilenceMsMax: 150_000,
  /** A connection that has listened for so long makes up for failures before it. */
  listeningSteadyMs: 60_000,
  /** One Subscribe or Unsubscribe: others wait for it. */
  subscribeMsMax: 30_000,
  /** An account that has as many subscriptions as it may is not asked for another one before this. */
  subscriptionLimitHoldMs: 900_000,
  /** Mailboxes that join a group within this are taken into its connection together. */
  regroupMs: 2_000,
  /** One answer to GetStreamingEvents: Exchange puts at most 100 events into it. */
  streamedDocumentBytesMax: MIB,
  /** Folders of one subscription, where it cannot be for all of a mailbox. */
  subscribedFoldersMax: 200,
  /** Subscriptions are cancelled within this when the process stops; others expire in 30 minutes. */
  unsubscribeMsMax: 3_000,
  /** What rings together is one round of a mailbox. */
  ringGatherMs: 250,
  /** A mailbox that is rung for again and again begins no more rounds than one in this time. */
  rungRoundMs: 1_000,
  /** Unused connections are closed before IIS does (120 s), which would race a request. */
  connectionIdleMsMax: 100_000,
  /** An NTLM CHALLENGE is a few hundred bytes; what comes back in AUTHENTICATE grows with it. */
  ntlmChallengeBytesMax: 8 * KIB,
  /** The error page that comes with an NTLM CHALLENGE. */
  ntlmChallengePageBytesMax: 256 * KIB,
  /** Requests that spend one throttling budget at a time; Microsoft advises at most ten. */
  requestsInFlightMax: 10,
  /** GetItem requests that one fetch has in flight. */
  fetchesInFlight: 4,
  /** Ids of one GetItem that asks for properties only. */
  describeItemsMax: 100,
  /** Folders of one FindFolder page: the default cap of a server (EWSFindCountLimit). */
  folderPageMax: 1000,
  /** A delay a server may order; a longer one suspends the mailbox instead of holding a batch. */
  retryAfterMsMax: 300_000,
  /**
   * A delay that a server names counts for a day at most: a longer one comes of a wrong clock or a
   * wrong server, and the runtime's timers overflow, to no delay at all, after 24 days.
   */
  namedDelayMsMax: 86_400_000,
  /** Retryable failures of one call are tried again for this long, then the round fails. */
  retryBudgetMs: 600_000,
  backoffMsMin: 1_000,
  backoffMsMax: 300_000,
  /** A failure that goes on is said this often at most. */
  failureSaidAgainMs: 30_000,
  /** Refused credentials are not tried again before this (Active Directory locks accounts). */
  credentialHoldMs: 900_000,
  /** How long a refusal after a success counts as throttling before the one new sign-in. */
  signInBackoffMs: 60_000,
  /** A sign-in older than this no longer vouches for many at once: the password may have changed. */
  signInProofMs: 60_000,
  /**
   * A lost connection ends what a sign-in older than this vouches for. Servers that close behind every
   * answer see newer ones all the time, so that requests to them still go side by side.
   */
  signInProofAfterLossMs: 2_000,
  /** One request to an OAuth authority, from the first packet to the last byte of the answer. */
  authorityMsMax: 30_000,
  /** An authority's answer: a token has a few KiB, metadata has less. */
  authorityAnswerBytesMax: MIB,
  /** A token is renewed so long before it expires, or a tenth of its life, whichever is less. */
  tokenRenewalAheadMs: 300_000,
  /** A renewal that failed while the token is still valid is not tried again before. */
  tokenRenewalPauseMs: 30_000,
  /** An authority that did not answer properly is left alone, unless it names another delay. */
  tokenFailurePauseMs: 5_000,
  /** The longest such delay: one that is a date is as wrong as the clock of this machine. */
  tokenFailurePauseMsMax: 900_000,
  /**
   * How long a stop waits for work before it is abandoned, to be repeated next time: the process is to
   * have ended within 10 s.
   */
  stopGraceMs: 8_000,
  /** How long `check` waits for one of its answers. */
  checkMsMax: 60_000,
  /** A config file: thousands of mailboxes with their lists; a larger file is some other file. */
  configBytesMax: 4 * MIB,
  /** A file that holds one secret: a password, a token or a private key. */
  secretFileBytesMax: 64 * KIB,
  /** Shards are told apart one by one for every mailbox, so their number is bounded. */
  shardsMax: 10_000,
} as const;
