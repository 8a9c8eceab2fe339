/** Values of `RequestServerVersion` this program speaks, newest first (spec section 4). */
export const SCHEMA_VERSIONS = [
  "Exchange2016",
  "Exchange2013_SP1",
  "Exchange2013",
  "Exchange2010_SP2",
] as const;

export type SchemaVersion = typeof SCHEMA_VERSIONS[number];

/** The server does not know the version, or the request not in it. */
const REFUSED_BY_SERVER: ReadonlySet<string> = new Set([
  "ErrorInvalidServerVersion",
  "ErrorIncorrectSchemaVersion",
]);

/** The mailbox lies on an older server than the one that answers. */
const REFUSED_BY_MAILBOX = "ErrorInvalidSchemaVersionForMailboxVersion";

/** What one server, and some of its mailboxes, have been found to speak. */
export class SchemaVersions {
  #server = 0;
  #confirmed = false;
  readonly #mailboxes = new Map<string, number>();

  versionFor(mailbox: string): SchemaVersion {
    return SCHEMA_VERSIONS[Math.max(this.#server, this.#mailboxes.get(mailbox) ?? 0)]!;
  }

  /** After an answer: from now on `ErrorSchemaValidation` means a defect, not an older server. */
  confirm(): void {
    this.#confirmed = true;
  }

  /**
   * After `code` answered a request in `version`. True if another version is to be tried, because
   * there is an older one or because somebody else has found it meanwhile.
   */
  stepDown(version: SchemaVersion, mailbox: string, code: string): boolean {
    const forMailbox = code === REFUSED_BY_MAILBOX;
    const forServer = REFUSED_BY_SERVER.has(code) ||
      (code === "ErrorSchemaValidation" && !this.#confirmed);
    if (!forMailbox && !forServer) return false;
    if (this.versionFor(mailbox) !== version) return true;
    const older = SCHEMA_VERSIONS.indexOf(version) + 1;
    if (older >= SCHEMA_VERSIONS.length) return false;
    if (forMailbox) this.#mailboxes.set(mailbox, older);
    else this.#server = older;
    return true;
  }
}
