import type { Env } from "../core/env.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { HttpProxy } from "../http/proxy.ts";
import type { Destination } from "../storage/local_destination.ts";
import { ObjectSink } from "../storage/object_sink.ts";
import { ObjectStateStore } from "../storage/object_state_store.ts";
import { AzureObjectStore } from "./azure_object_store.ts";
import { BlobContainer } from "./blob_container.ts";
import type { BlobAccess } from "./blob_credential.ts";
import { BlobLeases } from "./blob_leases.ts";
import { type AzureLocation, BlobService } from "./blob_service.ts";
import { environmentApplication, workloadIdentity } from "./credentials/application.ts";
import { AzureCli, type RunCommand } from "./credentials/azure_cli.ts";
import { accessOfConnectionString } from "./credentials/connection_string.ts";
import { CredentialChain } from "./credentials/credential_chain.ts";
import { type ReadFile, type ReadVariable, variableOf } from "./credentials/environment.ts";
import { ManagedIdentity } from "./credentials/managed_identity.ts";

export interface AzureDestinationOptions {
  /** `--private-file-prefix`. */
  readonly location: AzureLocation;
  /** `REINFER_EWS_AZURE_BLOB_ENDPOINT`: of the account, for the emulator with the account's path. */
  readonly endpoint?: URL;
  /** Reads the environment that credentials come from: `AZURE_VARIABLES`. */
  readonly variable: ReadVariable;
  /** Reads certificates and tokens that the environment names. */
  readonly readFile: ReadFile;
  /** Runs `az`. */
  readonly runCommand: RunCommand;
  /** The proxy through which a URL is reached; nothing: directly. */
  readonly proxyFor: (url: URL) => HttpProxy | undefined;
  /** PEM certificates trusted on top of the roots of the process; default none. */
  readonly caCerts?: readonly string[];
  /** Where virtual machines find their identity; default that of Azure. */
  readonly instanceMetadata?: URL;
  /** Emails being written at one time, whole process: `max_concurrent_uploads`, at least 1. */
  readonly uploads: Semaphore;
  readonly env: Env;
  /** Of this program, e.g. `0.1.0`; written into every state. */
  readonly programVersion: string;
  /** How long to wait for the lease of another holder, who may have been killed, ms; default 0. */
  readonly lockWaitMsMax?: number;
}

/** Closes its connections when it is disposed; mailboxes must have been given up before. */
export interface AzureDestination extends Destination, AsyncDisposable {
  /** What sink and states are made of, for what else lies there and to read emails back. */
  readonly objects: AzureObjectStore;
  /** How it was signed in to, e.g. `managed identity`; nothing before that. */
  signedInWith(): string | undefined;
}

/**
 * Azure Blob Storage as the destination: emails, states and leases below one prefix of a container
 * (spec section 5). Nothing is connected, and no credential is looked at, before the first call; the
 * package for it is loaded then, too.
 */
export function createAzureDestination(options: AzureDestinationOptions): AzureDestination {
  const { location, endpoint, uploads, env, programVersion, lockWaitMsMax } = options;
  const service = new BlobService({
    location,
    access: () => accessOf(options),
    proxyFor: options.proxyFor,
    caCerts: options.caCerts ?? [],
    programVersion,
    env,
    ...(endpoint ? { endpoint } : {}),
  });
  const calls = service.contentCalls();
  const store = new AzureObjectStore({
    container: new BlobContainer(calls),
    leases: new BlobLeases(calls, service.renewalCalls()),
    uploads,
    env,
    ...(lockWaitMsMax === undefined ? {} : { lockWaitMsMax }),
  });
  return {
    sink: new ObjectSink({ store, uploads, env }),
    states: new ObjectStateStore({ store, env, programVersion }),
    objects: store,
    signedInWith: () => service.signedInWith(),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** A connection string, which says all; else the order of DefaultAzureCredential (spec section 5). */
function accessOf(options: AzureDestinationOptions): BlobAccess {
  const { location, variable, readFile, env, proxyFor, caCerts = [], instanceMetadata } = options;
  const text = variableOf(variable, "AZURE_STORAGE_CONNECTION_STRING");
  if (text !== undefined) return accessOfConnectionString(text, location.account);
  const application = { variable, readFile, env, proxyFor, caCerts };
  const { clock, log } = env;
  const chain = new CredentialChain({
    clock,
    log,
    candidates: [
      environmentApplication(application),
      workloadIdentity(application),
      new ManagedIdentity({ variable, clock, ...(instanceMetadata ? { instanceMetadata } : {}) }),
      new AzureCli(variable, options.runCommand, clock),
    ],
  });
  return { credential: chain.credential() };
}
