import {
  type AzureDestinationOptions,
  createAzureDestination,
} from "../../src/azure/azure_destination.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import { Semaphore } from "../../src/core/semaphore.ts";
import { dataFolderOf } from "../../src/storage/layout.ts";
import type { StoredEmail } from "../contract/sink_contract.ts";
import { storedEmailOf } from "../contract/stored_email_of.ts";
import { ACCOUNT, ACCOUNT_KEY, type Azurite } from "./azurite.ts";
import { BlobReader } from "./blob_reader.ts";
import { hastyEnv } from "./hasty_env.ts";

export interface AzureSubjectOptions extends Partial<AzureDestinationOptions> {
  /** What the destination talks to in place of the emulator itself. */
  readonly through?: string;
  /** A container that is there; default: a new one. */
  readonly container?: string;
  /** Leaves the endpoint to the credential. */
  readonly withoutEndpoint?: boolean;
  /** PEM certificates that whoever looks into the emulator trusts. */
  readonly readerCaCerts?: string[];
}

/** `AZURE_STORAGE_CONNECTION_STRING` for the emulator. */
export const CONNECTION_STRING = `AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY}`;

/** An Azure destination below a prefix of a container of its own. */
export async function azureSubject(azurite: Azurite, options: AzureSubjectOptions = {}) {
  const container = options.container ?? `test-${crypto.randomUUID()}`;
  const reader = new BlobReader(azurite.endpoint, container, options.readerCaCerts);
  if (options.container === undefined) await reader.createContainer();
  const prefix = "some/where";
  const { env, lines } = hastyEnv();
  const variables: Readonly<Record<string, string>> = {
    AZURE_STORAGE_CONNECTION_STRING: CONNECTION_STRING,
  };
  const destination = createAzureDestination({
    location: { account: ACCOUNT, container, prefix },
    ...(options.withoutEndpoint ? {} : { endpoint: new URL(options.through ?? azurite.endpoint) }),
    variable: (name) => variables[name],
    readFile: () => Promise.reject(new Error("No file is read")),
    runCommand: () => Promise.resolve(undefined),
    proxyFor: () => undefined,
    uploads: new Semaphore(8),
    env,
    programVersion: "1.2.3",
    ...options,
  });
  return {
    ...destination,
    container,
    reader,
    lines,
    prefix,
    stored: (mailbox: Mailbox) => storedEmails(reader, prefix, mailbox),
    async [Symbol.asyncDispose]() {
      await destination[Symbol.asyncDispose]();
      if (options.container === undefined) await reader.deleteContainer();
      reader[Symbol.dispose]();
    },
  };
}

/** Every complete email, its content hashed from the `.eml` beside the `.json`. */
async function storedEmails(
  reader: BlobReader,
  prefix: string,
  mailbox: Mailbox,
): Promise<readonly StoredEmail[]> {
  const names = await reader.names();
  const records = names.filter((name) =>
    name.startsWith(`${prefix}/${dataFolderOf(mailbox)}/`) && name.endsWith(".json")
  );
  return await Promise.all(records.map((name) => readEmail(reader, name)));
}

/** An email by the name of its record. */
export async function readEmail(reader: BlobReader, name: string): Promise<StoredEmail> {
  const record = await reader.text(name);
  const mime = await reader.bytes(name.replace(/json$/, "eml"));
  return storedEmailOf({ name, record, mime });
}
