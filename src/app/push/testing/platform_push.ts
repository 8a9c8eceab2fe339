import type { StoredPlace } from "../../../config/push_options.ts";
import type { RawEmail } from "../../../core/email.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { Sink } from "../../../core/ports.ts";
import { Secret } from "../../../core/secret.ts";
import { sampleEmail, sampleMailbox } from "../../../../tests/contract/sample_emails.ts";
import { BUCKET, platformSubject } from "../../../../tests/platform/platform_subject.ts";
import type { SimulatedPlatform } from "../../../../tests/platform/simulated_platform.ts";
import { push } from "../push.ts";
import type { StoredConfig } from "../stored_source.ts";
import { recordingConsole } from "./recording_console.ts";
import { sampleConfig } from "./sample_config.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox();

/** Emails of every kind that matters on the way: large, not UTF-8, rebuilt, with everything. */
export function oddEmails(): readonly RawEmail[] {
  const bytes = (content: Uint8Array) => ({ open: () => ReadableStream.from([content]) });
  const latin = new TextEncoder().encode("Content-Type: text/plain; charset=iso-8859-1\r\n\r\n.");
  return [
    ...Array.from(
      { length: 30 },
      (_, number) =>
        sampleEmail(`<${number}@x>`, { timestamp: new Date(Date.UTC(2024, number % 3, 1)) }),
    ),
    sampleEmail("<large@x>", { mime: bytes(new Uint8Array(LIMITS.heldMimeBytesMax + 1).fill(65)) }),
    sampleEmail("<latin@x>", { mime: bytes(latin.with(latin.length - 1, 0xfc)) }),
    sampleEmail('<NUL and quotes "@x>', { mime: bytes(Uint8Array.of(0, 34, 92, 10)) }),
    sampleEmail("<full@x>", {
      metadata: {
        folder: ["Inbox", "A/B"],
        receivedAt: new Date("2024-01-02T03:04:05.678Z"),
        sizeBytes: 7,
        hasAttachments: true,
        isRead: true,
        importance: "High",
        sensitivity: "Private",
        categories: ["a"],
        conversationId: "AA==",
        conversationTopic: "Hello",
      },
      attachments: [{ name: "a.pdf", sizeBytes: 1, contentType: "application/pdf", inline: true }],
    }),
  ];
}

export async function deliver(sink: Sink, emails: readonly RawEmail[]): Promise<void> {
  await (await sink.open(MAILBOX, { signal })).put(emails, { signal });
}

/** What a platform has of each email, apart from how often it was stored. */
export function emailsOn(platform: SimulatedPlatform) {
  const { id } = platform.buckets.get(`${BUCKET.owner}/${BUCKET.name}`)!;
  return platform.ledger.of(id).map(({ stores: _, ...email }) => email)
    .toSorted((a, b) => a.id < b.id ? -1 : 1);
}

/** The command as it is, from a place to a platform. */
export async function pushTo(platform: SimulatedPlatform, from: StoredPlace, stored: StoredConfig) {
  const endpoint = new URL(platform.endpoint);
  const destination = { kind: "platform", endpoint, privatePrefix: "/api/_private" } as const;
  const config = sampleConfig({ ...destination, token: { value: new Secret(platform.token) } });
  const console = recordingConsole();
  const options = { from, destination, dryRun: false, debugLevel: 1 } as const;
  const code = await push({ options, config, stored }, console);
  return { code, printed: console.printed(), complained: console.complained() };
}

/** What a platform has that got the emails directly. */
export async function directly(emails: readonly RawEmail[]) {
  await using subject = platformSubject();
  await deliver(subject.sink, emails);
  return emailsOn(subject.platform);
}
