import assert from "node:assert/strict";
import { Secret } from "../core/secret.ts";
import type { AppConfig } from "./app_config.ts";
import { configFingerprint } from "./config_fingerprint.ts";

function configOf(password: string, since = "2026-01-01T00:00:00Z"): AppConfig {
  return {
    exchange: {
      api: "ews",
      endpoint: new URL("https://mail.example.com/EWS/Exchange.asmx"),
      auth: { type: "ntlm", user: "svc", password: { value: new Secret(password) } },
      accessType: "delegate",
      tls: { verify: true },
    },
    destination: { kind: "local", prefix: "mail" },
    mailboxes: [{
      address: "a@b.c",
      bucket: { owner: "o", name: "n" },
      startFrom: "bucket",
      startTimestamp: new Date(since),
    }],
    pollFrequencyMs: 1,
    notifications: "poll",
    pollMessageSleepMs: 1,
    maxConcurrentUploads: 1,
    emailsPerFolder: 1,
    batchSize: 1,
    attachmentUploads: [],
  };
}

Deno.test("two readings of one configuration are the same; a changed secret or time is not", () => {
  const first = configFingerprint(configOf("hunter2"));
  assert.equal(configFingerprint(configOf("hunter2")), first);
  assert.notEqual(configFingerprint(configOf("hunter3")), first);
  assert.notEqual(configFingerprint(configOf("hunter2", "2026-01-01T00:00:01Z")), first);
  assert.doesNotMatch(first, /hunter/);
});
