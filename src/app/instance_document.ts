import type { CallOptions, Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { Connection } from "../http/connection.ts";
import type { HttpProxy } from "../http/proxy.ts";
import type { MailboxDocument, StatusDocument } from "../status/status_document.ts";

export interface InstanceAccess extends CallOptions {
  readonly clock: Clock;
  /** Absent: the instance is reached directly. */
  readonly proxy?: HttpProxy;
}

const ANSWER_MS_MAX = 30_000;
/** Of one page: 25 mailboxes with 300 folders and their skipped emails each fit. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** More mailboxes than any instance has; who claims more is no instance. */
const MAILBOXES_MAX = 100_000;

/**
 * What the instance at `url` says of itself and of every mailbox, with folders where it shows them.
 *
 * @throws SyncError as `dial` does where nothing answers, and of kind `retryable` and code
 * `NoInstance` where what answers is no instance of ours.
 */
export async function readInstance(url: URL, access: InstanceAccess): Promise<StatusDocument> {
  await using connection = await openConnection(url, access);
  const first = await readPage(connection, url, 0, access);
  const mailboxes: MailboxDocument[] = [...first.mailboxes];
  while (mailboxes.length < Math.min(first.page.matching, MAILBOXES_MAX)) {
    const next = await readPage(connection, url, mailboxes.length, access);
    // Reloaded meanwhile, with fewer mailboxes.
    if (next.mailboxes.length === 0) break;
    mailboxes.push(...next.mailboxes);
  }
  return { ...first, mailboxes };
}

async function openConnection(url: URL, { clock, signal, proxy }: InstanceAccess) {
  const connection = await Connection.open(new URL(url.origin), {
    trust: { verify: true, extraRoots: [] },
    hasOwnSettings: false,
    clock,
    signal,
    headersMsMax: ANSWER_MS_MAX,
    bodyIdleMsMax: ANSWER_MS_MAX,
    ...(proxy ? { proxy } : {}),
  });
  return {
    exchange: connection.exchange.bind(connection),
    [Symbol.asyncDispose]: () => Promise.resolve(connection.destroy()),
  };
}

async function readPage(
  { exchange }: Pick<Connection, "exchange">,
  base: URL,
  offset: number,
  { signal }: CallOptions,
): Promise<StatusDocument> {
  const folder = base.pathname.endsWith("/") ? base : new URL(`${base.href}/`);
  const url = new URL(`status.json?folders=1&sort=mailbox&limit=25&offset=${offset}`, folder);
  const request = { method: "GET", url, headers: { accept: "application/json" } } as const;
  const { status, body } = await exchange(request, { signal });
  const text = await textOf(body, url);
  if (status !== 200) throw noInstance(url, `it answers with HTTP status ${status}`);
  const document = jsonOf(text);
  if (!isStatusDocument(document)) throw noInstance(url, "its answer is no status of reinfer-ews");
  return document;
}

async function textOf(body: AsyncIterable<Uint8Array>, url: URL): Promise<string> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES_MAX) throw noInstance(url, "its answer does not end");
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether everything is there that is shown; an instance of another version may have more. */
function isStatusDocument(value: unknown): value is StatusDocument {
  const { detail, instance, service, totals, problems, page, mailboxes } = fieldsOf(value);
  return (detail === "full" || detail === "summary") &&
    typeof fieldsOf(instance).version === "string" &&
    Array.isArray(fieldsOf(service).not_ready) &&
    typeof fieldsOf(totals).mailboxes === "number" && Array.isArray(problems) &&
    typeof fieldsOf(page).matching === "number" &&
    Array.isArray(mailboxes) && mailboxes.every(isMailbox);
}

function isMailbox(value: unknown): boolean {
  const { number, state, condition, folders, left } = fieldsOf(value);
  return typeof number === "number" && typeof state === "string" && typeof left === "number" &&
    typeof fieldsOf(condition).since === "string" &&
    (folders === undefined || Array.isArray(folders) && folders.every(isFolder));
}

function isFolder(value: unknown): boolean {
  const { path, state, skipped } = fieldsOf(value);
  return Array.isArray(path) && typeof state === "string" &&
    typeof fieldsOf(skipped).count === "number";
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function noInstance(url: URL, why: string): SyncError {
  return new SyncError(
    "retryable",
    "NoInstance",
    `Nothing at "${url.origin}" tells a status: ${why}`,
    {
      hint: "Give the URL that `run --bind` logs, and not --status off",
    },
  );
}
