import type { Clock, Env } from "../../src/core/env.ts";
import type { BucketName, Mailbox } from "../../src/core/mailbox.ts";
import { Secret } from "../../src/core/secret.ts";
import { Semaphore } from "../../src/core/semaphore.ts";
import type { SettingsFingerprint } from "../../src/core/sync_state.ts";
import {
  createPlatformDestination,
  type PlatformDestinationOptions,
} from "../../src/platform/platform_destination.ts";
import { platformEndpointOf } from "../../src/platform/platform_endpoint.ts";
import { systemClock, systemEntropy } from "../../src/runtime/system.ts";
import { quietEnv } from "../contract/quiet_env.ts";
import type { StoredEmail } from "../contract/sink_contract.ts";
import { SimulatedPlatform } from "./simulated_platform.ts";

export const BUCKET: BucketName = { owner: "acme", name: "support" };

export interface PlatformSubjectOptions extends Partial<PlatformDestinationOptions> {
  /** One that goes on living; default: a fresh one that ends with the subject. */
  readonly platform?: SimulatedPlatform;
  /** Default: one on which pauses before retries pass quickly. */
  readonly clock?: Clock;
  readonly settings?: SettingsFingerprint;
}

/** The platform as the destination, before a simulated one. */
export function platformSubject(options: PlatformSubjectOptions = {}) {
  const platform = options.platform ?? new SimulatedPlatform({ buckets: [BUCKET] });
  const { env: { log }, lines } = quietEnv();
  const env: Env = { clock: options.clock ?? hastyClock(), entropy: systemEntropy, log };
  const uploads = new Semaphore(8);
  const destination = createPlatformDestination({
    endpoint: platformEndpointOf(platform.endpoint),
    token: new Secret(platform.token),
    buckets: [BUCKET],
    uploads,
    uploadsMax: 8,
    batchSize: 80,
    uploadsAttachments: () => false,
    settingsOf: () => options.settings ?? {},
    programVersion: "1.2.3",
    env,
    ...options,
  });
  const { sink, states, counts } = destination;
  return {
    platform,
    sink,
    states,
    counts,
    lines,
    stored: (mailbox: Mailbox) => Promise.resolve(storedEmails(platform, mailbox)),
    [Symbol.asyncDispose]: async () => {
      await destination[Symbol.asyncDispose]();
      if (!options.platform) await platform[Symbol.asyncDispose]();
    },
  };
}

function storedEmails(platform: SimulatedPlatform, mailbox: Mailbox): readonly StoredEmail[] {
  const { owner, name } = mailbox.bucket;
  const { id } = platform.buckets.get(`${owner}/${name}`)!;
  return platform.ledger.of(id).filter((email) => email.mailbox === mailbox.address)
    .map((email) => ({
      id: email.id,
      folder: email.metadata["folder"] as readonly string[],
      isRead: email.metadata["is_read"] as boolean | undefined,
      mimeSha256: email.mimeSha256,
      mimeSizeBytes: email.mimeSizeBytes,
      rebuilt: /^X-Reinfer-Ews-Rebuilt:/im.test(email.mime ?? ""),
    }));
}

/** Deadlines, which are never to pass in a test: connecting, watching, idling, silence. */
const DEADLINES_MS: ReadonlySet<number> = new Set([30_000, 60_000, 100_000, 240_000]);

/** The machine's clock, on which all pauses pass quickly that are no deadlines. */
export function hastyClock(): Clock {
  return {
    ...systemClock,
    sleep: (ms, options) => systemClock.sleep(DEADLINES_MS.has(ms) ? ms : ms / 200, options),
  };
}
