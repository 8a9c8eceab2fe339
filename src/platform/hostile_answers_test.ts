import assert from "node:assert/strict";
import fc from "fast-check";
import { quietEnv } from "../../tests/contract/quiet_env.ts";
import type { Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { HttpResponse } from "../http/transport.ts";
import { readApplianceConfig } from "./appliance_configs.ts";
import { Buckets } from "./buckets.ts";
import { KeyedStates } from "./keyed_states.ts";
import { PlatformClient } from "./platform_client.ts";
import { platformEndpointOf } from "./platform_endpoint.ts";
import type { PlatformTransport } from "./platform_transport.ts";
import { isOriginalStored } from "./stored_email.ts";
import { decodeSyncRecord, stateOfRecord, syncRecordOf } from "./sync_record.ts";

/*
 * Goal: whatever answers in the place of the platform, an answer is read or is a typed error. Method:
 * any status, header and body, with the fields that are looked for, to every call that reads.
 */

const TOKEN = "t0ken-of-the-tenant";
const BUCKET = { owner: "acme", name: "support" };
const AT = { bucket: BUCKET, id: "0a" };
const options = { signal: new AbortController().signal, once: true } as const;

/** Time stands still: no deadline passes, and nothing is tried again. */
function stillEnv(): Env {
  const { env } = quietEnv();
  const sleep: Env["clock"]["sleep"] = (_ms, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  return { ...env, clock: { ...env.clock, sleep } };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A client each request of which has that answer, in two pieces. */
function clientBefore({ status, headers, body }: Answer): PlatformClient {
  const transport: PlatformTransport = {
    send: () => {
      const response: HttpResponse = {
        status,
        headers: new Map(Object.entries(headers)),
        body: pieces(body),
      };
      return Promise.resolve(response);
    },
    redact: (text) => text.replaceAll(TOKEN, "[secret]"),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const endpoint = platformEndpointOf("https://acme.reinfer.io");
  return new PlatformClient({ transport, endpoint, env: stillEnv() });
}

function pieces(body: Uint8Array): HttpResponse["body"] {
  const half = Math.ceil(body.length / 2);
  return ReadableStream.from([body.subarray(0, half), body.subarray(half)])[Symbol.asyncIterator]();
}

const time = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    "-271821-04-20T00:00:00.000Z",
    "+275760-09-13T00:00:00.000Z",
    "0000-00-00T00:00:00Z",
  ),
);
const odd = fc.oneof(
  time,
  fc.constantFrom<unknown>(
    null,
    0,
    "",
    "ok",
    [],
    {},
    `quotes ${TOKEN}`,
    "\0\x1b[2J\u202e",
    "quota",
  ),
  fc.constant({ toString: 1, valueOf: 1 }),
  fc.jsonValue({ maxDepth: 1 }),
);
const record = fc.record({
  mailbox_name: fc.oneof(fc.constant("a@x"), odd),
  folder_id: odd,
  folder_path: fc.oneof(fc.constant(["Inbox"]), odd),
  status: fc.oneof(fc.constant("UP_TO_DATE"), odd),
  synced_until: fc.oneof(time, odd),
  last_synced_at: fc.oneof(time, odd),
  fingerprint: fc.oneof(
    odd,
    fc.tuple(time, time).map(([a, b]) =>
      `reinfer-ews/1;writer=1;previous=${a};received=${a};modified=${b}`
    ),
  ),
}, { requiredKeys: [] });
const json = fc.record({
  status: fc.oneof(fc.constant("ok"), odd),
  message: odd,
  bucket: fc.oneof(odd, fc.record({ id: fc.oneof(fc.constant("0a"), odd) })),
  keyed_sync_states: fc.oneof(odd, fc.array(fc.oneof(record, odd), { maxLength: 4 })),
  keyed_sync_state: fc.oneof(record, odd),
  bucket_sync_state: fc.oneof(odd, fc.record({ progress_timestamp: odd })),
  emails: fc.oneof(
    odd,
    fc.array(fc.oneof(odd, fc.record({ mime_content: odd })), { maxLength: 2 }),
  ),
}, { requiredKeys: [] });
const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.oneof(fc.constant(200), fc.integer({ min: 200, max: 599 })),
  headers: fc.dictionary(
    fc.constantFrom("retry-after", "content-type"),
    fc.constantFrom("", "x", "0"),
  ),
  body: fc.oneof(
    { weight: 4, arbitrary: json.map((value) => new TextEncoder().encode(JSON.stringify(value))) },
    fc.jsonValue().map((value) => new TextEncoder().encode(JSON.stringify(value))),
    fc.uint8Array(),
    fc.constantFrom("<html>", "[".repeat(100_000), '{"status":').map((text) =>
      new TextEncoder().encode(text)
    ),
  ),
});

/** Every call that reads what the platform has, with what its result must be. */
const CALLS: Readonly<Record<string, (client: PlatformClient) => Promise<void>>> = {
  "a bucket": async (client) => {
    const id = await new Buckets(client, stillEnv(), undefined).read(BUCKET, options);
    assert.match(id, /^[A-Za-z0-9_-]{1,128}$/);
  },
  "the states of a bucket": async (client) => {
    for (const read of await states(client).list(AT, options)) {
      assert.ok(read.mailboxName !== undefined);
    }
  },
  "a state": async (client) => void await states(client).get(AT, "0a", options),
  "how far another program is": async (client) => {
    assert.ok(!Number.isNaN((await states(client).progressOf(AT, options))?.getTime()));
  },
  "a stored email": async (client) => {
    assert.equal(typeof await isOriginalStored(client, BUCKET, "<a@x>", options), "boolean");
  },
  "a configuration": async (client) => {
    const name = { owner: "acme", key: "main" };
    assert.equal(typeof await readApplianceConfig(client, name, options), "string");
  },
};

function states(client: PlatformClient): KeyedStates {
  return new KeyedStates({ client, env: stillEnv(), canDoWithout: true });
}

for (const [what, read] of Object.entries(CALLS)) {
  Deno.test(`any answer to a request for ${what} is read, or is a typed error without the token`, async () => {
    let [succeeded, failed] = [0, 0];
    await fc.assert(
      fc.asyncProperty(answer, async (answer) => {
        try {
          await read(clientBefore(answer));
          succeeded++;
        } catch (error) {
          if (!(error instanceof SyncError)) throw error;
          assert.match(error.message, /^[\x20-\x7e]{1,999}$/);
          assert.ok(error.hint && !error.message.includes(TOKEN));
          failed++;
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(succeeded > 0 && failed > 0, `${succeeded} succeeded, ${failed} failed`);
  });
}

Deno.test("whatever a record says, the folder's state can be gone on from and written again", () => {
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(record, odd), (wire) => {
      const decoded = decodeSyncRecord(wire);
      if (!decoded) return;
      const state = stateOfRecord({ ...decoded, folderId: decoded.folderId ?? "f" });
      const times = JSON.stringify(
        state,
        (_key, value) => value === null ? assert.fail("no time") : value,
      );
      assert.ok(times.length > 0);
      const again = syncRecordOf(state, { mailbox: "a@x", writer: "1" });
      for (const at of [again.syncedUntil, again.lastSyncedAt]) at?.toISOString();
      read++;
    }),
    { numRuns: 1_000 },
  );
  assert.ok(read > 0, "some of them are records");
});
