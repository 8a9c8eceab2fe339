import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { hugeAttachment, hugeEmail } from "../huge_email.ts";
import { mimeOf } from "../mime_source.ts";
import {
  comparison,
  distinguished,
  findItem,
  getAttachment,
  getItem,
  properties,
  sortedBy,
} from "./example_requests.ts";
import {
  attributesNamed,
  elementsNamed,
  type ExampleService,
  exampleService,
  NESTED_EMAIL,
  numberedEmail,
  textsNamed,
} from "./example_service.ts";

const ADDRESSED = mimeOf(
  'From: "Miller, Ann" <ann@example.com>\nTo: =?utf-8?q?J=C3=BCrgen?= <j@example.com>,\n' +
    " anna@corp.example\nCc: Team: b@example.com, Cem <c@example.com>;\nReply-To: r@example.com\n" +
    "In-Reply-To: <one@example.com>\nReferences: <zero@example.com>\n <one@example.com>\n" +
    'Content-Type: multipart/alternative; boundary="b"\n\n--b\nContent-Type: text/plain\n\n' +
    "plain <text>\n--b\nContent-Type: text/html; charset=utf-8\n" +
    "Content-Transfer-Encoding: quoted-printable\n\n<p>h=C3=A4 &amp; so</p>\n--b--\n",
);
const PARTICIPANTS = ["From", "Sender", "ToRecipients", "CcRecipients", "ReplyTo"] as const;
const ALL = properties(...PARTICIPANTS.map((name) => `message:${name}`), "message:BccRecipients");

function inInbox({ mailbox }: ExampleService, mime = ADDRESSED, stated = {}) {
  return mailbox.deliver(mailbox.distinguishedFolder("inbox").id, mime, stated);
}

Deno.test("GetItem names everybody an email's header names, as mailboxes", async () => {
  const service = exampleService();
  const { xml } = await service.ask(getItem([inInbox(service).id], ALL));
  const named = PARTICIPANTS.map((name) =>
    elementsNamed(xml, name).flatMap((list) =>
      list.children.map((mailbox) => mailbox.children.map(({ text }) => text).join("|"))
    )
  );
  assert.deepEqual(named, [
    ["Miller, Ann|ann@example.com|SMTP|OneOff"],
    ["Miller, Ann|ann@example.com|SMTP|OneOff"],
    ["Jürgen|j@example.com|SMTP|OneOff", "anna@corp.example|anna@corp.example|SMTP|Mailbox"],
    ["b@example.com|b@example.com|SMTP|OneOff", "Cem|c@example.com|SMTP|OneOff"],
    ["r@example.com|r@example.com|SMTP|OneOff"],
  ]);
  assert.deepEqual(elementsNamed(xml, "BccRecipients"), []);
});

Deno.test("stated participants may be Exchange addresses, private lists, or nobody", async () => {
  const service = exampleService();
  const from = { name: "Ann", address: "/O=CORP/CN=ANN", routingType: "EX" };
  const to = [{ name: "My friends", mailboxType: "PrivateDL" as const }];
  const stated = inInbox(service, ADDRESSED, { participants: { from, to } });
  const nobody = inInbox(service, ADDRESSED, { participants: {} });
  const { xml } = await service.ask(getItem([stated.id, nobody.id], ALL));
  assert.deepEqual(textsNamed(xml, "RoutingType"), ["EX"]);
  assert.deepEqual(textsNamed(xml, "EmailAddress"), ["/O=CORP/CN=ANN"]);
  assert.deepEqual(textsNamed(xml, "MailboxType"), ["PrivateDL", "OneOff"]);
});

Deno.test("a post has authors and no recipients, and asking it for those is refused", async () => {
  const service = exampleService();
  const { id } = inInbox(service, ADDRESSED, { itemClass: "IPM.Post" });
  const refused = await service.ask(getItem([id], ALL));
  assert.deepEqual(refused.record.responseCodes, ["ErrorInvalidPropertyRequest"]);
  const { xml } = await service.ask(getItem([id], properties("message:From", "message:Sender")));
  assert.deepEqual(textsNamed(xml, "EmailAddress"), ["ann@example.com", "ann@example.com"]);
});

Deno.test("a search gives names of senders only, and refuses recipients", async () => {
  const service = exampleService();
  inInbox(service);
  const inbox = distinguished("inbox");
  const { xml } = await service.ask(findItem(inbox, { shape: properties("message:From") }));
  assert.deepEqual(textsNamed(xml, "Name"), ["Miller, Ann"]);
  assert.deepEqual(textsNamed(xml, "EmailAddress"), []);
  const refused = await service.ask(
    findItem(inbox, { shape: properties("message:ToRecipients") }),
  );
  assert.deepEqual(refused.record.responseCodes, ["ErrorInvalidPropertyRequest"]);
});

Deno.test("a body comes in the form asked for, and the header as its fields", async () => {
  const service = exampleService();
  const { id } = inInbox(service);
  const plainOnly = inInbox(service, mimeOf("Subject: x\n\n1 < 2\n"));
  const bodies = [];
  for (const type of ["Best", "HTML", "Text"]) {
    const shape = `<t:BodyType>${type}</t:BodyType>${properties("item:Body")}`;
    const { xml } = await service.ask(getItem([id, plainOnly.id], shape));
    bodies.push(
      ...elementsNamed(xml, "Body").filter((body) => body.attributes.has("BodyType")).map(
        (body) => [body.attributes.get("BodyType"), body.text.trim()],
      ),
    );
  }
  assert.deepEqual(bodies, [
    ["HTML", "<p>hä &amp; so</p>"],
    ["Text", "1 < 2"],
    ["HTML", "<p>hä &amp; so</p>"],
    ["HTML", "<html><body><pre>1 &lt; 2\r\n</pre></body></html>"],
    ["Text", "plain <text>"],
    ["Text", "1 < 2"],
  ]);
  const shape = properties("item:InternetMessageHeaders", "item:InReplyTo", "message:References");
  const { xml } = await service.ask(getItem([id], shape));
  const names = attributesNamed(xml, "InternetMessageHeader", "HeaderName");
  assert.deepEqual(names.slice(0, 4), ["From", "To", "Cc", "Reply-To"]);
  assert.deepEqual(textsNamed(xml, "InReplyTo"), ["<one@example.com>"]);
  assert.deepEqual(textsNamed(xml, "References"), ["<zero@example.com> <one@example.com>"]);
});

async function attachmentIds(service: ExampleService, itemId: string): Promise<string[]> {
  const { xml } = await service.ask(getItem([itemId], properties("item:Attachments")));
  return attributesNamed(xml, "AttachmentId", "Id").map(String);
}

Deno.test("GetAttachment gives a file's bytes and an attached email's MIME content", async () => {
  const service = exampleService();
  const ids = await attachmentIds(service, inInbox(service, NESTED_EMAIL).id);
  const { xml } = await service.ask(getAttachment(ids, true));
  const [content = ""] = textsNamed(xml, "Content");
  assert.deepEqual([...Uint8Array.fromBase64(content)], Array.from({ length: 256 }, (_, i) => i));
  const mime = new TextDecoder().decode(Uint8Array.fromBase64(textsNamed(xml, "MimeContent")[0]!));
  assert.match(mime, /^From: Inner <inner@example.com>\r\n[^]*\r\n\r\nThe inner body\r\n$/);
  assert.deepEqual(textsNamed(xml, "Subject"), ["Grüße"]);
  const { attachmentsServed, mimeServed } = service.ledger.totals();
  assert.deepEqual([attachmentsServed, mimeServed], [2, 0]);
  const withoutMime = await service.ask(getAttachment(ids));
  assert.deepEqual(textsNamed(withoutMime.xml, "MimeContent"), []);
});

Deno.test("an attachment that is not there, not one, or of an item that is gone has its code", async () => {
  const service = exampleService();
  const item = inInbox(service, NESTED_EMAIL);
  const [first = ""] = await attachmentIds(service, item.id);
  const bytes = Uint8Array.fromBase64(first);
  bytes[bytes.length - 1] = 9;
  const { record } = await service.ask(
    getAttachment([bytes.toBase64(), "nonsense", item.id, "AAAA"]),
  );
  assert.deepEqual(new Set(record.responseCodes), new Set(["ErrorInvalidAttachmentId"]));
  service.mailbox.delete(item.id);
  const gone = await service.ask(getAttachment([first]));
  assert.deepEqual(gone.record.responseCodes, ["ErrorItemNotFound"]);
});

Deno.test("an attachment of 25 MB is what the email says it is", async () => {
  const service = exampleService();
  const huge = { messageId: "<h@x>", subject: "h", sizeBytes: 35_000_000 };
  const content = hugeAttachment(huge);
  const item = inInbox(service, hugeEmail(huge), {
    attachments: [{
      name: "recording.bin",
      contentType: "application/octet-stream",
      sizeBytes: content.sizeBytes,
      inline: false,
      isItem: false,
      content,
    }],
  });
  assert(content.sizeBytes > 25_000_000);
  await service.ask(getAttachment(await attachmentIds(service, item.id)));
  const hash = createHash("sha256");
  for (const chunk of content.chunks()) hash.update(chunk);
  const [served] = service.ledger.attachments;
  assert.deepEqual([served?.bytes, served?.sha256], [content.sizeBytes, hash.digest("hex")]);
});

Deno.test("a damaged item answers with its code for what is damaged, until it is mended", async () => {
  const service = exampleService();
  const item = inInbox(service, NESTED_EMAIL);
  const asked = [
    getItem([item.id], "", true),
    getItem([item.id], properties("item:Body")),
    getAttachment((await attachmentIds(service, item.id)).slice(0, 1)),
    getItem([item.id], properties("item:Size")),
  ];
  const failing = async () => {
    const answers = [];
    for (const body of asked) answers.push(await service.ask(body));
    return answers.map(({ record }) => record.responseCodes[0] === "ErrorItemCorrupt");
  };
  const code = "ErrorItemCorrupt";
  service.mailbox.damage(item.id, { code });
  assert.deepEqual(await failing(), [true, false, false, false]);
  service.mailbox.damage(item.id, { code, parts: ["body", "attachments"] });
  assert.deepEqual(await failing(), [false, true, true, false]);
  service.mailbox.damage(item.id, { code, parts: ["properties"] });
  assert.deepEqual(await failing(), [true, true, true, true]);
  service.mailbox.mend(item.id);
  assert.deepEqual(await failing(), [false, false, false, false]);
});

Deno.test("a phantom is listed and not found, and a folder too large to sort times out", async () => {
  const service = exampleService();
  const item = inInbox(service);
  const inbox = distinguished("inbox");
  service.mailbox.makePhantom(item.id);
  const { xml } = await service.ask(findItem(inbox));
  assert.deepEqual(attributesNamed(xml, "ItemId", "Id"), [item.id]);
  const { record } = await service.ask(getItem([item.id]));
  assert.deepEqual(record.responseCodes, ["ErrorItemNotFound"]);
  service.mailbox.setSortable(item.folderId, false);
  const codes = async (order?: string) =>
    (await service.ask(findItem(inbox, order ? { order } : {}))).record.responseCodes;
  assert.deepEqual(await codes(sortedBy("item:DateTimeReceived")), ["ErrorTimeoutExpired"]);
  assert.deepEqual(await codes(), ["NoError"]);
});

Deno.test("items can be found between two times of any kind and sorted by the last change", async () => {
  const service = exampleService();
  const items = [0, 1, 2, 3].map((hour) => {
    const at = new Date(Date.UTC(2024, 0, 1, hour));
    const stated = { receivedAt: at, createdAt: at, modifiedAt: at };
    return inInbox(service, numberedEmail(hour), stated);
  });
  for (const uri of ["item:DateTimeReceived", "item:DateTimeCreated", "item:LastModifiedTime"]) {
    const from = comparison("IsGreaterThanOrEqualTo", uri, "2024-01-01T01:00:00Z");
    const until = comparison("IsLessThan", uri, "2024-01-01T03:00:00Z");
    const { xml } = await service.ask(findItem(distinguished("inbox"), {
      restriction: `<t:And>${from}${until}</t:And>`,
      order: sortedBy("item:LastModifiedTime"),
    }));
    assert.deepEqual(attributesNamed(xml, "ItemId", "Id"), [items[1]!.id, items[2]!.id], uri);
  }
});
