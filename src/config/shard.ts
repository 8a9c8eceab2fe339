import { createHash } from "node:crypto";
import type { Mailbox } from "../core/mailbox.ts";

/** Which share of the mailboxes this process takes; 0 <= number < total. */
export interface Shard {
  readonly number: number;
  readonly total: number;
}

/** The digits after the last `-` of a name such as a StatefulSet gives its pods; else undefined. */
export function shardNumberOf(name: string): number | undefined {
  const digits = /-([0-9]+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The shard that owns a mailbox: rendezvous hashing on its lower-cased address (spec section 6), so
 * that one shard more takes its share from all others and moves nothing between them. Every
 * instance must agree on it: changing it moves mailboxes, see the golden test.
 */
export function shardOf(address: string, total: number): number {
  const digest = createHash("sha256").update(address.toLowerCase()).digest();
  const [high, low] = [digest.readUInt32BE(0), digest.readUInt32BE(4)];
  let owner = 0;
  let heaviest = -1;
  for (let shard = 0; shard < total; shard++) {
    const weight = weightOf(high, low, shard);
    if (weight <= heaviest) continue;
    heaviest = weight;
    owner = shard;
  }
  return owner;
}

/** The mailboxes a shard owns, in their order. */
export function mailboxesOfShard(mailboxes: readonly Mailbox[], shard: Shard): readonly Mailbox[] {
  return mailboxes.filter((mailbox) => shardOf(mailbox.address, shard.total) === shard.number);
}

/** Every step is a bijection on 32 bits, so no two shards have the same weight for one address. */
function weightOf(high: number, low: number, shard: number): number {
  const golden = 0x9e3779b1; // 2^32 / golden ratio, odd: spreads neighbouring numbers apart
  return mix(mix(low ^ Math.imul(shard + 1, golden)) ^ high);
}

/** MurmurHash3's 32-bit finalizer: every bit of the input decides every bit of the output. */
function mix(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
