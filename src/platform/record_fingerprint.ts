import type { FolderSyncState, Recovery, SettingsFingerprint } from "../core/sync_state.ts";

/**
 * What we write into `fingerprint` of a keyed sync state, which is free text there: a mark that the
 * record is ours, which process wrote it, the settings its progress was made under, and what of the
 * folder's state the record has no other place for.
 */
export interface RecordFingerprint {
  /** Digits that tell processes apart. */
  readonly writer: string;
  /** `last_synced_at` of the record before, if the same process wrote that. */
  readonly previous?: Date;
  readonly settings: SettingsFingerprint | undefined;
  readonly api: FolderSyncState["api"];
  readonly role?: string;
  readonly goneSince?: Date;
  /** Where an unfinished listing goes on; absent: an hour before the times of the record. */
  readonly resume?: Recovery;
}

/** A change that an older program would misread makes it one more. */
export const FORMAT_VERSION = 1;
/** Names program and format; a record without it is another program's. */
const MARK = `reinfer-ews/${FORMAT_VERSION}`;

const APIS: readonly string[] = ["ews", "graph", "unknown"] satisfies RecordFingerprint["api"][];
/** A role as Exchange names them; any other could be taken for more fields. */
const ROLE = /^[a-z]{1,40}$/i;

/** Text of at most some 400 characters. */
export function encodeFingerprint(
  { writer, previous, settings, api, role, goneSince, resume }: RecordFingerprint,
): string {
  const fields = {
    writer,
    previous: previous?.toISOString(),
    received: resume?.receivedSince.toISOString(),
    modified: resume?.modifiedSince.toISOString(),
    api: api === "ews" ? undefined : api,
    role: ROLE.test(role ?? "") ? role : undefined,
    gone: goneSince?.toISOString(),
    settings: settings && "known",
    start: settings?.startTimestamp?.toISOString(),
    participants: settings?.participants,
  };
  const parts = Object.entries(fields).flatMap(([name, value]) =>
    value ? [`${name}=${value}`] : []
  );
  return [MARK, ...parts].join(";");
}

/** Reads what `encodeFingerprint` wrote; `undefined` for any other text. */
export function decodeFingerprint(text: string): RecordFingerprint | undefined {
  const [mark, ...parts] = text.split(";");
  if (mark !== MARK) return undefined;
  const fields = new Map(parts.map((part) => {
    const at = part.indexOf("=");
    return [part.slice(0, at), part.slice(at + 1)];
  }));
  const timeNamed = (name: string) => timeOf(fields.get(name));
  const [previous, startTimestamp] = [timeNamed("previous"), timeNamed("start")];
  const [receivedSince, modifiedSince] = [timeNamed("received"), timeNamed("modified")];
  const [participants, role, goneSince] = [
    fields.get("participants"),
    fields.get("role"),
    timeNamed("gone"),
  ];
  const settings: SettingsFingerprint = {
    ...(startTimestamp ? { startTimestamp } : {}),
    ...(participants === undefined ? {} : { participants }),
  };
  return {
    writer: fields.get("writer") ?? "",
    ...(previous ? { previous } : {}),
    settings: fields.get("settings") === "known" ? settings : undefined,
    api: apiOf(fields.get("api")),
    ...(role && ROLE.test(role) ? { role } : {}),
    ...(goneSince ? { goneSince } : {}),
    ...(receivedSince && modifiedSince ? { resume: { receivedSince, modifiedSince } } : {}),
  };
}

/** Records from before there was another have none. */
function apiOf(text = "ews"): RecordFingerprint["api"] {
  return APIS.includes(text) ? text as RecordFingerprint["api"] : "unknown";
}

/** The format of a fingerprint of ours, of whichever version; `undefined` for any other text. */
export function formatVersionOf(text: string): number | undefined {
  const [, version] = /^reinfer-ews\/(\d{1,9})(?:;|$)/.exec(text) ?? [];
  return version === undefined ? undefined : Number(version);
}

/**
 * A time as RFC 3339 has it, with four digits for the year; `undefined` for what is none. Beyond them
 * there are times from which none can be counted back.
 */
export function timeOf(text: string | null | undefined): Date | undefined {
  const time = new Date(text ?? Number.NaN);
  const year = time.getUTCFullYear();
  return year >= 0 && year <= 9_999 ? time : undefined;
}
