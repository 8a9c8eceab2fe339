import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { filesBelow } from "../files_below.ts";
import type { SimulatedExchange } from "../exchange/simulated_exchange.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { type FolderProgress, toldOf } from "./expected_mail.ts";

/** What a customer has on disk: a config, a CA file, a folder for the mail. Gone when disposed. */
export interface Customer extends AsyncDisposable {
  readonly folder: string;
  readonly configFile: string;
  readonly prefix: string;
  /** Arguments of `run` and of `check` that name both. */
  readonly run: readonly string[];
  readonly check: readonly string[];
}

/** Sets a customer up for a server; `keys` are added to the config or replace some. */
export async function customerOf(
  exchange: SimulatedExchange,
  keys: Readonly<Record<string, unknown>> = {},
): Promise<Customer> {
  const folder = await Deno.makeTempDir({ prefix: "reinfer-ews-e2e-" });
  const caFile = join(folder, "ca.pem");
  const configFile = join(folder, "config.json");
  const prefix = join(folder, "mail");
  if (exchange.caPem) await Deno.writeTextFile(caFile, exchange.caPem);
  const bucket = { owner: "owner", name: "bucket" };
  const mailboxes = exchange.store.mailboxes().map(({ address }) => [address, { bucket }]);
  const config = {
    ews_endpoint: exchange.endpoint.href,
    auth_user: exchange.account.principalName,
    auth_password: exchange.account.password,
    access_type: "impersonation",
    ...(exchange.caPem ? { ews_ssl_ca_file: caFile } : {}),
    poll_message_sleep: 0,
    mailboxes: Object.fromEntries(mailboxes),
    ...keys,
  };
  await Deno.writeTextFile(configFile, JSON.stringify(config), { mode: 0o600 });
  const places = ["--config", configFile, "--local-files-prefix", prefix];
  return {
    folder,
    configFile,
    prefix,
    run: ["run", ...places, "--log-format", "json"],
    check: ["check", ...places],
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Runs a command other than `run` on a customer's config and destination, e.g. `verify --repair`. */
export async function runCommand(
  { configFile, prefix }: Customer,
  name: string,
  ...options: readonly string[]
): Promise<Run> {
  const run = await runAppliance([
    name,
    "--config",
    configFile,
    "--local-files-prefix",
    prefix,
    ...options,
  ]);
  assertPresentable(run, ["Pässwörd 1!"]);
  return run;
}

/** One email as it lies on disk: the `.json`, and the `.eml` beside it. */
export interface DiskEmail {
  readonly path: string;
  readonly json: EmailJson;
  /** SHA-256 of the `.eml`, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface EmailJson {
  readonly id: string;
  readonly mailbox: string;
  readonly timestamp: string;
  readonly mime_sha256: string;
  readonly mime_size: number;
  /** Made from properties and attachments; absent: the content is the server's. */
  readonly rebuilt?: boolean;
  readonly metadata: {
    readonly folder: readonly string[];
    readonly received_at?: string;
    readonly size?: number;
    readonly has_attachments?: boolean;
    readonly importance?: string;
    readonly conversation_topic?: string;
  };
  readonly attachments: readonly unknown[];
}

/** Reads back everything that was delivered below a prefix. */
export async function readDelivered(prefix: string): Promise<readonly DiskEmail[]> {
  const emails: DiskEmail[] = [];
  for (const path of await filesBelow(join(prefix, "data"))) {
    if (!path.endsWith(".json") || path.includes("/.tmp/")) continue;
    const mime = await Deno.readFile(path.replace(/\.json$/, ".eml"));
    emails.push({
      path,
      json: JSON.parse(await Deno.readTextFile(path)),
      sha256: createHash("sha256").update(mime).digest("hex"),
      bytes: mime.byteLength,
    });
  }
  return emails;
}

/** `toldOf` every complete email on disk, after a look at whether its content is what its record says. */
export async function toldMail({ prefix }: Customer): Promise<string[]> {
  return (await readDelivered(prefix)).map(({ json, sha256 }) => {
    assert.equal(json.mime_sha256, sha256);
    const { mailbox, id, metadata: { folder } } = json;
    return toldOf({ mailbox, folder, id, sha256 });
  });
}

/** State of one folder as it lies on disk, as far as tests look into it. */
export interface StateJson {
  readonly mailbox: string;
  readonly folder_path: readonly string[];
  readonly phase: string;
  readonly position?: unknown;
  readonly synced_until?: string;
  readonly last_synced_at?: string;
  readonly skipped: readonly SkippedJson[];
}

/** An email on a folder's record of skips. */
export interface SkippedJson {
  readonly item_id: string;
  readonly code: string;
  readonly reason: string;
  readonly skipped_at: string;
  readonly retries: number;
  readonly rebuilt?: boolean;
}

/** Reads back the states of all folders below a prefix. */
export async function readStates(prefix: string): Promise<readonly StateJson[]> {
  const paths = (await filesBelow(join(prefix, "state")))
    .filter((path) => /\/folder-[0-9a-f]{32}\.json$/.test(path));
  return await Promise.all(paths.map(async (path) => JSON.parse(await Deno.readTextFile(path))));
}

/** How far the states below a prefix say that folders have come. */
export async function readProgress(prefix: string): Promise<readonly FolderProgress[]> {
  return (await readStates(prefix)).flatMap(progressOfState);
}

/** None where a folder has not come to anything yet. */
export function progressOfState(
  { mailbox, folder_path: folder, synced_until }: StateJson,
): readonly FolderProgress[] {
  return synced_until ? [{ mailbox, folder, syncedUntil: new Date(synced_until) }] : [];
}
