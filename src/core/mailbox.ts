/** Where on the platform a mailbox's emails go: `owner/name`. */
export interface BucketName {
  readonly owner: string;
  readonly name: string;
}

/** One mailbox to sync, as configured. */
export interface Mailbox {
  /** Primary SMTP address in lower case. */
  readonly address: string;
  readonly bucket: BucketName;
  /** `config`: begin a new state at `startTimestamp`, once per process start (spec section 2). */
  readonly startFrom: "bucket" | "config";
  /** Only emails received at or after it; absent: all. */
  readonly startTimestamp?: Date;
  /** Absent: every mail folder. */
  readonly folders?: FolderLists;
  /** Absent: emails of everyone. */
  readonly participants?: ParticipantLists;
}

/**
 * Which folders are synced (spec section 2). A path goes from below the message root and stands for
 * the folder and all below it. An absent `allow` allows every folder.
 */
export interface FolderLists {
  readonly allow?: readonly (readonly string[])[];
  readonly deny?: readonly (readonly string[])[];
}

/** Whose emails are synced (spec section 2). An absent `allow` allows everyone's. */
export interface ParticipantLists {
  readonly allow?: AddressList;
  readonly deny?: AddressList;
}

/** Mail addresses, and domains that stand for every address in exactly them; in lower case. */
export interface AddressList {
  readonly addresses: readonly string[];
  readonly domains: readonly string[];
}

/** One mail folder of a mailbox. */
export interface Folder {
  /** Exchange's FolderId: opaque, case-sensitive, kept when the folder is renamed or moved. */
  readonly id: string;
  /** Display names from the top-level folder down; a name may hold any character. */
  readonly path: readonly string[];
  /** Exchange's name of its role, e.g. `inbox`; absent for folders people made. */
  readonly role?: string;
  /** Number of items the server counts in it, for progress only. */
  readonly itemCount?: number;
  /**
   * Opaque. Another one than before says that something in the folder may have changed since; the same
   * one is believed for a while only (`sync/quiet_folders.ts`). Absent: the source cannot tell, or not
   * yet.
   */
  readonly changeMark?: string;
}
