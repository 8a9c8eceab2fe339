import type { BucketName } from "../core/mailbox.ts";
import type { PlatformEndpoint } from "./platform_endpoint.ts";

/*
 * Every path of the platform's API that is used, and nowhere else. What is below the private prefix
 * is not a published, stable API (facts: the vendor's client, and its OpenAPI file); a flag moves it.
 */

/** A configuration stored on the platform. */
export interface ConfigName {
  readonly owner: string;
  readonly key: string;
}

/** GET; POST updates its `last_updated_by`. */
export function bucketUrl(endpoint: PlatformEndpoint, bucket: BucketName): URL {
  return privateUrl(endpoint, "buckets", bucket.owner, bucket.name);
}

/** PUT stores emails. */
export function emailsUrl(endpoint: PlatformEndpoint, bucket: BucketName): URL {
  return privateUrl(endpoint, "buckets", bucket.owner, bucket.name, "emails");
}

/** GET: one email by its id. */
export function emailUrl(endpoint: PlatformEndpoint, bucket: BucketName, emailId: string): URL {
  const url = emailsUrl(endpoint, bucket);
  url.searchParams.set("id", emailId);
  return url;
}

/** PUT: content of an attachment, by its place in the list sent with the email. */
export function attachmentUrl(
  endpoint: PlatformEndpoint,
  bucketId: string,
  emailId: string,
  index: number,
): URL {
  const email = ["emails", emailId, "attachments", String(index)];
  return privateUrl(endpoint, "buckets", `id:${bucketId}`, ...email);
}

/** GET: progress that a program of the older generation has written for the bucket as a whole. */
export function bucketSyncStateUrl(endpoint: PlatformEndpoint, bucket: BucketName): URL {
  return privateUrl(endpoint, "bucket-sync-state", bucket.owner, bucket.name);
}

/** GET, PUT, DELETE: progress of one folder. */
export function keyedSyncStateUrl(endpoint: PlatformEndpoint, bucketId: string, key: string): URL {
  return privateUrl(endpoint, "buckets", `id:${bucketId}`, "keyed-sync-state", key);
}

/** GET: progress of all folders of all mailboxes of a bucket. The final slash is part of it. */
export function keyedSyncStatesUrl(endpoint: PlatformEndpoint, bucketId: string): URL {
  return privateUrl(endpoint, "buckets", `id:${bucketId}`, "keyed-sync-states", "");
}

/** GET, PUT: a stored configuration, as the appliance's guide documents it. */
export function applianceConfigUrl({ base }: PlatformEndpoint, { owner, key }: ConfigName): URL {
  return new URL(pathOf(["api", "v1", "appliance-configs", owner, key]), base);
}

/** GET, PUT: the same under the private prefix, as the OpenAPI file has it. */
export function privateApplianceConfigUrl(
  endpoint: PlatformEndpoint,
  { owner, key }: ConfigName,
): URL {
  return privateUrl(endpoint, "appliance-configs", owner, key);
}

function privateUrl({ base, prefix }: PlatformEndpoint, ...segments: readonly string[]): URL {
  return new URL(`${prefix}/${pathOf(segments)}`, base);
}

/** `id:HEX` keeps its colon, as the vendor's clients send it. */
function pathOf(segments: readonly string[]): string {
  return segments.map((segment) => encodeURIComponent(segment).replace(/^id%3A/, "id:")).join("/");
}
