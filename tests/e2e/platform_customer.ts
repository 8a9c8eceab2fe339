import assert from "node:assert/strict";
import { join } from "node:path";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import type { LedgerEmail } from "../platform/platform_ledger.ts";
import { SimulatedPlatform } from "../platform/simulated_platform.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { type Customer, customerOf } from "./customer.ts";
import { type ExpectedMail, expectedMail, type FolderProgress } from "./expected_mail.ts";

/** Emails that `exchangeWithMail` brings. */
export const EMAILS = 400;

const BUCKET = { owner: "owner", name: "bucket" };

/** Mail in three mailboxes. */
export async function exchangeWithMail(emails = EMAILS): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  const mailboxes = ["a", "b", "c"].map((name) => exchange.addMailbox(`${name}@corp.example`));
  spreadCorpus(mailboxes, emails);
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

/** How far the records on the platform say that folders have come. */
export function progressOf({ platform, bucketId }: PlatformCustomer): readonly FolderProgress[] {
  return platform.statesOf(bucketId).flatMap(({ mailbox_name, folder_path, synced_until }) =>
    synced_until
      ? [{
        mailbox: String(mailbox_name),
        folder: folder_path as readonly string[],
        syncedUntil: new Date(String(synced_until)),
      }]
      : []
  );
}

/** Everything the platform must hold of an Exchange, by id: several emails can share one. */
export function expectedRecords(
  exchange: SimulatedExchange,
): ReadonlyMap<string, readonly ExpectedMail[]> {
  return Map.groupBy(expectedMail(exchange), ({ id }) => id);
}

/** Whether an email lies on the platform as it should: of several under one id, the last. */
export function isStoredAs(stored: LedgerEmail, email: ExpectedMail): boolean {
  return stored.mailbox === email.mailbox &&
    (stored.mimeSha256 === email.sha256 || !email.isText);
}

/** Asserts that the platform holds exactly what it should, as it should. */
export function assertComplete(
  stored: readonly LedgerEmail[],
  expected: ReadonlyMap<string, readonly ExpectedMail[]>,
): void {
  assert.deepEqual(stored.map(({ id }) => id).sort(), [...expected.keys()].sort());
  for (const email of stored) {
    const candidates = expected.get(email.id)!;
    assert.ok(
      candidates.some((one) => isStoredAs(email, one)),
      `${email.id} has the content of no email`,
    );
  }
}
