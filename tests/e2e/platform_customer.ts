import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import type { LedgerEmail } from "../platform/platform_ledger.ts";
import { SimulatedPlatform } from "../platform/simulated_platform.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { type Customer, customerOf } from "./customer.ts";

/** Emails that `exchangeWithMail` brings, less the few without a Message-ID. */
export const EMAILS = 400;

const BUCKET = { owner: "owner", name: "bucket" };

/** Mail of which all has a Message-ID, so that a test can tell its id. */
export async function exchangeWithMail(emails = EMAILS): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  const mailboxes = ["a", "b", "c"].map((name) => exchange.addMailbox(`${name}@corp.example`));
  spreadCorpus(mailboxes, emails);
  for (const mailbox of mailboxes) {
    for (const folder of mailbox.descendantsOf(mailbox.distinguishedFolder("root").id)) {
      for (const { id, internetMessageId } of mailbox.itemsOf(folder.id)) {
        if (!internetMessageId?.trim()) mailbox.delete(id);
      }
    }
  }
  return exchange;
}

/** A customer whose mail goes to the platform. */
export interface PlatformCustomer extends AsyncDisposable {
  readonly platform: SimulatedPlatform;
  readonly bucketId: string;
  readonly customer: Customer;
  readonly stateDir: string;
  /** What the appliance needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of a command, without and with `--state-dir`. */
  readonly args: (command: string, ...options: readonly string[]) => readonly string[];
  readonly withState: (command: string, ...options: readonly string[]) => readonly string[];
}

export async function platformCustomer(
  exchange: SimulatedExchange,
  keys: Readonly<Record<string, unknown>> = {},
): Promise<PlatformCustomer> {
  const disposables = new AsyncDisposableStack();
  const platform = disposables.use(new SimulatedPlatform({ buckets: [BUCKET] }));
  const customer = disposables.use(await customerOf(exchange, keys));
  const stateDir = join(customer.folder, "state");
  const args = (command: string, ...options: readonly string[]) => [
    command,
    "--config",
    customer.configFile,
    "--reinfer-api-endpoint",
    platform.endpoint,
    ...(command === "run" ? ["--log-format", "json"] : []),
    ...options,
  ];
  return {
    platform,
    bucketId: platform.buckets.get("owner/bucket")!.id,
    customer,
    stateDir,
    env: { REINFER_API_TOKEN: platform.token },
    args,
    withState: (command, ...options) => args(command, "--state-dir", stateDir, ...options),
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

/** What the platform holds for the customer. */
export function stored({ platform, bucketId }: PlatformCustomer) {
  return platform.ledger.of(bucketId);
}

/** Runs to the end, and looks for secrets in what was said. */
export async function runOnce(
  { env }: PlatformCustomer,
  args: readonly string[],
): Promise<Run> {
  const run = await runAppliance([...args, "--once"], env);
  assertPresentable(run, ["Pässwörd 1!", env["REINFER_API_TOKEN"]!]);
  return run;
}

/** What may be stored under an id: several emails can share one, and the last one wins. */
export interface ExpectedRecord {
  /** SHA-256 of their MIME content where it is sent as it is. */
  readonly asTheyAre: ReadonlySet<string>;
  /** Whether there is one that is not valid UTF-8 or holds a NUL, and is hence re-encoded. */
  readonly someReencoded: boolean;
}

/** Everything the platform must hold of an Exchange whose emails all have a Message-ID. */
export function expectedRecords(exchange: SimulatedExchange): ReadonlyMap<string, ExpectedRecord> {
  const records = new Map<string, { asTheyAre: Set<string>; someReencoded: boolean }>();
  for (const { item } of expectedEmails(exchange.store)) {
    const id = item.internetMessageId!.trim();
    const record = records.get(id) ?? { asTheyAre: new Set(), someReencoded: false };
    records.set(id, record);
    const mime = bytesOf(item.mime!);
    if (isText(mime)) record.asTheyAre.add(createHash("sha256").update(mime).digest("hex"));
    else record.someReencoded = true;
  }
  return records;
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(bytes).includes("\0");
  } catch {
    return false;
  }
}

/** Asserts that the platform holds exactly what it should, as it should. */
export function assertComplete(
  stored: readonly LedgerEmail[],
  expected: ReadonlyMap<string, ExpectedRecord>,
): void {
  assert.deepEqual(stored.map(({ id }) => id).sort(), [...expected.keys()].sort());
  for (const { id, mimeSha256 } of stored) {
    const { asTheyAre, someReencoded } = expected.get(id)!;
    assert.ok(asTheyAre.has(mimeSha256) || someReencoded, `${id} has the content of no email`);
  }
}
