import { createHash } from "node:crypto";
import { ACCOUNT, startAzurite } from "../azure/azurite.ts";
import { CONNECTION_STRING, readEmail } from "../azure/azure_subject.ts";
import { BlobReader } from "../azure/blob_reader.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { expectedEmails } from "../exchange/expected_emails.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { type Customer, customerOf } from "./customer.ts";

/** Emails that the customer has, unless said otherwise. */
export const EMAILS = 150;
const CONTAINER = "mail";
const SECRETS = ["Pässwörd 1!", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1"];

/** A customer whose mail goes into Azure. */
export interface AzureCustomer extends AsyncDisposable {
  readonly exchange: SimulatedExchange;
  readonly customer: Customer;
  readonly reader: BlobReader;
  readonly env: Readonly<Record<string, string>>;
  readonly args: (command: string, ...options: readonly string[]) => readonly string[];
}

/** An Exchange with `emails` in three mailboxes, and a container of blobs for them. */
export async function azureCustomer(
  keys: Readonly<Record<string, unknown>> = {},
  emails = EMAILS,
): Promise<AzureCustomer> {
  const disposables = new AsyncDisposableStack();
  const exchange = disposables.use(await startSimulatedExchange());
  const mailboxes = ["a", "b", "c"].map((name) => exchange.addMailbox(`${name}@corp.example`));
  spreadCorpus(mailboxes, emails);
  const customer = disposables.use(await azureCustomerOf(exchange, keys));
  return { ...customer, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
}

/** A container of blobs for the mail of an Exchange. */
export async function azureCustomerOf(
  exchange: SimulatedExchange,
  keys: Readonly<Record<string, unknown>> = {},
): Promise<AzureCustomer> {
  const disposables = new AsyncDisposableStack();
  const azurite = disposables.use(await startAzurite());
  const reader = disposables.use(new BlobReader(azurite.endpoint, CONTAINER));
  await reader.createContainer();
  const customer = disposables.use(await customerOf(exchange, keys));
  return {
    exchange,
    customer,
    reader,
    env: {
      AZURE_STORAGE_CONNECTION_STRING: CONNECTION_STRING,
      REINFER_EWS_AZURE_BLOB_ENDPOINT: azurite.endpoint,
    },
    args: (command, ...options) => [
      command,
      "--config",
      customer.configFile,
      "--private-file-prefix",
      `az://${ACCOUNT}/${CONTAINER}/some/where`,
      ...(command === "run" ? ["--log-format", "json"] : []),
      ...options,
    ],
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

/** Runs a command to its end, and looks for secrets in what was said. */
export async function run(
  { args, env }: AzureCustomer,
  ...line: [string, ...string[]]
): Promise<Run> {
  const ended = await runAppliance(args(...line), env);
  assertPresentable(ended, SECRETS);
  return ended;
}

/** SHA-256 of the content of every complete email, in order. */
export async function contents({ reader }: AzureCustomer): Promise<readonly string[]> {
  return await contentsBelow(reader, "some/where");
}

/** The same of those below a prefix. */
export async function contentsBelow(
  reader: BlobReader,
  prefix: string,
): Promise<readonly string[]> {
  const names = await reader.names();
  const records = names.filter((name) =>
    name.startsWith(`${prefix}/data/`) && name.endsWith(".json")
  );
  const found = await Promise.all(records.map((name) => readEmail(reader, name)));
  return found.map(({ mimeSha256 }) => mimeSha256).sort();
}

/** What `contents` must be. */
export function expected({ exchange }: Pick<AzureCustomer, "exchange">): readonly string[] {
  return expectedEmails(exchange.store)
    .map(({ item }) => createHash("sha256").update(bytesOf(item.mime!)).digest("hex")).sort();
}
