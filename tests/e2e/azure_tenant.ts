import { join } from "node:path";
import { ACCOUNT, type Azurite, startAzurite } from "../azure/azurite.ts";
import { BlobReader } from "../azure/blob_reader.ts";
import { type IdentityServices, startIdentityServices } from "../azure/identity_services.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { type SimulatedExchange, startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { assertPresentable, type Run, runAppliance } from "./appliance.ts";
import { contentsBelow } from "./azure_customer.ts";
import { type Customer, customerOf } from "./customer.ts";
import { type CheckJson, checkOf, type DiagnosisOptions } from "./diagnosis.ts";

const CONTAINER = "mail";
const EMAILS = 30;
/** Where Azure itself is, for whoever goes there through a proxy of the tests. */
export const AZURE_HOSTS = {
  authority: "login.microsoftonline.com",
  blobs: `${ACCOUNT}.blob.core.windows.net`,
} as const;

/** A tenant of Azure with a storage account that takes access tokens only, and an Exchange with mail. */
export interface AzureTenant extends AsyncDisposable {
  readonly identity: IdentityServices;
  readonly azurite: Azurite;
  readonly exchange: SimulatedExchange;
  /** The variables that name the application. */
  readonly application: Readonly<Record<string, string>>;
  /** Texts that may be in no output: tokens begin as the last but one, and keys as the last. */
  readonly secrets: readonly string[];
  /** Writes a file of the customer and yields its path. */
  file(name: string, text: string): Promise<string>;
  /** A machine of the customer, with these variables and a place of its own for the mail. */
  machine(variables: Readonly<Record<string, string>>): Machine;
}

/** A machine on which the appliance runs. */
export interface Machine extends Pick<Customer, "run" | "check"> {
  readonly options: DiagnosisOptions;
  /** Runs `run --once`, and looks for secrets in what was said. */
  once(): Promise<Run>;
  /** What `check` says of the destination, and with which exit code. */
  destination(): Promise<{ readonly code: number; readonly line: CheckJson }>;
  /** SHA-256 of the content of every email that has come, in order. */
  contents(): Promise<readonly string[]>;
}

/** Starts all of it, for as many machines as are wanted. */
export async function azureTenant(): Promise<AzureTenant> {
  const disposables = new AsyncDisposableStack();
  const hosts = ["localhost", "127.0.0.1", ...Object.values(AZURE_HOSTS)];
  const identity = disposables.use(await startIdentityServices({ hosts }));
  const exchange = disposables.use(await startSimulatedExchange());
  spreadCorpus([exchange.addMailbox("a@corp.example")], EMAILS);
  const customer = disposables.use(await customerOf(exchange));
  const file = async (name: string, text: string) => {
    const path = join(customer.folder, name);
    await Deno.writeTextFile(path, text);
    return path;
  };
  const tls = {
    certificate: await file("server.pem", identity.certificatePem),
    key: await file("server.key", identity.keyPem),
  };
  const azurite = disposables.use(await startAzurite({ tls }));
  const reader = disposables.use(new BlobReader(azurite.endpoint, CONTAINER, [identity.caPem]));
  await reader.createContainer();
  const basis = {
    SSL_CERT_FILE: await file("roots.pem", identity.caPem),
    REINFER_EWS_AZURE_BLOB_ENDPOINT: azurite.endpoint,
  };
  const { secret, federatedToken, identityHeader } = identity;
  const secrets = ["Pässwörd 1!", secret, federatedToken, identityHeader, "eyJ", "MIIE"];
  return {
    identity,
    azurite,
    exchange,
    secrets,
    file,
    application: {
      AZURE_AUTHORITY_HOST: identity.authority.origin,
      AZURE_TENANT_ID: identity.tenantId,
      AZURE_CLIENT_ID: identity.clientId,
    },
    machine: (variables) =>
      machineOf({ customer, reader }, { env: { ...basis, ...variables }, secrets }),
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

function machineOf(
  { customer: { configFile }, reader }: {
    readonly customer: Customer;
    readonly reader: BlobReader;
  },
  options: DiagnosisOptions,
): Machine {
  const prefix = crypto.randomUUID();
  const place = `az://${ACCOUNT}/${CONTAINER}/${prefix}`;
  const places = ["--config", configFile, "--private-file-prefix", place];
  const run = ["run", ...places, "--log-format", "json", "--debug-level", "2"];
  const check = ["check", ...places];
  return {
    run,
    check,
    options,
    once: async () => {
      const ended = await runAppliance([...run, "--once"], options.env);
      assertPresentable(ended, options.secrets);
      return ended;
    },
    destination: async () => {
      const { code, lines } = await checkOf({ check }, options);
      return { code, line: lines.find((line) => line.check === "destination")! };
    },
    contents: () => contentsBelow(reader, prefix),
  };
}
