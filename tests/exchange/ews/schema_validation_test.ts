/**
 * Everything the simulator says validates against Microsoft's own schema, and what it refuses as
 * invalid is what the schema refuses.
 *
 * The schema is not part of the repository: it is looked for beside it, or where
 * `REINFER_EWS_TEST_EWS_XSD` says. Without it these tests are skipped and say so.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { XmlDocument, XsdValidator } from "libxml2-wasm";
import { xmlRegisterFsInputProviders } from "libxml2-wasm/lib/nodejs.mjs";
import { spreadCorpus } from "../corpus_delivery.ts";
import { fillWithExtremes } from "../extreme_mailbox.ts";
import { faultedAnswer } from "../faulted_answer.ts";
import { FAULTS } from "../faults.ts";
import {
  comparison,
  distinguished,
  envelopeOf,
  findFolder,
  findItem,
  getAttachment,
  getFolder,
  getItem,
  getStreamingEvents,
  HIDDEN,
  pageView,
  properties,
  SEARCH_KEY,
  sortedBy,
  subscribe,
  syncFolderItems,
  unsubscribe,
} from "./example_requests.ts";
import {
  attributesNamed,
  type ExampleService,
  exampleService,
  NESTED_EMAIL,
  numberedEmail,
} from "./example_service.ts";
import { ITEM_PROPERTIES } from "./item_properties.ts";

const FOLDER = Deno.env.get("REINFER_EWS_TEST_EWS_XSD") ??
  fileURLToPath(new URL("../../../../shared/ews-xsd", import.meta.url));
const SCHEMA = [join(FOLDER, "mit", "ews-soap-mit.xsd"), join(FOLDER, "ews-soap-mit.xsd")]
  .find((path) => existsSync(path));

let validator: XsdValidator | undefined;

/** What is wrong with a document; undefined if nothing. */
function violationOf(text: string): string | undefined {
  validator ??= compiledSchema();
  using document = XmlDocument.fromString(text);
  try {
    validator.validate(document);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function compiledSchema(): XsdValidator {
  xmlRegisterFsInputProviders();
  using document = XmlDocument.fromString(Deno.readTextFileSync(SCHEMA!), { url: SCHEMA! });
  return XsdValidator.fromDoc(document);
}

function schemaTest(name: string, run: () => Promise<void> | void): void {
  Deno.test({
    name: SCHEMA ? name : `${name} (skipped: no EWS schema in REINFER_EWS_TEST_EWS_XSD)`,
    ignore: !SCHEMA,
    fn: run,
  });
}

async function assertValid(service: ExampleService, body: string): Promise<void> {
  const { text } = await service.ask(body, { version: "Exchange2016" });
  assert.equal(violationOf(withoutForbiddenCharacters(text)), undefined, body);
}

/** Exchange writes characters that XML 1.0 forbids, bodies have them, and no schema allows them. */
function withoutForbiddenCharacters(text: string): string {
  return text.replace(/&#x(?:[0-8BCEF]|1[0-9A-F]);/g, "?").replace(/[\uFFFE\uFFFF]/g, "?");
}

const INBOX = distinguished("inbox");
const ALL_FOLDER_PROPERTIES = properties(
  "folder:FolderId",
  "folder:ParentFolderId",
  "folder:FolderClass",
  "folder:DisplayName",
  "folder:TotalCount",
  "folder:ChildFolderCount",
  "folder:EffectiveRights",
  "folder:DistinguishedFolderId",
  "folder:UnreadCount",
  HIDDEN,
);

schemaTest("every answer about folders is valid, errors included", async () => {
  const service = exampleService();
  service.store.addMailbox("denied@corp.example");
  const bodies = [
    findFolder(distinguished("msgfolderroot"), ALL_FOLDER_PROPERTIES),
    findFolder(distinguished("root")).replace("IdOnly", "AllProperties"),
    findFolder(distinguished("nobody", "x@y")),
    getFolder(INBOX + distinguished("voicemail") + distinguished("calendar")),
    getFolder(INBOX, properties("item:Subject")),
    getFolder(distinguished("inbox", "denied@corp.example")),
    getFolder(distinguished("inbox", "nobody@corp.example")),
    "<m:GetFolder/>",
  ];
  for (const body of bodies) await assertValid(service, body);
});

schemaTest("every answer about changes is valid, errors included", async () => {
  const service = exampleService();
  const inbox = service.mailbox.distinguishedFolder("inbox").id;
  const items = [1, 2, 3, 4].map((number) =>
    service.mailbox.deliver(inbox, numberedEmail(number), {
      itemClass: number === 4 ? "IPM.Schedule.Meeting.Request" : "IPM.Note",
    })
  );
  const { text } = await service.ask(syncFolderItems(INBOX));
  assert.equal(violationOf(text), undefined);
  const [, syncState] = /<m:SyncState>([^<]+)/.exec(text) ?? [];
  service.mailbox.delete(items[0]!.id);
  service.mailbox.setRead(items[1]!.id, true);
  service.mailbox.update(items[2]!.id, { categories: ["Red"] });
  await assertValid(service, syncFolderItems(INBOX, { syncState: syncState! }));
  await assertValid(service, syncFolderItems(INBOX, { syncState: "nonsense" }));
  await assertValid(service, syncFolderItems(INBOX, { max: 513 }));
});

schemaTest(
  "every answer about items is valid, whatever the class and however odd the email",
  async () => {
    const service = exampleService();
    const inbox = service.mailbox.distinguishedFolder("inbox").id;
    const items = spreadCorpus([service.mailbox], 400);
    const classes = [
      "IPM.Schedule.Meeting.Request",
      "IPM.Schedule.Meeting.Canceled",
      "IPM.Schedule.Meeting.Resp.Neg",
      "IPM.Schedule.Meeting.Notification.Forward",
      "IPM.Post",
      "REPORT.IPM.Note.NDR",
      "IPM.Other",
    ].map((itemClass) =>
      service.mailbox.deliver(inbox, numberedEmail(1), {
        itemClass,
        categories: ["Red", "& <Blue>"],
      })
    );
    const uris = ITEM_PROPERTIES.filter(({ notOfPosts }) => !notOfPosts).map(({ uri }) => uri);
    const recipients = ITEM_PROPERTIES.filter(({ notOfPosts }) => notOfPosts).map(({ uri }) => uri);
    const messageShape = properties(...uris, SEARCH_KEY);
    const itemShape = properties(...uris.filter((uri) => uri.startsWith("item:")), SEARCH_KEY);
    const ids = [...items, ...classes].map((item) => item.id);
    await assertValid(service, getItem(ids, itemShape, true));
    await assertValid(service, getItem(items.map((item) => item.id), messageShape));
    const allShape = properties(...uris, ...recipients);
    for (const type of ["Best", "HTML", "Text"]) {
      const shape = `<t:BodyType>${type}</t:BodyType>${allShape}`;
      await assertValid(service, getItem(ids, shape));
    }
    const post = classes.filter(({ itemClass }) => itemClass === "IPM.Post").map(({ id }) => id);
    await assertValid(service, getItem(post, messageShape));
    await assertValid(service, getItem(["nonsense", ids[0]!, inbox], messageShape, true));
  },
);

schemaTest("every answer with attachments is valid, errors included", async () => {
  const service = exampleService();
  const items = spreadCorpus([service.mailbox], 400);
  const nested = service.mailbox.deliver(
    service.mailbox.distinguishedFolder("inbox").id,
    NESTED_EMAIL,
  );
  const shape = properties("item:Attachments");
  const listed = await service.ask(getItem([...items, nested].map(({ id }) => id), shape));
  const ids = attributesNamed(listed.xml, "AttachmentId", "Id").map(String);
  assert(ids.length > 2);
  await assertValid(service, getAttachment([...ids, "nonsense"]));
  await assertValid(service, getAttachment(ids, true));
  service.mailbox.damage(nested.id, { code: "ErrorCorruptData", parts: ["attachments"] });
  await assertValid(service, getAttachment(ids.slice(-1)));
});

schemaTest("every answer about notifications is valid, errors included", async () => {
  const service = exampleService();
  const { mailbox, notifications } = service;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  for (const folders of ["", INBOX, INBOX + distinguished("inbox", "nobody@corp.example")]) {
    await assertValid(service, subscribe(folders));
  }
  const { text } = await service.ask(subscribe());
  const [, id] = /<m:SubscriptionId>([^<]+)/.exec(text)!;
  const streamed = service.ask(getStreamingEvents(id!, "nonsense"));
  const item = mailbox.deliver(inbox, numberedEmail(1));
  mailbox.move(item.id, mailbox.distinguishedFolder("junkemail").id);
  notifications.missEvents(mailbox.address);
  notifications.close();
  const documents = (await streamed).text.split(/(?=<\?xml )/);
  assert.equal(documents.length, 6); // status, not found, two arrivals, missed, closed
  for (const document of documents) assert.equal(violationOf(document), undefined, document);
  await assertValid(service, unsubscribe(id!));
  await assertValid(service, unsubscribe(id!));
  notifications.subscriptionsMax = 0;
  notifications.connectionsMax = 0;
  await assertValid(service, subscribe());
  await assertValid(service, getStreamingEvents("nonsense"));
});

schemaTest("every answer about extreme emails and folders is valid", async () => {
  const service = exampleService();
  const small = fillWithExtremes(service.mailbox).filter(({ mime }) => mime!.sizeBytes < 1_000_000);
  const uris = ITEM_PROPERTIES.filter(({ notOfPosts }) => !notOfPosts).map(({ uri }) => uri);
  const ids = small.map(({ id }) => id);
  await assertValid(service, getItem(ids, properties(...uris, SEARCH_KEY), true));
  const messages = small.filter(({ itemClass }) => itemClass !== "IPM.Post").map(({ id }) => id);
  const recipients = ["ToRecipients", "CcRecipients", "BccRecipients", "ReplyTo"];
  await assertValid(
    service,
    getItem(messages, properties(...recipients.map((r) => `message:${r}`))),
  );
  await assertValid(service, findFolder(distinguished("msgfolderroot"), ALL_FOLDER_PROPERTIES));
});

schemaTest("every fault on command is valid, as far as it is an answer of EWS", async () => {
  const service = exampleService();
  const inbox = service.mailbox.distinguishedFolder("inbox").id;
  const ids = [1, 2].map((number) => service.mailbox.deliver(inbox, numberedEmail(number)).id);
  const requests = [getItem(ids), findItem(INBOX), findFolder(INBOX), getFolder(INBOX)];
  for (const request of [...requests, syncFolderItems(INBOX), getAttachment(["x"])]) {
    const [, operation] = /<m:(\w+)/.exec(request) ?? [];
    const { text } = await service.ask(request);
    for (const fault of FAULTS.filter(({ place }) => place !== "http")) {
      const next = () => ({ status: 200, headers: {}, body: text });
      const { body } = await faultedAnswer(fault, { operation, body: request }, next);
      assert.equal(violationOf(String(body)), undefined, `${operation}: ${fault.name}`);
    }
  }
});

schemaTest("every answer of a search is valid", async () => {
  const service = exampleService();
  spreadCorpus([service.mailbox], 300);
  const found = ITEM_PROPERTIES.filter((property) => !property.onlyByGetItem)
    .map(({ uri }) => uri);
  const restriction = comparison("IsLessThan", "item:DateTimeReceived", "2002-06-01T00:00:00Z");
  const order = sortedBy("item:DateTimeReceived");
  const view = pageView(10, 20);
  for (
    const parts of [
      {},
      { view, restriction, order, shape: properties(...found, SEARCH_KEY) },
      { view: pageView(0, 0) },
      { shape: properties("item:Attachments") },
      { order: sortedBy("item:Attachments") },
    ]
  ) await assertValid(service, findItem(INBOX, parts));
});

schemaTest("a request is refused as invalid exactly if the schema refuses it", async () => {
  // Goal: the simulator is neither laxer nor stricter than Exchange. Method: valid requests are
  // damaged in every way one deletion, doubling or exchange of neighbouring pieces of markup can,
  // and both judges are asked.
  const service = exampleService();
  const order = sortedBy("item:DateTimeReceived");
  const restriction = `<t:Not>${comparison("IsLessThan", "item:DateTimeReceived", "x")}</t:Not>`;
  const valid = [
    getFolder(distinguished("inbox", "a@b")),
    findFolder(INBOX, properties("folder:DisplayName", HIDDEN)),
    findItem(INBOX, { view: pageView(0, 5), restriction, order }),
    getItem(["AAA", "BBB"], properties("item:Size", SEARCH_KEY), true),
    getItem(["AAA"], `<t:BodyType>Text</t:BodyType>${properties("item:Body", "message:From")}`),
    getAttachment(["AAA", "BBB"], true),
    syncFolderItems(INBOX, { syncState: "x", ignore: ["y"], max: 10 }),
  ];
  let refused = 0;
  for (const body of [...valid, ...valid.flatMap(damagedVariants)]) {
    const request = envelopeOf(body, { version: "Exchange2016" });
    const { record, status } = await service.ask(request, { raw: true });
    if (status === 501) continue;
    const isRefused = record.responseCodes.includes("ErrorSchemaValidation");
    const violation = violationOrMalformed(request);
    assert.equal(isRefused, violation !== undefined, `${violation}: ${body}`);
    if (isRefused) refused++;
  }
  assert(refused > 100, "damage is found");
});

function violationOrMalformed(text: string): string | undefined {
  try {
    return violationOf(text);
  } catch {
    return "not well-formed";
  }
}

/** The pieces of markup of a request: tags and attributes. */
function damagedVariants(body: string): readonly string[] {
  const pieces = body.match(/<[^\s/>]+|\s[\w:]+="[^"]*"|\/?>|<\/[^>]+>|[^<>\s][^<>]*/g) ?? [];
  return pieces.flatMap((piece, index) => {
    const [before, after] = [pieces.slice(0, index), pieces.slice(index + 1)];
    const next = after[0] ?? "";
    return [
      [...before, ...after],
      [...before, piece, piece, ...after],
      [...before, next, piece, ...after.slice(1)],
      [...before, piece.replace(/\w(?=[^\w]*$)/, "Z"), ...after],
    ].map((variant) => variant.join(""));
  });
}
