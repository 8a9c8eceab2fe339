import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { NESTED_EMAIL, numberedEmail } from "../exchange/ews/example_service.ts";
import { hugeEmail } from "../exchange/huge_email.ts";
import { mimeOf } from "../exchange/mime_source.ts";
import { exampleGraph, type GraphJson, IMMUTABLE } from "./example_graph.ts";
import { graphId } from "./graph_ids.ts";

const MIME = mimeOf(
  "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.com>\nTo: b@example.com, Group <c@example.com>\n" +
    "Cc: d@example.com\nReply-To: e@example.com\nDate: Mon, 06 May 2024 07:00:00 +0000\n" +
    "Subject: Re: Plan\nMessage-ID: <plan@example.com>\nImportance: High\n\nHello\n",
);
const named = (name: string, address: string) => ({ emailAddress: { name, address } });

Deno.test("a message has the properties of Graph's, times in whole seconds", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const item = mailbox.deliver(inbox, MIME, { categories: ["Red"], isRead: true });
  const { json } = await example.get(`messages/${graphId(item.id)}`);
  const {
    "@odata.context": _,
    "@odata.etag": etag,
    changeKey,
    conversationId,
    ...message
  } = json;
  assert.equal(etag, `W/"${changeKey}"`);
  assert.match(String(conversationId), /^AAM[\w=-]+$/);
  assert.deepEqual(message, {
    id: graphId(item.id),
    createdDateTime: "2024-05-06T07:08:09Z",
    lastModifiedDateTime: "2024-05-06T07:08:09Z",
    categories: ["Red"],
    receivedDateTime: "2024-05-06T07:08:09Z",
    sentDateTime: "2024-05-06T07:00:00Z",
    hasAttachments: false,
    internetMessageId: "<plan@example.com>",
    subject: "Re: Plan",
    bodyPreview: "Hello\r\n",
    importance: "high",
    parentFolderId: graphId(inbox),
    isReadReceiptRequested: false,
    isRead: true,
    isDraft: false,
    inferenceClassification: "focused",
    body: { contentType: "html", content: "<html><body><pre>Hello\r\n</pre></body></html>" },
    sender: named("Jörg", "joerg@example.com"),
    from: named("Jörg", "joerg@example.com"),
    toRecipients: [named("b@example.com", "b@example.com"), named("Group", "c@example.com")],
    ccRecipients: [named("d@example.com", "d@example.com")],
    bccRecipients: [],
    replyTo: [named("e@example.com", "e@example.com")],
    flag: { flagStatus: "notFlagged" },
  });
});

Deno.test("the header comes when it is asked for by name, and the body as text", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, MIME);
  const path = `messages/${graphId(item.id)}?$select=internetMessageHeaders,body`;
  const { json, headers } = await example.get(path, 'Prefer: outlook.body-content-type="text"');
  const fields = json.internetMessageHeaders as readonly GraphJson[];
  assert.deepEqual(fields.find(({ name }) => name === "Importance")?.value, "High");
  assert.deepEqual(json.body, { contentType: "text", content: "Hello\r\n" });
  assert.deepEqual(headers.get("preference-applied"), ['outlook.body-content-type="text"']);
});

Deno.test("either kind of id is taken, and the one that is preferred is shown", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const archive = mailbox.createFolder(["Archive"]).id;
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, MIME);
  const regular = graphId(item.id);
  const immutable = graphId(item.immutableId);
  for (const id of [regular, immutable]) {
    const shown = async (...headers: readonly string[]) =>
      (await example.get(`messages/${id}?$select=id`, ...headers)).json.id;
    assert.equal(await shown(), regular);
    assert.equal(await shown(IMMUTABLE), immutable);
  }
  mailbox.move(item.id, archive);
  assert.equal((await example.get(`messages/${immutable}`)).status, 200);
  const stale = await example.get(`messages/${regular}`);
  assert.deepEqual([stale.status, stale.json.error?.code], [404, "ErrorItemNotFound"]);
});

Deno.test("ids that are malformed, foreign, gone or of something else are refused", async () => {
  await using example = await exampleGraph();
  const { mailbox, graph } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const item = mailbox.deliver(inbox, MIME);
  const other = graph.store.addMailbox("berta@corp.example");
  const foreign = other.deliver(other.distinguishedFolder("inbox").id, MIME);
  const contact = mailbox.deliver(inbox, undefined, { itemClass: "IPM.Contact" });
  const phantom = mailbox.deliver(inbox, MIME);
  mailbox.makePhantom(phantom.id);
  const cases = [
    ["nonsense", 400, "ErrorInvalidIdMalformed"],
    [graphId(item.id).slice(0, -8), 400, "ErrorInvalidIdMalformed"],
    [graphId(foreign.id), 400, "ErrorInvalidMailboxItemId"],
    [graphId(foreign.immutableId), 400, "ErrorInvalidMailboxItemId"],
    [graphId(inbox), 404, "ErrorItemNotFound"],
    [graphId(contact.id), 404, "ErrorItemNotFound"],
    [graphId(phantom.id), 404, "ErrorItemNotFound"],
  ] as const;
  for (const [id, ...expected] of cases) {
    for (const tail of ["", "/$value", "/attachments"]) {
      const { status, json } = await example.get(`messages/${id}${tail}`);
      assert.deepEqual([status, json.error?.code], expected, `${id}${tail}`);
    }
  }
  const { json } = await example.get("mailFolders/inbox/messages?$select=id");
  assert(json.value?.some(({ id }) => id === graphId(phantom.id)), "a phantom is listed");
  const elsewhere = await example.get(`mailFolders/drafts/messages/${graphId(item.id)}`);
  assert.equal(elsewhere.status, 404);
  assert.equal((await example.get(`mailFolders/inbox/messages/${graphId(item.id)}`)).status, 200);
});

Deno.test("an email of any size comes as it is, and is in the ledger once all of it has", async () => {
  await using example = await exampleGraph();
  const { mailbox, graph } = example;
  const mime = hugeEmail({
    messageId: "<huge@example.com>",
    subject: "Huge",
    sizeBytes: 3_000_001,
  });
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, mime);
  const { status, bytes, headers } = await example.get(`messages/${graphId(item.id)}/$value`);
  const sha256 = createHash("sha256");
  for (const chunk of mime.chunks()) sha256.update(chunk);
  const expected = sha256.digest("hex");
  assert.deepEqual([status, headers.get("content-type")], [200, ["text/plain"]]);
  assert.equal(createHash("sha256").update(bytes).digest("hex"), expected);
  assert.deepEqual(graph.ledger.mimes.map(({ sha256, bytes }) => [sha256, bytes]), [
    [expected, 3_000_001],
  ]);
});

Deno.test("attachments: files with their bytes, emails as emails, each by its own id", async () => {
  await using example = await exampleGraph();
  const { mailbox, graph } = example;
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, NESTED_EMAIL);
  const path = `messages/${graphId(item.id)}/attachments`;
  const { json } = await example.get(path);
  const [file, email] = json.value as readonly [GraphJson, GraphJson];
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.equal(file["@odata.type"], "#microsoft.graph.fileAttachment");
  assert.equal(file.contentBytes, bytes.toBase64());
  assert.deepEqual([file.name, file.size, file.isInline], ["all.bin", 256, false]);
  assert.equal(email["@odata.type"], "#microsoft.graph.itemAttachment");
  assert.equal("contentBytes" in email, false);
  const value = await example.get(`${path}/${file.id}/$value`);
  assert.deepEqual([...value.bytes], [...bytes]);
  const inner = await example.get(`${path}/${email.id}/$value`);
  assert.match(inner.bytes.toString(), /^From: Inner/);
  const one = await example.get(`${path}/${file.id}?$select=name`);
  assert.deepEqual([one.json.name, one.json.contentBytes], ["all.bin", undefined]);
  assert.equal(graph.ledger.totals().attachmentsServed, 3);
  assert.equal(graph.ledger.totals().mimeServed, 0);

  const light = `${path}?$select=name,microsoft.graph.fileAttachment/contentId`;
  assert.deepEqual(Object.keys((await example.get(light)).json.value![0]!), [
    "@odata.type",
    "id",
    "name",
    "contentId",
  ]);
  const refused = await example.get(`${path}?$select=contentId`);
  assert.deepEqual([refused.status, refused.json.error?.code], [400, "BadRequest"]);
  const strange = await example.get(`${path}/${graphId(item.id)}`);
  assert.equal(strange.json.error?.code, "ErrorItemNotFound");
});

Deno.test("attachments have ids of their own kind where immutable ones are preferred", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, NESTED_EMAIL);
  const path = `messages/${graphId(item.immutableId)}/attachments`;
  const { json } = await example.get(path, IMMUTABLE);
  mailbox.move(item.id, mailbox.createFolder(["Archive"]).id);
  const moved = await example.get(`${path}/${json.value![0]!.id}/$value`, IMMUTABLE);
  assert.deepEqual([moved.status, moved.bytes.length], [200, 256]);
});

Deno.test("what is damaged fails with its own code, and what is not comes", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, NESTED_EMAIL);
  const path = `messages/${graphId(item.id)}`;
  const outcome = async (tail: string) => {
    const { status, json } = await example.get(path + tail);
    return [status, json.error?.code];
  };
  mailbox.damage(item.id, { code: "ErrorMimeContentConversionFailed" });
  assert.deepEqual(await outcome("/$value"), [500, "ErrorMimeContentConversionFailed"]);
  assert.deepEqual(await outcome(""), [200, undefined]);
  mailbox.damage(item.id, { code: "ErrorCorruptData", parts: ["body", "attachments"] });
  assert.deepEqual(await outcome("/$value"), [200, undefined]);
  assert.deepEqual(await outcome("?$select=subject"), [200, undefined]);
  assert.deepEqual(await outcome("?$select=body"), [500, "ErrorCorruptData"]);
  assert.deepEqual(await outcome("?$select=id&$expand=attachments"), [500, "ErrorCorruptData"]);
  assert.deepEqual(await outcome("/attachments"), [500, "ErrorCorruptData"]);
  mailbox.damage(item.id, { code: "ErrorItemCorrupt", parts: ["properties"] });
  assert.deepEqual(await outcome("?$select=subject"), [500, "ErrorItemCorrupt"]);
  mailbox.damage(item.id, { code: "ErrorMessageSizeExceeded" });
  assert.deepEqual(await outcome("/$value"), [400, "ErrorMessageSizeExceeded"]);
  mailbox.mend(item.id);
  assert.deepEqual(await outcome("/$value"), [200, undefined]);
});

Deno.test("meeting messages name their type", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const types = [
    ["IPM.Note", undefined],
    ["IPM.Note.SMIME", undefined],
    ["REPORT.IPM.Note.NDR", undefined],
    ["IPM.Post", undefined],
    ["IPM.Schedule.Meeting.Request", "#microsoft.graph.eventMessageRequest"],
    ["IPM.Schedule.Meeting.Resp.Pos", "#microsoft.graph.eventMessageResponse"],
    ["IPM.Schedule.Meeting.Canceled", "#microsoft.graph.eventMessage"],
  ] as const;
  for (const [itemClass, type] of types) {
    const { id } = mailbox.deliver(inbox, numberedEmail(1), { itemClass });
    const { json } = await example.get(`messages/${graphId(id)}?$select=id`);
    assert.equal(json["@odata.type"], type, itemClass);
  }
});
