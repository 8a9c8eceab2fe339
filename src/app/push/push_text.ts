import { visible } from "../../config/printable.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { ReplayCounts } from "../../storage/stored_emails_progress.ts";
import { counted } from "../counted.ts";

const MEGABYTE = 1_000_000;

/** Bytes for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

/** What became of the emails of one mailbox, on one line. */
export function pushedLine(
  { address, bucket }: Mailbox,
  counts: ReplayCounts,
  { dryRun }: { readonly dryRun: boolean },
): string {
  const where = `${bucket.owner}/${bucket.name}`;
  return `${visible(address)}: ${amountOf(counts)} ${dryRun ? "for" : "in"} ${where}` +
    `${troubleOf(counts)}\n`;
}

export interface PushSummary {
  /** Mailboxes that failed as a whole. */
  readonly failed: number;
  readonly dryRun: boolean;
  readonly from: string;
  readonly to: string;
}

/** The lines that say what came of all of it. */
export function pushSummary(
  total: ReplayCounts,
  { failed, dryRun, from, to }: PushSummary,
): string {
  const failures = failed > 0 ? `; ${counted(failed, "mailbox")} failed` : "";
  const did = dryRun ? "would be pushed" : "pushed";
  const line = `${amountOf(total)} ${did} from ${visible(from)} to ${visible(to)}` +
    `${troubleOf(total)}${failures}\n`;
  if (dryRun) return `${line}Nothing was sent.\n`;
  return failed > 0 ? `${line}The next push goes on with what is left.\n` : line;
}

function amountOf({ delivered, bytes }: ReplayCounts): string {
  return `${counted(delivered, "email")} (${megabytes(bytes)})`;
}

function troubleOf({ damaged, refused }: ReplayCounts): string {
  return (damaged > 0 ? `, ${damaged} damaged` : "") + (refused > 0 ? `, ${refused} refused` : "");
}
