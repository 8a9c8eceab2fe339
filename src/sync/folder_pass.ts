import type { DeliveryCounts } from "../core/observer.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { SettingsFingerprint } from "../core/sync_state.ts";
import type { Delivery } from "./delivery.ts";
import type { FolderStates } from "./folder_states.ts";
import type { SettledItems } from "./settled_items.ts";
import type { PageSize } from "./page_size.ts";
import type { VanishedPages } from "./vanished_pages.ts";

/** What one pass over one folder needs. */
export interface FolderPass extends Delivery {
  readonly states: FolderStates;
  /** Items taken from one folder per round (`emails_per_folder`). */
  readonly itemsMax: number;
  /** The settings that decide what is synced. */
  readonly fingerprint: SettingsFingerprint;
  readonly vanished: VanishedPages;
  readonly settled: SettledItems;
  /** Of listings in this mailbox. */
  readonly pageSize: PageSize;
  /** Pages of older mail in work, whole process. */
  readonly backfills: Semaphore;
  /** Every skipped item is tried again, not only those whose time has come. */
  readonly retrySkipped: boolean;
}

export interface PassResult {
  readonly counts: DeliveryCounts;
  /** More waits in the folder than this pass could take. */
  readonly backlog: boolean;
  /**
   * Commits the last page, of which nothing could be delivered, once the other folders had their
   * turn: if they fare no better it is the mailbox that is at fault, not the emails.
   */
  readonly heldCommit?: () => Promise<void>;
}
