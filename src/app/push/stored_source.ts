import type { AzureConfig, DestinationConfig } from "../../config/destination_config.ts";
import type { Env } from "../../core/env.ts";
import { Semaphore } from "../../core/semaphore.ts";
import { LocalObjectStore } from "../../storage/local_object_store.ts";
import type { ObjectStore } from "../../storage/object_store.ts";
import type { ObjectContents } from "../../storage/stored_email_content.ts";
import { localContents } from "../../storage/stored_email_content_local.ts";
import { runProgram } from "../run_program.ts";
import { BUILD_INFO } from "../version.ts";

/** A push that was killed keeps its lease for a minute; the next one waits so long at most. */
const LEASE_WAIT_MS_MAX = 70_000;

/** A destination whose emails can be read back. */
export type StoredConfig = Extract<DestinationConfig, { readonly kind: "local" | "azure" }>;

/** A place where `run` has stored emails, and where objects of ours are kept. */
export interface StoredSource {
  readonly store: ObjectStore;
  readonly contents: ObjectContents;
}

/** Makes ready where emails are stored; nothing is connected yet. */
export async function openStoredSource(
  config: StoredConfig,
  env: Env,
): Promise<StoredSource & AsyncDisposable> {
  if (config.kind === "azure") return await azureSource(config, env);
  const { prefix } = config;
  return { ...localSource(prefix, env), [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Files below a prefix. */
export function localSource(prefix: string, env: Pick<Env, "log">): StoredSource {
  return {
    store: new LocalObjectStore({ root: prefix, log: env.log }),
    contents: localContents(prefix),
  };
}

async function azureSource(
  { location, endpoint, variable, readFile, proxyFor }: AzureConfig,
  env: Env,
): Promise<StoredSource & AsyncDisposable> {
  const { createAzureDestination } = await import("../../azure/azure_destination.ts");
  const azure = createAzureDestination({
    location,
    ...(endpoint ? { endpoint } : {}),
    variable,
    readFile,
    proxyFor,
    runCommand: runProgram,
    // Nothing is uploaded but small objects.
    uploads: new Semaphore(1),
    lockWaitMsMax: LEASE_WAIT_MS_MAX,
    env,
    programVersion: BUILD_INFO.version,
  });
  const { objects: store } = azure;
  return {
    store,
    contents: store,
    [Symbol.asyncDispose]: () => azure[Symbol.asyncDispose](),
  };
}
