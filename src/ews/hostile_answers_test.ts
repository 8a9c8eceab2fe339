import assert from "node:assert/strict";
import fc from "fast-check";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { splitMime } from "./mime_splitter.ts";
import type { Operation } from "./operation.ts";
import { responseMessagesOf } from "./response_message.ts";
import { answer, failure, fault, soap, success } from "./testing/answers.ts";
import { EVERY_OPERATION } from "./testing/every_request.ts";
import { parseXml, type XmlNode } from "./xml.ts";

/*
 * Goal: whatever answers in Exchange's place, an answer is read, or fails with a typed error; nothing
 * else is thrown, nothing hangs, and what is read is of the kind it is declared to be. Method: trees
 * of the elements that decoders look for, filled with what they do not expect, and valid answers that
 * are damaged; both go the whole way from bytes to values, for every operation there is.
 */

const NAMES = [
  ...["Items", "Folders", "RootFolder", "Changes", "Attachments", "Message", "CalendarItem"],
  ...["Create", "Update", "Delete", "ReadFlagChange", "Folder", "SearchFolder", "ItemId"],
  ...["FolderId", "ParentFolderId", "AttachmentId", "SyncState", "IncludesLastItemInRange"],
  ...["ExtendedProperty", "ExtendedFieldURI", "Value", "DisplayName", "FolderClass", "TotalCount"],
  ...["Size", "IsDraft", "IsRead", "HasAttachments", "IsInline", "Categories", "String", "Subject"],
  ...["DateTimeReceived", "DateTimeSent", "DateTimeCreated", "LastModifiedTime", "ItemClass"],
  ...["From", "Sender", "ToRecipients", "Mailbox", "EmailAddress", "RoutingType", "MailboxType"],
  ...["Body", "InternetMessageHeaders", "InternetMessageHeader", "MimeContent", "Content", "Name"],
  ...["FileAttachment", "ItemAttachment", "ReferenceAttachment", "ContentId", "ContentType"],
  ...["ConversationId", "InternetMessageId", "ResponseCode", "MessageText", "MessageXml"],
] as const;
const ATTRIBUTES = ["Id", "ChangeKey", "PropertyTag", "Name", "HeaderName", "BodyType"] as const;

/** Text as it stands in a document: what XML forbids, what it decodes, and what is no value. */
const text = fc.oneof(
  fc.constantFrom(
    "",
    "true",
    "0",
    "7",
    "-1",
    "1e999",
    "NaN",
    "999999999999999",
    "999999999999999999999",
    "NoError",
  ),
  fc.constantFrom(
    "2026-01-02T03:04:05Z",
    "9999-12-31T23:59:59.999999999+14:00",
    "0000-01-01T00:00:00",
    "2026-13-41T25:61:61Z",
    "2026-13-41T25:61:61Z",
  ),
  fc.constantFrom(
    "&#0;",
    "&#xFFFE;",
    "&#x110000;",
    "&#xD800;",
    "&b;",
    "&amp;lt;",
    "\ufffe",
    "\ud800",
  ),
  fc.constantFrom(
    "0x300B",
    "0x1035",
    "0x10F4",
    "\0",
    "\u001b[2J",
    "\u202e",
    "QUJD",
    "====",
    "__proto__",
  ),
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => text.replace(/[<&]/g, "?")),
);
const flags = fc.tuple(fc.constantFrom("IncludesLastItemInRange", "IndexedPagingOffset"), text);
const attributes = fc.array(fc.oneof(fc.tuple(fc.constantFrom(...ATTRIBUTES), text), flags), {
  maxLength: 2,
}).map((pairs) =>
  [...new Map(pairs)].map(([name, value]) => ` ${name}="${value.replaceAll('"', "'")}"`).join("")
);
const property = fc.tuple(fc.constantFrom("0x300B", "0x1035", "0x10F4"), text)
  .map(([tag, value]) =>
    `<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="${tag}"/>` +
    `<t:Value>${value}</t:Value></t:ExtendedProperty>`
  );
const field = fc.tuple(fc.constantFrom(...NAMES), text)
  .map(([name, value]) => `<t:${name}>${value}</t:${name}>`);
const time = fc.tuple(
  fc.constantFrom("DateTimeReceived", "DateTimeSent", "DateTimeCreated"),
  fc.constantFrom("2026-01-02T03:04:05Z", "2026-13-41T25:61:61Z", "0000-00-00T00:00:00"),
).map(([name, value]) => `<t:${name}>${value}</t:${name}>`);
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    text,
    property,
    field,
    text.map((text) => `<![CDATA[${text.replaceAll("]", "?")}]]>`),
    fc.tuple(
      fc.constantFrom(...NAMES),
      attributes,
      fc.array(tie("tree"), { maxLength: 4, size: "max" }),
    ).map(([name, attributes, inner]) => `<t:${name}${attributes}>${inner.join("")}</t:${name}>`),
  ),
}));

/** Nothing where something is expected. */
const EMPTY = "<m:Items/><m:Folders/><m:Attachments/><m:Changes/><m:RootFolder/>";
const MESSAGE_XML =
  '<m:MessageXml><t:Value Name="BackOffMilliseconds">DELAY</t:Value></m:MessageXml>';

/** Messages that get past what is looked at first. */
function answersTo({ name, messagesExpected }: Operation<unknown>): fc.Arbitrary<string> {
  const one = (length: number) =>
    fc.array(tree, { minLength: length, maxLength: length, size: "max" })
      .map((trees) => answer(name, ...trees.map((tree) => success(name, tree))));
  const parts = fc.array(fc.oneof(field, property, time, tree), { maxLength: 6, size: "max" });
  const items = parts.map((parts) =>
    `<m:Items><t:Message><t:ItemId Id="AAMk="/>${parts.join("")}</t:Message></m:Items>`
  );
  const item = fc.array(items, { minLength: messagesExpected, maxLength: messagesExpected })
    .map((trees) => answer(name, ...trees.map((tree) => success(name, tree))));
  return fc.oneof(
    one(messagesExpected),
    item,
    fc.nat(3).chain(one),
    fc.constant(
      answer(name, ...Array.from({ length: messagesExpected }, () => success(name, EMPTY))),
    ),
    fc.tuple(text, text).map(([code, delay]) =>
      answer(name, failure(name, code, MESSAGE_XML.replace("DELAY", delay)))
    ),
    tree.map(soap),
    tree.map((tree) =>
      soap(`<s:Fault><faultcode>a:${tree}</faultcode><detail>${tree}</detail></s:Fault>`)
    ),
    tree,
  );
}

/** Bytes with some of them replaced, and what comes after a cut left out. */
function damaged(document: string): fc.Arbitrary<Uint8Array> {
  const bytes = new TextEncoder().encode(document);
  const damages = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 5 });
  return fc.tuple(damages, fc.nat(3 * bytes.length)).map(([damages, length]) => {
    const copy = bytes.slice(0, length);
    for (const [at, byte] of damages) copy[Math.min(at, copy.length - 1)] = byte;
    return copy;
  });
}

async function read(operation: Operation<unknown>, body: Uint8Array): Promise<unknown> {
  let received = 0;
  const skeleton = await splitMime(
    (async function* () {
      yield await Promise.resolve(body);
    })(),
    (_index, bytes) => void (received += bytes.length),
    operation.contentElements,
  );
  assert.ok(skeleton.length + received <= body.length, "nothing grows");
  return operation.decode(responseMessagesOf(parseXml(skeleton), operation));
}

/** What is wrong with a value that was read: a time that is none, a number that counts nothing. */
function faultIn(value: unknown): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "no time" : undefined;
  if (value instanceof SyncError) return undefined;
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && value >= 0 ? undefined : `${value}`;
  }
  if (typeof value !== "object" || value === null) return undefined;
  return Object.values(value).map(faultIn).find((fault) => fault !== undefined);
}

interface Outcomes {
  values: number;
  errors: number;
}

async function assertReadOrTyped(
  operation: Operation<unknown>,
  body: Uint8Array,
  outcomes: Outcomes,
): Promise<void> {
  try {
    const value = await read(operation, body);
    assert.equal(faultIn(value), undefined);
    outcomes.values++;
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    assert.ok(error.message.length < 1_000, "a message is no place for an answer");
    assert.doesNotMatch(error.message, /[\p{Cc}]/u, "a message is one line");
    assert.ok((error.retryAfterMs ?? 0) <= LIMITS.namedDelayMsMax);
    outcomes.errors++;
  }
}

Deno.test("any tree of elements in place of an answer is read, or is a typed error", async () => {
  const outcomes: Outcomes = { values: 0, errors: 0 };
  for (const operation of EVERY_OPERATION) {
    await fc.assert(
      fc.asyncProperty(answersTo(operation), async (document) => {
        await assertReadOrTyped(operation, new TextEncoder().encode(document), outcomes);
      }),
      { numRuns: 60 },
    );
  }
  assert.ok(outcomes.values > 0 && outcomes.errors > 0, JSON.stringify(outcomes));
});

Deno.test("any damage to an answer leaves it readable, or is a typed error", async () => {
  const item = `<m:Items><t:Message><t:MimeContent CharacterSet="UTF-8">QUJD</t:MimeContent>` +
    `<t:ItemId Id="AAMk="/><t:Subject>a&amp;b</t:Subject><t:Size>7</t:Size>` +
    `<t:DateTimeReceived>2026-01-02T03:04:05Z</t:DateTimeReceived></t:Message></m:Items>`;
  const outcomes: Outcomes = { values: 0, errors: 0 };
  for (const operation of EVERY_OPERATION) {
    const { name, messagesExpected } = operation;
    const sound = answer(
      name,
      ...Array.from({ length: messagesExpected }, () => success(name, item)),
    );
    const body = fc.oneof(damaged(sound), damaged(fault("ErrorServerBusy", 5_000)));
    await fc.assert(
      fc.asyncProperty(body, (body) => assertReadOrTyped(operation, body, outcomes)),
      { numRuns: 60 },
    );
  }
  assert.ok(outcomes.values > 0 && outcomes.errors > 0, JSON.stringify(outcomes));
});

Deno.test("whatever a document holds, what is asked of it is there, absent, or a corrupt answer", () => {
  const questions: readonly ((node: XmlNode, name: string) => unknown)[] = [
    (node, name) => node.text(name),
    (node, name) => node.flag(name),
    (node, name) => node.optionalFlag(name),
    (node, name) => node.optionalCount(name),
    (node, name) => node.optionalDate(name),
    (node, name) => node.attribute(name),
    (node, name) => node.flagAttribute(name),
    (node, name) => node.nodes(name).map(({ content }) => content),
  ];
  const name = fc.constantFrom(...NAMES, ...ATTRIBUTES, "__proto__", "#text", ":@", "constructor");
  fc.assert(
    fc.property(tree, name, fc.constantFrom(...questions), (tree, name, ask) => {
      try {
        const value = ask(parseXml(new TextEncoder().encode(`<a Id="b">${tree}</a>`)), name);
        assert.equal(faultIn(value), undefined);
      } catch (error) {
        assert.ok(error instanceof SyncError && error.code === "ResponseCorrupt", `${error}`);
      }
    }),
    { numRuns: 500 },
  );
});
