import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import PostalMime from "postal-mime";
import { exampleService, NESTED_EMAIL } from "../../tests/exchange/ews/example_service.ts";
import type { ItemProperties } from "../../tests/exchange/items.ts";
import { mimeOf } from "../../tests/exchange/mime_source.ts";
import type { ItemDescription } from "../core/email.ts";
import { SyncError } from "../core/errors.ts";
import type { MimeContent } from "../core/mime_content.ts";
import { ATTEMPTS_FEW } from "../source/failure_table.ts";
import { type ScriptedAnswer, ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { createExchangeSource } from "./exchange_source.ts";
import { answer, failure, fault, success } from "./testing/answers.ts";

const MAILBOX = {
  address: "anna@corp.example",
  bucket: { owner: "o", name: "n" },
  startFrom: "bucket",
} as const;
const BECAUSE = new SyncError("item", "ErrorMimeContentConversionFailed", "No");

const PARTS = [
  ["body", "item:Body"],
  ["attachments", "item:Attachments"],
  ["headers", "item:InternetMessageHeaders"],
] as const;

interface HarnessOptions {
  readonly mime?: ReturnType<typeof mimeOf>;
  readonly stated?: Partial<ItemProperties>;
  /** Answers in place of the simulated Exchange; undefined: that one does. */
  readonly instead?: (request: string) => string | ScriptedAnswer | undefined;
}

/** One email in a simulated Exchange whose MIME content cannot be had, and the source over it. */
async function harness(
  { mime = NESTED_EMAIL, stated = {}, instead }: HarnessOptions = {},
) {
  const service = exampleService();
  const { mailbox } = service;
  const { id } = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, mime, stated);
  mailbox.damage(id, { code: "ErrorMimeContentConversionFailed" });
  const env = testEnv();
  const transport = new ScriptedTransport(async (text) => {
    const scripted = instead?.(text);
    if (scripted !== undefined) return scripted;
    const answered = await service.ask(text, { raw: true });
    return { status: answered.status, body: answered.text };
  });
  const source = createExchangeSource({
    transport,
    endpoint: new URL("https://mail.example.com/EWS/Exchange.asmx"),
    accessType: "delegate",
    env,
  });
  const at = { mailbox: MAILBOX, folder: { id: "INBOX", path: ["Inbox"] } };
  const [described] = await env.clock.runUntil(source.describe(at, [id], NO_ABORT));
  assert.ok(described && "item" in described);
  const rebuild = (item: ItemDescription = described.item, because = BECAUSE) =>
    env.clock.runUntil(source.rebuild(at, item, because, NO_ABORT));
  return { rebuild, transport, mailbox, item: described.item };
}

async function bytesOf(mime: MimeContent): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(mime.open(NO_ABORT.signal)));
}

async function rebuiltBy(options: HarnessOptions) {
  const outcome = await (await harness(options)).rebuild();
  assert.ok("mime" in outcome);
  const bytes = await bytesOf(outcome.mime);
  return { text: bytes.toString("latin1"), email: await PostalMime.parse(bytes) };
}

function contentOf(attachment: { content: ArrayBuffer | Uint8Array | string } | undefined): Buffer {
  assert.ok(attachment && typeof attachment.content !== "string");
  return Buffer.from(attachment.content as ArrayBuffer);
}

Deno.test("an email is rebuilt with its header, body, files and attached emails", async () => {
  const { email, text } = await rebuiltBy({});
  assert.match(text, /^From: outer@example.com\r\n/, "what arrived stands first");
  assert.match(text, /\r\nX-Reinfer-Ews-Rebuilt: 1\r\n/);
  assert.doesNotMatch(text, /X-Reinfer-Ews-Missing/);
  assert.deepEqual([email.from?.address, email.subject], ["outer@example.com", "Outer"]);
  assert.equal(email.text?.trim(), "Hello");
  const [file, attached] = email.attachments;
  assert.equal(file?.filename, "all.bin");
  assert.deepEqual(contentOf(file), Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)));
  assert.equal(attached?.mimeType, "message/rfc822");
  const inner = await PostalMime.parse(contentOf(attached));
  assert.deepEqual([inner.subject, inner.messageId], ["Grüße", "<inner@example.com>"]);
  assert.equal(inner.text?.trim(), "The inner body");
});

Deno.test("an email is rebuilt to the same bytes every time, and opens more than once", async () => {
  const { rebuild } = await harness();
  const outcomes = [await rebuild(), await rebuild()];
  const [first, ...others] = await Promise.all(
    [outcomes[0]!, outcomes[0]!, outcomes[1]!].map((outcome) => {
      assert.ok("mime" in outcome);
      return bytesOf(outcome.mime);
    }),
  );
  for (const other of others) assert.deepEqual(other, first);
});

Deno.test("what did not arrive by the internet gets its header from properties", async () => {
  const mime = mimeOf("Content-Type: text/html; charset=utf-8\n\n<p>hä</p>");
  const { email } = await rebuiltBy({
    mime,
    stated: {
      subject: "Grüße\r\nBcc: nobody@example.com",
      internetMessageId: "<own@example.com>",
      sentAt: new Date("2024-02-03T04:05:06Z"),
      participants: {
        from: { name: "Änne", address: "aenne@example.com" },
        sender: { name: "Bot", address: "bot@example.com" },
        to: [{ name: "Ann", address: "/O=CORP/CN=ANN", routingType: "EX" }],
        cc: [{ name: "Cem", address: "cem@example.com" }],
      },
    },
  });
  assert.deepEqual(email.from, { name: "Änne", address: "aenne@example.com" });
  assert.equal(email.sender?.address, "bot@example.com");
  assert.deepEqual(email.to, [{ name: "Ann", group: [] }]);
  assert.deepEqual(email.cc, [{ name: "Cem", address: "cem@example.com" }]);
  assert.equal(email.bcc, undefined, "nothing is smuggled into the header");
  assert.match(email.subject ?? "", /^Grüße\s+Bcc: nobody@example.com$/);
  assert.equal(email.messageId, "<own@example.com>");
  assert.equal(email.date, "2024-02-03T04:05:06.000Z");
  assert.equal(email.html?.trim(), "<p>hä</p>");
});

Deno.test("header fields that describe the old content, or that only we may write, are left out", async () => {
  const { text } = await rebuiltBy({
    mime: mimeOf(
      "Subject: One\nSubject: Two\nContent-Type: text/plain; charset=us-ascii\n" +
        "Content-Transfer-Encoding: 7bit\nMIME-Version: 1.0\nX-Reinfer-Ews-Rebuilt: 7\n" +
        "Received: from a\n\tby b\nReceived: from b by c\n\nHello\n",
    ),
  });
  const header = text.slice(0, text.indexOf("\r\n\r\n"));
  assert.deepEqual(header.match(/^[^ :\r\n]+(?=:)/gm), [
    "Subject",
    "Received",
    "Received",
    "Date",
    "X-Reinfer-Ews-Rebuilt",
    "MIME-Version",
    "Content-Type",
  ]);
  assert.match(header, /^Subject: One\r\nReceived: from a by b\r\n/);
  assert.match(header, /multipart\/mixed/);
});

Deno.test("a part that cannot be read is left out and named, and the others are there", async () => {
  for (const [part, property] of PARTS) {
    const { text, email } = await rebuiltBy({
      instead: (text) =>
        text.includes("BodyType") && text.includes(property)
          ? answer("GetItem", failure("GetItem", "ErrorItemCorrupt"))
          : undefined,
    });
    assert.match(text, new RegExp(`\r\nX-Reinfer-Ews-Missing: ${part}\r\n`));
    assert.equal(email.subject, "Outer");
    assert.equal((email.text ?? "").trim(), part === "body" ? "" : "Hello");
    assert.deepEqual(
      email.attachments.map(({ filename }) => filename),
      part === "attachments"
        ? ["all.bin.unreadable.txt", "Attached message.unreadable.txt"]
        : ["all.bin", "Attached message"],
    );
  }
});

Deno.test("an attachment that cannot be read is replaced by a text that says so", async () => {
  let refusals = 0;
  const { email: { attachments } } = await rebuiltBy({
    instead: (text) =>
      text.includes("<m:GetAttachment>") && refusals++ === 0
        ? answer("GetAttachment", failure("GetAttachment", "ErrorCannotOpenFileAttachment"))
        : undefined,
  });
  assert.deepEqual(attachments.map(({ filename }) => filename), [
    "all.bin.unreadable.txt",
    "Attached message",
  ]);
  assert.match(
    contentOf(attachments[0]).toString(),
    /^The attachment "all.bin" \(256 bytes\) could not be read from Exchange: ErrorCannotOpen/,
  );
});

Deno.test("nothing is rebuilt where Exchange refuses the email as such, or gives nothing of it", async () => {
  for (const code of ["ErrorItemNotFound", "ErrorAccessDenied", "ErrorVirusDetected"]) {
    const { rebuild, transport, item } = await harness();
    const asked = transport.requests.length;
    const because = new SyncError("item", code, "No");
    const outcome = await rebuild(item, because);
    assert.ok("error" in outcome && outcome.error === because);
    assert.equal(transport.requests.length, asked, "nothing is asked");
  }
  const nothing = await harness({
    instead: (text) =>
      text.includes("BodyType")
        ? answer("GetItem", failure("GetItem", "ErrorItemCorrupt"))
        : undefined,
  });
  const outcome = await nothing.rebuild();
  assert.ok("error" in outcome && outcome.error === BECAUSE);
  assert.equal(nothing.transport.texts.filter((text) => text.includes("BodyType")).length, 5);
});

Deno.test("posts and items that are no messages are asked only for what they have", async () => {
  const post = await rebuiltBy({ stated: { itemClass: "IPM.Post" } });
  assert.deepEqual([post.email.subject, post.email.attachments.length], ["Outer", 2]);
  let refusals = 0;
  const other = await rebuiltBy({
    instead: (text) => {
      if (!text.includes("BodyType") || !text.includes("message:")) return undefined;
      refusals++;
      return answer("GetItem", failure("GetItem", "ErrorInvalidPropertyRequest"));
    },
  });
  assert.deepEqual([refusals, other.email.subject], [2, "Outer"]);
});

Deno.test("a failure that reaches beyond the email is not hidden by rebuilding", async () => {
  const { rebuild } = await harness({
    instead: (text) =>
      text.includes("BodyType")
        ? answer("GetItem", failure("GetItem", "ErrorNonExistentMailbox"))
        : undefined,
  });
  await assert.rejects(rebuild(), { kind: "mailbox", code: "ErrorNonExistentMailbox" });
});

Deno.test("an attachment that fails for a passing reason fails the content, until it has too often", async () => {
  let failures = 0;
  const { rebuild } = await harness({
    instead: (text) => {
      if (!text.includes("<m:GetAttachment>") || failures === ATTEMPTS_FEW) return undefined;
      failures++;
      return { status: 500, body: fault("ErrorInternalServerError") };
    },
  });
  const outcome = await rebuild();
  assert.ok("mime" in outcome);
  for (let attempt = 1; attempt < ATTEMPTS_FEW; attempt++) {
    await assert.rejects(bytesOf(outcome.mime), {
      kind: "retryable",
      code: "ErrorInternalServerError",
    });
  }
  const { attachments } = await PostalMime.parse(await bytesOf(outcome.mime));
  assert.deepEqual(attachments.map(({ filename }) => filename), [
    "all.bin.unreadable.txt",
    "Attached message",
  ]);
});

Deno.test("an attachment flows at the reader's pace, and is let go of with the reader", async () => {
  let given = 0;
  async function* body() {
    const [start, end] = answer(
      "GetAttachment",
      success(
        "GetAttachment",
        '<m:Attachments><t:FileAttachment><t:AttachmentId Id="A"/><t:Content>|</t:Content>' +
          "</t:FileAttachment></m:Attachments>",
      ),
    ).split("|");
    yield new TextEncoder().encode(start);
    for (; given < 1_000; given++) yield await Promise.resolve(Buffer.from("QUJD".repeat(57)));
    yield new TextEncoder().encode(end);
  }
  const { rebuild, transport } = await harness({
    instead: (text) => text.includes("<m:GetAttachment>") ? { body: body() } : undefined,
  });
  const outcome = await rebuild();
  assert.ok("mime" in outcome);
  const ended = transport.bodiesEnded;
  let seen = "";
  for await (const chunk of outcome.mime.open(NO_ABORT.signal)) {
    seen += new TextDecoder().decode(chunk);
    if (seen.includes("QUJDQUJD")) break;
  }
  assert.ok(given < 10, `${given} chunks read ahead`);
  while (transport.bodiesEnded === ended) await new Promise((resolve) => setTimeout(resolve));
});
