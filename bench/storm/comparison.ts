import type { ExpectedMail } from "../../tests/e2e/expected_mail.ts";

/** What has to be known of an email that should be there, or may be there because it was. */
export type KnownMail = Pick<ExpectedMail, "mailbox" | "id" | "sha256" | "isText">;

/** An email as it lies in a sink. */
export interface StoredMail {
  readonly mailbox: string;
  readonly id: string;
  /** Of its content, lower-case hex. */
  readonly sha256: string;
  /** How often it was stored. */
  readonly stores: number;
  /** Made of properties and attachments, because the content could not be had. */
  readonly isRebuilt: boolean;
}

/** What a sink holds beside what it should. */
export interface Comparison {
  readonly expected: number;
  readonly stored: number;
  /** Ids that are not there. */
  readonly lost: readonly string[];
  /** Ids under which something is there that no email of this id has as its content. */
  readonly wrong: readonly string[];
  /** Ids that no email has or had. */
  readonly unknown: readonly string[];
  /** How often an email was stored once more, under its id. */
  readonly again: number;
  /** How many were compared byte for byte: the platform takes text only, and all else re-encoded. */
  readonly byteForByte: number;
  /** Rebuilt, and deleted before their content could be had: it will never take their place. */
  readonly rebuilt: number;
}

/**
 * Compares a sink with the mailboxes. Emails that were deleted meanwhile may be there, as they were.
 * `isExact`: the sink stores bytes as they are, whatever they are.
 */
export function compare(
  known: { readonly expected: readonly KnownMail[]; readonly deleted: readonly KnownMail[] },
  stored: readonly StoredMail[],
  { isExact }: { readonly isExact: boolean },
): Comparison {
  const candidates = Map.groupBy([...known.expected, ...known.deleted], keyOf);
  const there = new Set(stored.map(keyOf));
  const expected = new Set(known.expected.map(keyOf));
  const wrong: string[] = [];
  const unknown: string[] = [];
  let [byteForByte, rebuilt] = [0, 0];
  for (const email of stored) {
    const ofItsId = candidates.get(keyOf(email));
    if (!ofItsId) unknown.push(email.id);
    else if (ofItsId.some(({ sha256 }) => sha256 === email.sha256)) byteForByte++;
    else if (email.isRebuilt && !expected.has(keyOf(email))) rebuilt++;
    else if (isExact || ofItsId.every(({ isText }) => isText)) wrong.push(email.id);
  }
  return {
    expected: expected.size,
    stored: there.size,
    lost: known.expected.filter((email) => !there.has(keyOf(email))).map(({ id }) => id),
    wrong,
    unknown,
    again: stored.reduce((sum, { stores }) => sum + stores - 1, 0),
    byteForByte,
    rebuilt,
  };
}

function keyOf({ mailbox, id }: Pick<KnownMail, "mailbox" | "id">): string {
  return JSON.stringify([mailbox, id]);
}
