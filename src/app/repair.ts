import type { AppConfig } from "../config/app_config.ts";
import type { Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { observerOf } from "../core/observer_of.ts";
import type { FolderOf, MailboxSink, MailboxStateStore, MailSource } from "../core/ports.ts";
import { Semaphore } from "../core/semaphore.ts";
import type { SkippedItem } from "../core/skipped_item.ts";
import { advanceSkipped, firstSight, type FolderSyncState } from "../core/sync_state.ts";
import { deliver } from "../sync/deliver.ts";
import type { Delivery } from "../sync/delivery.ts";
import { Pace } from "../sync/pace.ts";
import { participantFilter } from "../sync/participant_filter.ts";
import { settingsFingerprint } from "../sync/settings_fingerprint.ts";
import { SkipGuard } from "../sync/skip_guard.ts";
import type { Stop } from "../sync/stop.ts";
import type { Verification } from "../sync/verification.ts";

interface RepairTools {
  readonly source: MailSource;
  readonly sink: MailboxSink;
  /** Of the mailbox, held by this process. */
  readonly store: MailboxStateStore;
  readonly env: Env;
  readonly stop: Stop;
  readonly config: AppConfig;
}

/** What delivers the missing emails of a mailbox: see `Verification.repair`. */
export async function repairOf(
  tools: RepairTools,
  mailbox: Mailbox,
): Promise<NonNullable<Verification["repair"]>> {
  const { source, sink, store, env, stop, config } = tools;
  const { serverTime } = await source.folders(mailbox, { signal: stop.aborted });
  const delivery = {
    source,
    sink,
    env,
    observer: observerOf(),
    pace: new Pace(config.pollMessageSleepMs, env.clock),
    heldBytes: new Semaphore(LIMITS.heldMimeBytesTotal),
    batchSize: config.batchSize,
    stop,
    guard: new SkipGuard(),
    startedAt: serverTime,
    ...(mailbox.participants ? { filter: participantFilter(mailbox.participants) } : {}),
  };
  const states = new Map(store.loaded.map((state) => [state.folder.id, state]));
  return async (at, itemIds) => {
    const sight = { api: source.api, fingerprint: settingsFingerprint(mailbox) };
    const known = states.get(at.folder.id) ?? firstSight(at.folder, sight);
    const state = await repairFolder(delivery, at, itemIds, known);
    // A record that stays empty needs no state.
    if (known.skipped.length + state.skipped.length > 0) {
      await store.save(state, { signal: stop.aborted });
      states.set(at.folder.id, state);
    }
    const asked = new Set(itemIds);
    return state.skipped.filter(({ itemId }) => asked.has(itemId));
  };
}

/** Resolves to the state with the record of skips as it is then; progress stays where it is. */
async function repairFolder(
  delivery: Delivery,
  at: FolderOf,
  itemIds: readonly string[],
  state: FolderSyncState,
): Promise<FolderSyncState> {
  const again = new Map(state.skipped.map((skip): [string, SkippedItem] => [skip.itemId, skip]));
  try {
    const { skipped } = await deliver(delivery, at, itemIds, { anew: true, again });
    return advanceSkipped(state, { itemIds, skipped });
  } catch (error) {
    // Gone meanwhile, with all that was missing in it: the look that follows tells.
    if (error instanceof SyncError && error.code === "FolderGone") return state;
    throw error;
  }
}
