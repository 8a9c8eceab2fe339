import assert from "node:assert/strict";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import type { SimulatedPlatform } from "../platform/simulated_platform.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { type DiskEmail, readDelivered } from "./customer.ts";
import type { PlatformCustomer } from "./platform_customer.ts";

export const EMAILS = 300;
export const BUCKET = { owner: "owner", name: "bucket" };

/** Mail of two mailboxes. */
export async function exchangeWithMail(): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange();
  spreadCorpus(["a", "b"].map((name) => exchange.addMailbox(`${name}@corp.example`)), EMAILS);
  return exchange;
}

/** Mail of a whole Exchange in files. */
export async function syncedToFiles({ customer }: PlatformCustomer): Promise<readonly DiskEmail[]> {
  const run = await runAppliance([...customer.run, "--once"]);
  assert.equal(run.code, 0, run.stderr);
  return await readDelivered(customer.prefix);
}

/** Arguments of `push` from the files of a customer to a platform. */
export function pushTo(
  { customer: { configFile, prefix } }: PlatformCustomer,
  platform: SimulatedPlatform,
  ...options: readonly string[]
): readonly string[] {
  const places = ["--local-files-prefix", prefix, "--reinfer-api-endpoint", platform.endpoint];
  return ["push", "--config", configFile, ...places, "--log-format", "json", ...options];
}

/** Runs it to its end, and looks for secrets in what was said. */
export async function push(set: PlatformCustomer, args: readonly string[]): Promise<Run> {
  const run = await runAppliance(args, set.env);
  assertPresentable(run, ["Pässwörd 1!", set.platform.token]);
  return run;
}

/** What a platform has of each email, by id, apart from how often it was stored. */
export function emailsOn(platform: SimulatedPlatform) {
  const { id } = platform.buckets.get("owner/bucket")!;
  return new Map(platform.ledger.of(id).map(({ stores: _, ...email }) => [email.id, email]));
}

/** Ids that one email alone has: of several under one id, the platform keeps the last. */
export function uniqueIds(emails: readonly DiskEmail[]): readonly string[] {
  const byId = Map.groupBy(emails, ({ json }) => json.id);
  return [...byId].filter(([, emails]) => emails.length === 1).map(([id]) => id);
}
