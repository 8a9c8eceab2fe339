import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { BucketName } from "../core/mailbox.ts";
import { fullNameOf } from "./buckets.ts";
import { storableText } from "./email_wire.ts";
import type { PlatformClient } from "./platform_client.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { emailUrl } from "./platform_paths.ts";

const TOO_LARGE = "PlatformAnswerTooLarge";

/**
 * Whether the platform stores an email as Exchange once gave it, and not a stand-in that was made
 * of properties and attachments (spec section 3: such carry a header field that says so).
 */
export async function isOriginalStored(
  client: PlatformClient,
  bucket: BucketName,
  emailId: string,
  options: CallOptions,
): Promise<boolean> {
  try {
    const answer = await client.send({
      operation: "GetEmail",
      about: fullNameOf(bucket),
      method: "GET",
      url: emailUrl(client.endpoint, bucket, storableText(emailId)),
      answerBytesMax: PLATFORM_LIMITS.storedEmailBytesMax,
    }, { ...options, attemptsMax: ({ code }) => code === TOO_LARGE ? 1 : Infinity });
    const { emails } = answer as { readonly emails?: unknown };
    const [email] = Array.isArray(emails) ? emails : [];
    return email !== undefined && !/^X-Reinfer-Ews-Rebuilt:/im.test(headerOf(email));
  } catch (error) {
    options.signal.throwIfAborted();
    // A large answer is a stored email, and stand-ins are made of what Exchange gave in parts.
    if (error instanceof SyncError && error.code === TOO_LARGE) return true;
    if (error instanceof SyncError && error.code === "PlatformBucketMissing") return false;
    throw error;
  }
}

function headerOf(email: { readonly mime_content?: unknown }): string {
  const mime = typeof email?.mime_content === "string" ? email.mime_content : "";
  return /^[^]*?\r?\n\r?\n/.exec(mime)?.[0] ?? mime;
}
