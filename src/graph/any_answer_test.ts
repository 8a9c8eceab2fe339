import assert from "node:assert/strict";
import fc from "fast-check";
import type { ItemDescription } from "../core/email.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { FetchOutcome, MailSource, MailSurvey } from "../core/ports.ts";
import { type ScriptedAnswer, ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { createGraphSource } from "./graph_source.ts";
import { ALICE, ENDPOINT } from "./testing/simulated_source.ts";

/*
 * Goal: whatever answers in Graph's place, a call ends with a value of the kind it is declared to be,
 * or with a typed error; nothing else is thrown, nothing hangs, and no content is taken for whole that
 * is not. Method: documents of the members that are looked for, filled with what is not expected, and
 * bytes that are no document; both go the whole way through the source, for every call there is.
 */

const AT = { mailbox: ALICE, folder: { id: "F", path: ["F"] } };
const LINK = `${ENDPOINT.origin}/v1.0/users/a/mailFolders/F/messages/delta?$skiptoken=`;
const SMALL = itemOf(100);
const LARGE = itemOf(LIMITS.heldMimeBytesMax + 1);

function itemOf(sizeBytes: number): ItemDescription {
  return { itemId: "M", sizeBytes, isMail: true, isDraft: false, metadata: {}, attachments: [] };
}

type Source = MailSource & MailSurvey;
const CALLS: Readonly<Record<string, (source: Source) => Promise<unknown>>> = {
  probe: (source) => source.probe(ALICE, NO_ABORT),
  folders: (source) => source.folders(ALICE, NO_ABORT),
  "changes from the beginning": (source) =>
    source.changes(AT, { ...NO_ABORT, token: undefined, limit: 10 }),
  "changes after a token": (source) => {
    const token = `graph:${LINK.slice(ENDPOINT.origin.length)}1`;
    return source.changes(AT, { ...NO_ABORT, token, limit: 10 });
  },
  list: (source) =>
    source.list(AT, {
      ...NO_ABORT,
      order: "received",
      position: undefined,
      since: undefined,
      until: undefined,
      limit: 10,
    }),
  describe: (source) => source.describe(AT, ["M", "N", "M"], NO_ABORT),
  fetch: async (source) => await contentOf((await source.fetch(AT, [SMALL], NO_ABORT))[0]!),
  stream: async (source) => await contentOf((await source.fetch(AT, [LARGE], NO_ABORT))[0]!),
  rebuild: async (source) => {
    const because = new SyncError("item", "ErrorItemCorrupt", "It is corrupt");
    return await contentOf(await source.rebuild(AT, SMALL, because, NO_ABORT));
  },
  countItems: (source) => source.countItems(AT, new Date(0), NO_ABORT),
  unsyncedPlaces: (source) => source.unsyncedPlaces(ALICE, NO_ABORT),
};

async function contentOf(outcome: FetchOutcome): Promise<unknown> {
  if ("error" in outcome) return outcome.error;
  let bytes = 0;
  for await (const chunk of outcome.mime.open(NO_ABORT.signal)) bytes += chunk.length;
  return bytes;
}

const text = fc.oneof(
  fc.constantFrom(
    "",
    "M",
    "F",
    "0",
    "-1",
    "true",
    "IPF.Note",
    "IPM.Note",
    "__proto__",
    "..",
    "QUJD",
  ),
  fc.constantFrom("\0", "\u001b[2J", "\u202e", "\ufffe", "\ud800", "\r\nX: y", "a\u2028b"),
  fc.constantFrom("2026-01-02T03:04:05Z", "0001-01-01T00:00:00Z", "2026-13-41T25:61:61Z", "soon"),
  fc.constantFrom(`${LINK}1`, "https://evil.example/v1.0/users/", "//evil.example", "javascript:1"),
  fc.constant("x".repeat(20_000)),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const odd: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300, 2 ** 53, [], {}, [[]], { value: 7 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const MEMBERS = [
  ...["id", "displayName", "parentFolderId", "childFolderCount", "isHidden", "totalItemCount"],
  ...["receivedDateTime", "createdDateTime", "sentDateTime", "lastModifiedDateTime", "@removed"],
  ...["isDraft", "isRead", "hasAttachments", "importance", "categories", "conversationId"],
  ...["subject", "from", "toRecipients", "internetMessageId", "internetMessageHeaders", "body"],
  ...[
    "singleValueExtendedProperties",
    "attachments",
    "size",
    "name",
    "contentType",
    "contentBytes",
  ],
  ...["@odata.type", "reason"],
] as const;
const entity = fc.tuple(
  fc.dictionary(fc.constantFrom(...MEMBERS), odd, { maxKeys: 8 }),
  fc.constantFrom({}, { id: "M" }, { id: "F", displayName: "F", childFolderCount: 0 }),
).map(([members, known]) => ({ ...members, ...known }));
const link = fc.option(fc.oneof(text, fc.constantFrom(`${LINK}1`, `${LINK}2`)), { nil: undefined });
const page = fc.record({
  value: fc.oneof(fc.array(fc.oneof(entity, entity, odd), { maxLength: 4 }), odd),
  "@odata.nextLink": link,
  "@odata.deltaLink": link,
  "@odata.count": odd,
});
const errorBody = fc.record({
  error: fc.oneof(
    odd,
    fc.record({
      code: fc.oneof(text, fc.constantFrom("ErrorItemNotFound", "SyncStateNotFound", "toString")),
      message: odd,
      innerError: odd,
    }),
  ),
});
const status = fc.constantFrom(
  200,
  200,
  200,
  201,
  204,
  302,
  400,
  401,
  403,
  404,
  410,
  429,
  500,
  503,
);
const document = fc.oneof(page, page, entity, errorBody, odd);

/** What a request is answered with, whose body is `asked`. */
type Answer = (asked: string, url: URL) => ScriptedAnswer;

const retryAfter = fc.constantFrom("", "0", "7", "-1", "1e9", "999999999999", "soon", "\u00ff");
const whole: fc.Arbitrary<Answer> = fc.tuple(status, document, retryAfter).map(
  ([status, document, retryAfter]) => () => ({
    status,
    headers: { "content-type": "application/json", "retry-after": retryAfter },
    body: JSON.stringify(document) ?? "",
  }),
);
const batch: fc.Arbitrary<Answer> = fc.array(
  fc.tuple(status, document, fc.constantFrom(0, 1, 2)),
  { minLength: 1, maxLength: 5 },
).map((parts) => (asked) => {
  const { requests } = (asked ? JSON.parse(asked) : { requests: [{ id: "0" }] }) as {
    readonly requests: readonly { readonly id: string }[];
  };
  // Each is answered never, once, or twice.
  const responses = requests.flatMap(({ id }, index) => {
    const [status, body, times] = parts[index % parts.length]!;
    return Array.from(
      { length: times },
      () => ({ id, status, body, headers: { "Retry-After": 1 } }),
    );
  });
  return {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ responses }),
  };
});
const DEEP = 20_000;
const bytes: fc.Arbitrary<Answer> = fc.tuple(
  fc.constantFrom("application/json", "text/plain", "text/html", ""),
  fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.constantFrom(
      "[".repeat(DEEP),
      `${'{"value":['.repeat(DEEP)}`,
      "{}{}",
      '{"value":[',
      "\ufeff{}",
    )
      .map((text) => new TextEncoder().encode(text)),
    fc.constant(Uint8Array.of(0x22, 0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x22)),
  ),
).map(([type, bytes]) => () => ({
  headers: { "content-type": type },
  body: (async function* () {
    await Promise.resolve();
    if (bytes.length > 0) yield bytes;
  })(),
}));
/** All that any call looks for, as it should be. */
const SOUND = {
  ...{ id: "F", displayName: "F", childFolderCount: 0, totalItemCount: 0, "@odata.count": 3 },
  value: [{
    ...{ id: "M", displayName: "M", childFolderCount: 0 },
    ...{ receivedDateTime: "2026-01-02T03:04:05Z", lastModifiedDateTime: "2026-01-02T03:04:05Z" },
  }],
  "@odata.deltaLink": `${LINK}2`,
};
const sound: Answer = (asked, { pathname }) => {
  if (pathname.endsWith("/$value")) {
    return { headers: { "content-type": "text/plain" }, body: "Subject: S\r\n\r\n" };
  }
  const { requests = [] } = (asked ? JSON.parse(asked) : {}) as {
    readonly requests?: readonly { readonly id: string }[];
  };
  const responses = requests.map(({ id }) => ({ id, status: 200, body: SOUND }));
  return {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(asked ? { responses } : SOUND),
  };
};
const refused: Answer = () => ({ status: 403 });
const faulty = fc.oneof(whole, whole, batch, batch, bytes);
const answers = fc.array(fc.oneof(fc.constant(sound), faulty), { minLength: 1, maxLength: 3 });

/** What is wrong with a value: a time that is none, a number that counts nothing, a foreign link. */
function faultIn(value: unknown): string | undefined {
  if (value instanceof SyncError) return faultOfError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "no time" : undefined;
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && value >= 0 ? undefined : `${value}`;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { token } = value as { readonly token?: unknown };
  if (typeof token === "string" && !/^graph:\/v1\.0\/users[/(]/i.test(token)) return token;
  return Object.values(value).map(faultIn).find((fault) => fault !== undefined);
}

function faultOfError({ message, hint = "", retryAfterMs = 0 }: SyncError): string | undefined {
  if (message.length >= 1_000) return "a message is no place for an answer";
  if (/\p{Cc}/u.test(message + hint)) return "a message is one line";
  return retryAfterMs <= LIMITS.namedDelayMsMax ? undefined : `waits ${retryAfterMs} ms`;
}

/** More would be a list without end that nobody ends, over all the retries of one call. */
const REQUESTS_MAX = 20 * GRAPH_LIMITS.pagesMax;

for (const [name, call] of Object.entries(CALLS)) {
  Deno.test(`any answers to "${name}" are read, or are a typed error`, async () => {
    const ends = { values: 0, errors: 0 };
    await fc.assert(
      fc.asyncProperty(answers, async (answers) => {
        const env = testEnv();
        const transport = new ScriptedTransport((asked, number, { url }) => {
          assert.equal(url.origin, ENDPOINT.origin, "the token goes to nobody else");
          return answers[number % answers.length]!(asked, url);
        });
        const source = createGraphSource({ transport, endpoint: ENDPOINT, env });
        try {
          assert.equal(faultIn(await env.clock.runUntil(call(source))), undefined);
          ends.values++;
        } catch (error) {
          if (!(error instanceof SyncError)) throw error;
          assert.equal(faultOfError(error), undefined);
          ends.errors++;
        }
        assert.ok(
          transport.requests.length < REQUESTS_MAX,
          `${transport.requests.length} requests`,
        );
      }),
      { numRuns: 25, examples: [[[sound]], [[refused]]] },
    );
    assert.ok(ends.values > 0 && ends.errors > 0, JSON.stringify(ends));
  });
}

/** Content whose connection ends after so many of its chunks; absent: which arrives whole. */
function contentAnswer(chunks: readonly Uint8Array[], cutAfter?: number): ScriptedAnswer {
  return {
    headers: { "content-type": "text/plain" },
    body: (async function* () {
      await Promise.resolve();
      yield* chunks.slice(0, cutAfter);
      if (cutAfter !== undefined) {
        throw new SyncError("retryable", "ConnectionClosed", "The answer ended too early");
      }
    })(),
  };
}

const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), {
  minLength: 1,
  maxLength: 6,
});
const cuts = fc.array(fc.nat(6), { maxLength: 3 });

function sourceOfContent(chunks: readonly Uint8Array[], cuts: readonly number[]) {
  const env = testEnv();
  const transport = new ScriptedTransport((_asked, number, { url }) => {
    if (!url.pathname.endsWith("/$value")) {
      return { headers: { "content-type": "application/json" }, body: '{"id":"F"}' };
    }
    const cut = cuts[number - 1];
    return contentAnswer(chunks, cut === undefined ? undefined : Math.min(cut, chunks.length - 1));
  });
  return { env, source: createGraphSource({ transport, endpoint: ENDPOINT, env }) };
}

Deno.test("content that is cut short, however often, is fetched again and is whole", async () => {
  await fc.assert(fc.asyncProperty(chunks, cuts, async (chunks, cuts) => {
    const { env, source } = sourceOfContent(chunks, cuts);
    const [outcome] = await env.clock.runUntil(source.fetch(AT, [SMALL], NO_ABORT));
    assert.ok(outcome && "mime" in outcome);
    assert.deepEqual(await bytesOf(outcome.mime.open(NO_ABORT.signal)), joined(chunks));
  }));
});

Deno.test("a stream that is cut short is an error to whoever reads it, never a shorter email", async () => {
  await fc.assert(fc.asyncProperty(chunks, fc.nat(6), async (chunks, cut) => {
    const { env, source } = sourceOfContent(chunks, [cut]);
    const [outcome] = await env.clock.runUntil(source.fetch(AT, [LARGE], NO_ABORT));
    assert.ok(outcome && "mime" in outcome);
    const { mime } = outcome;
    await assert.rejects(env.clock.runUntil(bytesOf(mime.open(NO_ABORT.signal))), {
      code: "ConnectionClosed",
    });
    assert.deepEqual(await env.clock.runUntil(bytesOf(mime.open(NO_ABORT.signal))), joined(chunks));
  }));
});

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return joined(chunks);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}
