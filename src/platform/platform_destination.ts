import type { Env } from "../core/env.ts";
import type { BucketName, Mailbox } from "../core/mailbox.ts";
import type { Secret } from "../core/secret.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { SettingsFingerprint } from "../core/sync_state.ts";
import type { HttpProxy } from "../http/proxy.ts";
import type { RotatingSecret } from "../http/rotating_secret.ts";
import { KeyedQueue } from "../storage/keyed_queue.ts";
import type { Destination } from "../storage/local_destination.ts";
import { LocalObjectStore } from "../storage/local_object_store.ts";
import { ObjectStateStore } from "../storage/object_state_store.ts";
import { AttachmentUpload } from "./attachment_upload.ts";
import { Buckets, type BucketStamp } from "./buckets.ts";
import { DeliveredEmails } from "./delivered_emails.ts";
import { KeyedStates } from "./keyed_states.ts";
import { PlatformClient } from "./platform_client.ts";
import { PlatformCounts } from "./platform_counts.ts";
import type { PlatformEndpoint } from "./platform_endpoint.ts";
import { PlatformSink } from "./platform_sink.ts";
import { PlatformStateStore, type StatesOnDisk } from "./platform_state_store.ts";
import { createPlatformTransport } from "./platform_transport.ts";
import { EmailUpload } from "./put_emails.ts";

/** The way to the platform. */
export interface PlatformAccessOptions {
  /** See `platformEndpointOf`. */
  readonly endpoint: PlatformEndpoint;
  /** `REINFER_API_TOKEN`; where it comes from a file, one that is read again when refused. */
  readonly token: Secret | RotatingSecret;
  /** Absent: the platform is reached directly. */
  readonly proxy?: HttpProxy;
  /** PEM certificates trusted on top of the roots of the process; default none. */
  readonly extraRoots?: readonly string[];
  /** Requests at a time, beside `uploads`; default 4. */
  readonly otherRequestsMax?: number;
  readonly env: Env;
}

export interface PlatformDestinationOptions extends PlatformAccessOptions {
  /** Buckets of the mailboxes of this process; probed in this order. */
  readonly buckets: readonly BucketName[];
  /** Bounds the requests with emails at one time, whole process: `max_concurrent_uploads`. */
  readonly uploads: Semaphore;
  /** What `uploads` admits. */
  readonly uploadsMax: number;
  /** Emails of one PUT at most: `reinfer_batch_size`. */
  readonly batchSize: number;
  /** `upload_attachments` of a mailbox. */
  readonly uploadsAttachments: (mailbox: Mailbox) => boolean;
  /** The settings that decide what of a mailbox is synced. */
  readonly settingsOf: (mailbox: Mailbox) => SettingsFingerprint;
  /** `--state-dir`; absent: the platform keeps the times of states and nothing else. */
  readonly stateDir?: string;
  /** What buckets are stamped with; only with a remote configuration. */
  readonly stamp?: BucketStamp;
  /** Of this program, e.g. `0.1.0`; written into states on disk. */
  readonly programVersion: string;
}

/** The platform as the destination; its connections are closed when it is disposed. */
export interface PlatformDestination extends Destination, AsyncDisposable {
  /** What happened on the way, since the destination was made. */
  readonly counts: PlatformCounts;
}

/** The platform's API alone, for stored configurations; connections are closed on disposal. */
export interface PlatformAccess extends AsyncDisposable {
  readonly client: PlatformClient;
}

/** Makes the way to the platform ready; nothing is connected yet. */
export function openPlatform(
  options: PlatformAccessOptions & { readonly uploadsMax?: number },
): PlatformAccess {
  const { endpoint, token, proxy, extraRoots, env } = options;
  const transport = createPlatformTransport({
    endpoint: endpoint.base,
    token,
    clock: env.clock,
    connectionsMax: (options.uploadsMax ?? 0) + (options.otherRequestsMax ?? 4),
    ...(proxy ? { proxy } : {}),
    ...(extraRoots ? { extraRoots } : {}),
  });
  return {
    client: new PlatformClient({ transport, endpoint, env }),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** Buckets of the platform as the destination (spec section 5); nothing is connected yet. */
export function createPlatformDestination(
  options: PlatformDestinationOptions,
): PlatformDestination {
  const { env, uploads, batchSize, stateDir, stamp } = options;
  const access = openPlatform(options);
  const { client } = access;
  const counts = new PlatformCounts();
  const buckets = new Buckets(client, env, stamp);
  const states = new KeyedStates({ client, env, canDoWithout: stateDir !== undefined });
  const sink = new PlatformSink({
    client,
    buckets,
    emails: new EmailUpload({ client, batchSize, counts }),
    attachments: new AttachmentUpload({ client, buckets, counts, env }),
    delivered: new DeliveredEmails(),
    uploads,
    queue: new KeyedQueue(),
    counts,
    env,
    probed: distinct(options.buckets),
    states,
    uploadsAttachments: options.uploadsAttachments,
  });
  const store = new PlatformStateStore({
    buckets,
    states,
    settingsOf: options.settingsOf,
    counts,
    env,
    ...(stateDir === undefined ? {} : { disk: diskStates(stateDir, options) }),
  });
  return {
    sink,
    states: store,
    counts,
    [Symbol.asyncDispose]: () => access[Symbol.asyncDispose](),
  };
}

function diskStates(
  stateDir: string,
  { env, programVersion }: PlatformDestinationOptions,
): StatesOnDisk {
  const objects = new LocalObjectStore({ root: stateDir, log: env.log });
  return { objects, states: new ObjectStateStore({ store: objects, env, programVersion }) };
}

function distinct(buckets: readonly BucketName[]): readonly BucketName[] {
  return [...new Map(buckets.map((one) => [`${one.owner}/${one.name}`, one])).values()];
}
