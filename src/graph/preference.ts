/** Ids that an item keeps when it is moved within its mailbox (Microsoft, "Immutable identifiers"). */
const IMMUTABLE_IDS = 'IdType="ImmutableId"';

/** The `Prefer` field of a request: the kind of ids, which every one asks for, and its own. */
export function preferenceOf(prefer: readonly string[] = []): string {
  return [IMMUTABLE_IDS, ...prefer].join(", ");
}
