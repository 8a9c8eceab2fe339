/**
 * Identifiers with the anatomy of Exchange's own: a mailbox GUID and long-term MAPI ids in base64.
 *
 * Clients must treat them as opaque and case-sensitive. These force them to: the counter ends on a
 * base64 character of its own, so ids of neighbours often differ in nothing but letter case.
 */
export interface IdSpace {
  /** GUID of the mailbox, 36 characters. */
  readonly mailboxGuid: string;
  /** GUID of the mailbox's replica: the scope of all its counters, 16 bytes. */
  readonly replica: Uint8Array;
}

/** First byte of a change key: what kind of object it belongs to. */
export type ChangeKeyType = 0x01 | 0x02 | 0x03 | 0x09 | 0x0b | 0x0f | 0x11;

const GUID_CHARACTERS = 36;
const HEAD = Uint8Array.of(0, 3, GUID_CHARACTERS, 0);
const GUID_END = HEAD.length + GUID_CHARACTERS;
const FOLDER_ENTRY_BYTES = 46;
const ITEM_ENTRY_BYTES = 70;
const IMMUTABLE_HEAD = Uint8Array.of(0, 9, GUID_CHARACTERS, 0);
const IMMUTABLE_BYTES = GUID_END + 2 + 24;
const ENTRY_FOLDER = 0x01;
const ENTRY_MESSAGE = 0x07;

/** The id of the mailbox's folder number `counter`; kept by renames and moves. */
export function folderIdOf(space: IdSpace, counter: number): string {
  return entryId(space, FOLDER_ENTRY_BYTES, ENTRY_FOLDER, [counter]).toBase64();
}

/** The id of an item: names its folder too, hence new with every move. */
export function itemIdOf(space: IdSpace, folderCounter: number, counter: number): string {
  return entryId(space, ITEM_ENTRY_BYTES, ENTRY_MESSAGE, [folderCounter, counter]).toBase64();
}

/** The immutable id of an item: names no folder, hence kept by moves inside the mailbox. */
export function immutableIdOf(space: IdSpace, counter: number): string {
  const bytes = new Uint8Array(IMMUTABLE_BYTES);
  bytes.set(IMMUTABLE_HEAD);
  new TextEncoder().encodeInto(space.mailboxGuid, bytes.subarray(IMMUTABLE_HEAD.length));
  writeLongTermId(bytes, bytes.length - 24, space, counter);
  return bytes.toBase64();
}

function entryId(space: IdSpace, length: number, type: number, counters: readonly number[]) {
  const bytes = new Uint8Array(GUID_END + 3 + length);
  bytes.set(HEAD);
  new TextEncoder().encodeInto(space.mailboxGuid, bytes.subarray(HEAD.length));
  bytes[GUID_END + 1] = length;
  let at = GUID_END + 3 + 4;
  bytes.set(space.replica, at);
  bytes[at + 16] = type;
  at += 18;
  for (const counter of counters) {
    writeLongTermId(bytes, at, space, counter);
    at += 24;
  }
  return bytes;
}

/** Replica GUID and a 48-bit counter in network order (MS-OXCDATA, LongTermID). */
function writeLongTermId(bytes: Uint8Array, at: number, space: IdSpace, counter: number) {
  bytes.set(space.replica, at);
  const view = new DataView(bytes.buffer);
  view.setUint16(at + 16, Math.floor(counter / 2 ** 32));
  view.setUint32(at + 18, counter >>> 0);
}

/** The change key of one version of an object. */
export function changeKeyOf(space: IdSpace, type: ChangeKeyType, changeNumber: number): string {
  const bytes = new Uint8Array(8 + 22);
  bytes[0] = type;
  bytes[4] = 22;
  writeLongTermId(bytes, 8, space, changeNumber);
  return bytes.toBase64();
}

/** The id of a conversation: the same for the same topic in the same mailbox. */
export function conversationIdOf(space: IdSpace, topicHash: Uint8Array): string {
  const bytes = new Uint8Array(GUID_END + 3 + 16);
  bytes.set(HEAD);
  new TextEncoder().encodeInto(space.mailboxGuid, bytes.subarray(HEAD.length));
  bytes[GUID_END + 1] = 16;
  bytes.set(topicHash.subarray(0, 16), GUID_END + 3);
  return bytes.toBase64();
}

/** The GUID of the mailbox an id belongs to; undefined if it has no id's anatomy. */
export function mailboxGuidOf(id: string): string | undefined {
  const bytes = bytesOfId(id);
  if (!bytes) return undefined;
  const length = bytes.length - GUID_END - 3;
  const shaped = HEAD.every((byte, index) => bytes[index] === byte) &&
    (length === FOLDER_ENTRY_BYTES || length === ITEM_ENTRY_BYTES) &&
    bytes[GUID_END + 1] === length;
  return shaped ? guidIn(bytes) : undefined;
}

/** The same for an immutable id. */
export function mailboxGuidOfImmutable(id: string): string | undefined {
  const bytes = bytesOfId(id);
  const shaped = bytes?.length === IMMUTABLE_BYTES &&
    IMMUTABLE_HEAD.every((byte, index) => bytes[index] === byte);
  return shaped ? guidIn(bytes) : undefined;
}

function guidIn(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(HEAD.length, GUID_END));
}

function bytesOfId(id: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(id, { lastChunkHandling: "strict" });
  } catch {
    return undefined; // not base64 at all: the caller answers ErrorInvalidIdMalformed
  }
}
