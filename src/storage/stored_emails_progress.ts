import { z } from "zod";
import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { stateFolderOf } from "./layout.ts";
import type { ObjectStore } from "./object_store.ts";
import { present } from "./present.ts";
import { decodeVersionedJson, encodeVersionedJson } from "./versioned_json.ts";
import { WireTime } from "./wire_time.ts";

/** What a replay of stored emails was asked for. Progress counts only for the same again. */
export interface ReplayScope {
  /** Where the emails go, for people. */
  readonly destination: string;
  /** Only emails received at or after it; absent: all. */
  readonly since?: Date;
  /** Whether it was all mailboxes, or one by its name. */
  readonly mailboxes: "all" | "one";
}

/** What became of emails so far, as numbers. */
export interface ReplayCounts {
  readonly delivered: number;
  /** Stored, but not as they were delivered: they are not delivered again. */
  readonly damaged: number;
  /** The destination does not take them. */
  readonly refused: number;
  /** MIME bytes of `delivered`. */
  readonly bytes: number;
}

/** How far a replay of one mailbox has come. */
export interface ReplayProgress {
  readonly scope: ReplayScope;
  readonly startedAt: Date;
  /** `StoredEmail.position` up to which all is settled; absent: nothing is. */
  readonly position?: string;
  /** Nothing is left, but of other mailboxes of the same replay there may be. */
  readonly finished: boolean;
  readonly counts: ReplayCounts;
}

/**
 * Where a mailbox's replay keeps its progress: a folder of its own, as its lock discards what is
 * unfinished beside it.
 */
export function replayFolderOf(mailbox: Mailbox): string {
  return `${stateFolderOf(mailbox)}/push`;
}

/** The progress itself. */
export function replayProgressNameOf(mailbox: Mailbox): string {
  return `${replayFolderOf(mailbox)}/progress.json`;
}

/**
 * Takes a mailbox's replay for this process; syncs of the mailbox go on beside it. Rejects with kind
 * `mailbox` and code `ReplayLocked` while another process holds it.
 */
export async function lockReplay(
  store: ObjectStore,
  mailbox: Mailbox,
  options: CallOptions,
): Promise<AsyncDisposable> {
  const folder = replayFolderOf(mailbox);
  const lock = await store.lock(`${folder}/lock`, folder, options);
  if (lock) return lock;
  const message = `Emails of "${mailbox.address}" are being pushed by another process`;
  throw new SyncError("mailbox", "ReplayLocked", message, {
    hint: "Wait until the other push ends, or stop it; this one then goes on where it stopped",
    context: { mailbox: mailbox.address },
  });
}

/** What is stored of a replay's progress. */
export type StoredProgress =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly value: ReplayProgress }
  /** `reason` says what is wrong in a few words that quote nothing. */
  | { readonly kind: "garbage"; readonly reason: string };

/** Rejects with kind `fatal` and code `StateFormatNewer` if a newer version wrote it. */
export async function readReplayProgress(
  store: ObjectStore,
  mailbox: Mailbox,
  { signal }: CallOptions,
): Promise<StoredProgress> {
  const name = replayProgressNameOf(mailbox);
  const bytes = await store.read(name, { signal, bytesMax: PROGRESS_BYTES_MAX });
  if (!bytes) return { kind: "none" };
  const decoded = decodeVersionedJson(bytes, ProgressJson);
  if (decoded.kind !== "newer") return decoded;
  const { version, writtenBy } = decoded;
  const message = `Progress "${name}" has format ${version}, written by "${writtenBy}"`;
  throw new SyncError("fatal", "StateFormatNewer", message, {
    hint: "Run that version or a later one; this one leaves the progress as it is",
  });
}

/** Replaces the progress of a replay that this process holds; durable when it resolves. */
export async function writeReplayProgress(
  store: ObjectStore,
  mailbox: Mailbox,
  progress: ReplayProgress,
  options: CallOptions & { readonly programVersion: string },
): Promise<void> {
  const { scope, startedAt, position, finished, counts } = progress;
  const fields = {
    mailbox: mailbox.address,
    destination: scope.destination,
    since: scope.since,
    mailboxes: scope.mailboxes,
    started_at: startedAt,
    position,
    finished,
    counts,
  };
  const text = encodeVersionedJson(fields, options.programVersion);
  await store.replace(replayProgressNameOf(mailbox), new TextEncoder().encode(text), options);
}

/** Forgets it; the next replay starts anew. */
export async function removeReplayProgress(
  store: ObjectStore,
  mailbox: Mailbox,
  options: CallOptions,
): Promise<void> {
  await store.remove(replayProgressNameOf(mailbox), options);
}

/** A few hundred bytes, most of them a URL. */
const PROGRESS_BYTES_MAX = 64 * 1024;

const Count = z.int().min(0);

const ProgressJson = z.object({
  destination: z.string(),
  since: WireTime.optional(),
  mailboxes: z.enum(["all", "one"]),
  started_at: WireTime,
  position: z.string().regex(/^\d{4}\/\d{2}\/\d{2}\/[0-9a-f]{32}$/).optional(),
  finished: z.boolean(),
  counts: z.object({ delivered: Count, damaged: Count, refused: Count, bytes: Count }),
}).transform((wire): ReplayProgress =>
  present({
    scope: present({
      destination: wire.destination,
      since: wire.since,
      mailboxes: wire.mailboxes,
    }),
    startedAt: wire.started_at,
    position: wire.position,
    finished: wire.finished,
    counts: wire.counts,
  })
);
