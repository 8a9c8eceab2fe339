import type { AppConfig, RemoteSource } from "../config/app_config.ts";
import type { AzureConfig, PlatformConfig } from "../config/destination_config.ts";
import type { Env } from "../core/env.ts";
import { Semaphore } from "../core/semaphore.ts";
import type { BucketStamp } from "../platform/buckets.ts";
import { createLocalDestination, type Destination } from "../storage/local_destination.ts";
import { settingsFingerprint } from "../sync/settings_fingerprint.ts";
import { rotatingSecretFrom } from "./rotating_secret_from.ts";
import { runProgram } from "./run_program.ts";
import { BUILD_INFO } from "./version.ts";

/** A destination whose connections are closed when it is disposed. */
export interface OpenDestination extends Destination, AsyncDisposable {
  /** How it was signed in to, where there are several ways; nothing before that. */
  readonly signedInWith?: () => string | undefined;
}

/** A lease of a minute, and some time to see that it is over. */
const DEAD_LEASE_MS_MAX = 70_000;

export interface DestinationOptions {
  /** Wait for a mailbox whose last holder may have been killed, where a lease has to run out. */
  readonly waits?: boolean;
}

/**
 * Makes ready where the configuration wants emails and states; nothing is connected yet. What only
 * some destinations need is loaded for them alone: it takes its time.
 *
 * @throws SyncError of kind `fatal` for an API endpoint that cannot be one.
 */
export async function openDestination(
  config: AppConfig,
  env: Env,
  options: DestinationOptions = {},
): Promise<OpenDestination> {
  const { destination } = config;
  switch (destination.kind) {
    case "local": {
      const { sink, states } = createLocalDestination({
        prefix: destination.prefix,
        ...sharedOptions(config, env),
      });
      return { sink, states, [Symbol.asyncDispose]: () => Promise.resolve() };
    }
    case "azure":
      return await openAzure(destination, { config, env, ...options });
    case "platform":
      return await openPlatformBuckets(destination, config, env);
  }
}

function sharedOptions({ maxConcurrentUploads }: AppConfig, env: Env) {
  const uploads = new Semaphore(Math.max(1, maxConcurrentUploads));
  return { uploads, env, programVersion: BUILD_INFO.version };
}

interface AzureContext extends DestinationOptions {
  readonly config: AppConfig;
  readonly env: Env;
}

async function openAzure(azure: AzureConfig, { config, env, waits }: AzureContext) {
  const { createAzureDestination } = await import("../azure/azure_destination.ts");
  const { location, endpoint, variable, readFile, proxyFor } = azure;
  return createAzureDestination({
    location,
    ...(endpoint ? { endpoint } : {}),
    variable,
    readFile,
    proxyFor,
    runCommand: runProgram,
    ...(waits ? { lockWaitMsMax: DEAD_LEASE_MS_MAX } : {}),
    ...sharedOptions(config, env),
  });
}

async function openPlatformBuckets(platform: PlatformConfig, config: AppConfig, env: Env) {
  const { createPlatformDestination } = await import("../platform/platform_destination.ts");
  const { platformEndpointOf } = await import("../platform/platform_endpoint.ts");
  const { endpoint, privatePrefix, token, proxy, stateDir } = platform;
  const withContent = new Set(config.attachmentUploads);
  const { remoteSource } = config;
  return createPlatformDestination({
    endpoint: platformEndpointOf(endpoint.href, privatePrefix),
    token: rotatingSecretFrom(token, { onChange: () => undefined, log: env.log }),
    ...(proxy ? { proxy } : {}),
    buckets: config.mailboxes.map(({ bucket }) => bucket),
    uploadsMax: Math.max(1, config.maxConcurrentUploads),
    batchSize: config.batchSize,
    uploadsAttachments: ({ address }) => withContent.has(address),
    settingsOf: settingsFingerprint,
    ...(stateDir === undefined ? {} : { stateDir }),
    ...(remoteSource ? { stamp: stampOf(remoteSource) } : {}),
    ...sharedOptions(config, env),
  });
}

function stampOf({ owner, key, shard }: RemoteSource): BucketStamp {
  return { configOwner: owner, configKey: key, shardIndex: shard.number, shardCount: shard.total };
}
