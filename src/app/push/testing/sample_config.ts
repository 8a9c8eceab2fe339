import type { AppConfig } from "../../../config/app_config.ts";
import type { DestinationConfig } from "../../../config/destination_config.ts";
import { Secret } from "../../../core/secret.ts";
import { sampleMailbox } from "../../../../tests/contract/sample_emails.ts";

/** A configuration of one mailbox, that of the sample emails, with a destination of its own. */
export function sampleConfig(
  destination: DestinationConfig,
  changes: Partial<AppConfig> = {},
): AppConfig {
  return {
    exchange: {
      api: "ews",
      endpoint: new URL("https://mail.example.com/EWS/Exchange.asmx"),
      auth: { type: "ntlm", user: "user", password: { value: new Secret("Passw0rd!") } },
      accessType: "impersonation",
      tls: { verify: true },
    },
    mailboxes: [sampleMailbox()],
    pollFrequencyMs: 15_000,
    notifications: "poll",
    pollMessageSleepMs: 0,
    maxConcurrentUploads: 4,
    emailsPerFolder: 100,
    batchSize: 3,
    attachmentUploads: [],
    destination,
    ...changes,
  };
}
