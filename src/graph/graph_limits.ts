/** What Graph grants and what we bound of it, each with its reason. */
export const GRAPH_LIMITS = {
  /** Requests of an application to one mailbox at a time (Microsoft, "Throttling limits"). */
  requestsInFlight: 4,
  /** Requests of an application to one mailbox in any `windowMs`. */
  windowRequests: 10_000,
  windowMs: 600_000,
  /** What of the window is left alone: Graph's clock and ours do not begin it together. */
  windowReserve: 400,
  /** What of the window older mail leaves to new mail. */
  windowForNewMail: 1_000,
  /** Sub-requests of one `$batch` (Microsoft, "Combine requests"). */
  batchRequests: 20,
  /** One answer in JSON: a page of messages with the names of their attachments. */
  answerBytesMax: 16 * 1024 * 1024,
  /** An error and its words; of a longer one only the status counts. */
  errorBytesMax: 64 * 1024,
  /** A nextLink or deltaLink: those of Exchange have some hundred characters. */
  linkCharactersMax: 16 * 1024,
  /** Folders of one page; Graph's own maximum for `$top` is larger. */
  folderPage: 250,
  /** Pages without end: of folders below one, and empty ones of messages. */
  pagesMax: 200,
  /** Folders of one mailbox: Exchange allows fewer. */
  foldersMax: 50_000,
  /** Items without received time of one folder; where there are more, it is swept instead. */
  undatedItemsMax: 10_000,
  /** Descriptions that came with a listing and wait to be asked for; whole process. */
  listedDescriptionsMax: 5_000,
  /** Items known to be older mail; an id each, whole process. */
  listedItemsMax: 20_000,
  /** How long a first 429 without `Retry-After` closes a mailbox; doubled with each that follows. */
  unnamedBusyMs: 30_000,
} as const;

/**
 * How often a mailbox may be polled where mail comes often, ms. A round asks for the folders and for
 * the changes of each: a request for each folder every 300 ms is a fifth of what Graph grants, and
 * leaves the rest to the emails.
 */
export const GRAPH_POLLING = {
  pauseMsMin: 2_000,
  pausePerFolderMs: 300,
} as const;
