import assert from "node:assert/strict";
import { platformErrorOf, type PlatformOperation } from "./platform_errors.ts";

function errorOf(status: number, message?: string, operation: PlatformOperation = "PutEmails") {
  const about = "acme/support";
  return platformErrorOf({
    operation,
    about,
    status,
    ...(message === undefined ? {} : { message }),
  });
}

Deno.test("each status reaches as far as what it says", () => {
  const kinds = {
    retryable: [408, 409, 425, 429, 500, 502, 503, 504, 599],
    destination: [302, 401, 405, 501],
    mailbox: [402, 403, 404, 507],
    item: [400, 413, 415, 422],
  };
  for (const [kind, statuses] of Object.entries(kinds)) {
    for (const status of statuses) {
      const error = errorOf(status);
      assert.equal(error.kind, kind, String(status));
      assert.ok(error.hint && !error.hint.endsWith("."), String(status));
    }
  }
});

Deno.test("what is no email's fault is never put down to one", () => {
  const messages = [
    "Comment quota of tenant reached",
    "Missing permission buckets-append",
    "Bucket is of another type",
    "Licence expired",
  ];
  for (const status of [400, 413, 422]) {
    for (const message of messages) assert.equal(errorOf(status, message).kind, "mailbox", message);
  }
  assert.equal(errorOf(400, "Cannot parse <id>").kind, "item");
});

Deno.test("remedies name the permission, the bucket and the command", () => {
  assert.match(errorOf(403).hint ?? "", /buckets-append for "acme\/support"/);
  assert.match(errorOf(403, undefined, "GetBucket").hint ?? "", /buckets-read/);
  assert.match(errorOf(403, "quota exceeded").code, /Quota/);
  assert.match(errorOf(404, undefined, "GetBucket").hint ?? "", /re create bucket acme\/support/);
  assert.equal(errorOf(404, undefined, "GetConfig").code, "PlatformConfigMissing");
  assert.equal(errorOf(400, undefined, "PutSyncState").kind, "destination");
});

Deno.test("words of the server are printable and short", () => {
  const { message } = errorOf(400, `\x1b[31m\n${"x".repeat(10_000)}`);
  assert.match(message, /^[\x20-\x7e]{1,300}$/);
});
