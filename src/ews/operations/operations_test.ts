import assert from "node:assert/strict";
import { SyncError } from "../../core/errors.ts";
import type { ItemPart } from "../../source/item_message.ts";
import type { ItemOrder } from "../../source/item_page.ts";
import type { Operation } from "../operation.ts";
import { responseMessagesOf } from "../response_message.ts";
import type { SchemaVersion } from "../schema_version.ts";
import { answer, failure, success } from "../testing/answers.ts";
import { parseXml, type XmlNode } from "../xml.ts";
import { element } from "../xml_writer.ts";
import { countFolderItems } from "./count_folder_items.ts";
import { findFolder } from "./find_folder.ts";
import { findItem } from "./find_item.ts";
import { getAttachment } from "./get_attachment.ts";
import { getFolder } from "./get_folder.ts";
import { getItemContent } from "./get_item_content.ts";
import { getItemMessage, type ItemMessageType } from "./get_item_message.ts";
import { getItemProperties, type ItemProperties } from "./get_item_properties.ts";
import { getStreamingEvents } from "./get_streaming_events.ts";
import { subscribe } from "./subscribe.ts";
import { syncFolderItems } from "./sync_folder_items.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function decode<T>(operation: Operation<T>, ...messages: readonly string[]): T {
  const envelope = parseXml(bytes(answer(operation.name, ...messages)));
  return operation.decode(responseMessagesOf(envelope, operation));
}

function encode<T>(operation: Operation<T>, version: SchemaVersion = "Exchange2016"): XmlNode {
  return parseXml(bytes(operation.encode(version)));
}

/** Element names of a request as an outline: `a(b c(d))`. Their order is the schema's. */
function outline(node: XmlNode): string {
  const children = node.children.map(outline);
  return children.length === 0 ? node.name : `${node.name}(${children.join(" ")})`;
}

Deno.test("GetItem for a message asks for the body, and for what its type has", () => {
  const fields = (type: ItemMessageType, ...parts: ItemPart[]) =>
    encode(getItemMessage("A", type, parts)).node("ItemShape").node("AdditionalProperties")
      .children.map((field) => field.attribute("FieldURI"));
  assert.equal(
    outline(encode(getItemMessage("A", "any", ["body"]))),
    "GetItem(ItemShape(BaseShape BodyType AdditionalProperties(FieldURI FieldURI FieldURI)) " +
      "ItemIds(ItemId))",
  );
  assert.deepEqual(fields("any", "body"), ["item:Subject", "item:InReplyTo", "item:Body"]);
  assert.ok(fields("post").includes("message:From"));
  assert.ok(!fields("post").includes("message:ToRecipients"));
  assert.ok(fields("message", "headers").includes("item:InternetMessageHeaders"));
});

Deno.test("GetAttachment asks for one attachment, an item's as MIME, and says what holds its bytes", () => {
  const file = getAttachment({ id: "A", isItem: false });
  assert.equal(
    outline(encode(file)),
    "GetAttachment(AttachmentShape(IncludeMimeContent) AttachmentIds(AttachmentId))",
  );
  assert.deepEqual(file.contentElements, ["Content"]);
  assert.deepEqual(getAttachment({ id: "A", isItem: true }).contentElements, ["MimeContent"]);
  assert.throws(
    () => decode(file, success("GetAttachment", "<m:Attachments/>")),
    (error) => error instanceof SyncError && error.code === "AttachmentMissing",
  );
});

Deno.test("FindFolder asks deep, by pages, for roles only where the server knows them", () => {
  const operation = findFolder({
    root: { name: "msgfolderroot", owner: "a@example.com" },
    offset: 3,
    limit: 9,
  });
  const request = encode(operation);
  assert.equal(
    outline(request),
    "FindFolder(FolderShape(BaseShape AdditionalProperties(FieldURI FieldURI FieldURI FieldURI " +
      "FieldURI ExtendedFieldURI)) IndexedPageFolderView " +
      "ParentFolderIds(DistinguishedFolderId(Mailbox(EmailAddress))))",
  );
  assert.equal(request.attribute("Traversal"), "Deep");
  const view = request.node("IndexedPageFolderView");
  assert.deepEqual(
    ["MaxEntriesReturned", "Offset", "BasePoint"].map((name) => view.attribute(name)),
    ["9", "3", "Beginning"],
  );
  assert.match(operation.encode("Exchange2013"), /folder:DistinguishedFolderId/);
  assert.doesNotMatch(operation.encode("Exchange2010_SP2"), /folder:DistinguishedFolderId/);
});

Deno.test("FindFolder yields every kind of folder with what is known of it", () => {
  const page = decode(
    findFolder({ root: { name: "msgfolderroot" }, offset: 0, limit: 9 }),
    success(
      "FindFolder",
      `<m:RootFolder TotalItemsInView="2" IncludesLastItemInRange="false"><t:Folders>
        <t:Folder><t:FolderId Id="A" ChangeKey="x"/><t:ParentFolderId Id="R"/>
          <t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>a/b&#x1;</t:DisplayName>
          <t:TotalCount>7</t:TotalCount><t:ExtendedProperty>
          <t:ExtendedFieldURI PropertyTag="0x10f4" PropertyType="Boolean"/><t:Value>true</t:Value>
          </t:ExtendedProperty><t:DistinguishedFolderId>inbox</t:DistinguishedFolderId></t:Folder>
        <t:SearchFolder><t:FolderId Id="B"/></t:SearchFolder>
      </t:Folders></m:RootFolder>`,
    ),
  );
  assert.deepEqual(page, {
    complete: false,
    folders: [
      {
        id: "A",
        parentId: "R",
        type: "Folder",
        name: "a/b\u0001",
        folderClass: "IPF.Note",
        itemCount: 7,
        hidden: true,
        distinguishedId: "inbox",
      },
      { id: "B", type: "SearchFolder", name: "", hidden: false },
    ],
  });
});

Deno.test("GetFolder yields ids in order; a folder that is not there is undefined", () => {
  const operation = getFolder([{ name: "drafts" }, { name: "outbox" }]);
  assert.equal(
    outline(encode(operation)),
    "GetFolder(FolderShape(BaseShape) FolderIds(DistinguishedFolderId DistinguishedFolderId))",
  );
  const found = success(
    "GetFolder",
    `<m:Folders><t:Folder><t:FolderId Id="D"/></t:Folder></m:Folders>`,
  );
  assert.deepEqual(
    decode(operation, found, failure("GetFolder", "ErrorFolderNotFound")),
    ["D", undefined],
  );
  assert.throws(
    () => decode(operation, found, failure("GetFolder", "ErrorNonExistentMailbox")),
    { code: "ErrorNonExistentMailbox", kind: "mailbox" },
  );
});

Deno.test("GetFolder for counts yields them in order; a folder that is not there has none", () => {
  const operation = countFolderItems([{ name: "inbox" }, { name: "archivemsgfolderroot" }]);
  assert.equal(
    outline(encode(operation)),
    "GetFolder(FolderShape(BaseShape AdditionalProperties(FieldURI)) " +
      "FolderIds(DistinguishedFolderId DistinguishedFolderId))",
  );
  const folder = `<t:Folder><t:FolderId Id="D"/><t:TotalCount>7</t:TotalCount></t:Folder>`;
  const found = success("GetFolder", `<m:Folders>${folder}</m:Folders>`);
  assert.deepEqual(
    decode(operation, found, failure("GetFolder", "ErrorFolderNotFound")),
    [7, undefined],
  );
});

Deno.test("SyncFolderItems asks for ids only, from a state if there is one", () => {
  const first = encode(syncFolderItems({ folderId: "F", syncState: undefined, limit: 512 }));
  assert.equal(
    outline(first),
    "SyncFolderItems(ItemShape(BaseShape) SyncFolderId(FolderId) MaxChangesReturned)",
  );
  const next = encode(syncFolderItems({ folderId: "F", syncState: "S", limit: 7 }));
  assert.equal(
    outline(next),
    "SyncFolderItems(ItemShape(BaseShape) SyncFolderId(FolderId) SyncState MaxChangesReturned)",
  );
  assert.equal(next.text("MaxChangesReturned"), "7");
});

Deno.test("SyncFolderItems keeps the order of changes of any kind", () => {
  const operation = syncFolderItems({ folderId: "F", syncState: undefined, limit: 512 });
  const page = decode(
    operation,
    success(
      "SyncFolderItems",
      `<m:SyncState>H4s= </m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>
      <m:Changes><t:Create><t:Message><t:ItemId Id="A"/></t:Message></t:Create>
      <t:Delete><t:ItemId Id="a"/></t:Delete>
      <t:Update><t:MeetingRequest><t:ItemId Id="C"/></t:MeetingRequest></t:Update>
      <t:ReadFlagChange><t:ItemId Id="D"/><t:IsRead>true</t:IsRead></t:ReadFlagChange>
      <t:Novelty><t:Item><t:ItemId Id="E"/></t:Item></t:Novelty></m:Changes>`,
    ),
  );
  assert.deepEqual(page, {
    token: "H4s= ",
    complete: true,
    changes: [
      { kind: "create", itemId: "A" },
      { kind: "delete", itemId: "a" },
      { kind: "update", itemId: "C" },
      { kind: "readFlag", itemId: "D" },
      { kind: "update", itemId: "E" },
    ],
  });
});

Deno.test("SyncFolderItems takes no answer without state, end mark or changes for an empty page", () => {
  const operation = syncFolderItems({ folderId: "F", syncState: "S", limit: 512 });
  const parts = [
    "<m:SyncState>H4s=</m:SyncState>",
    "<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
    "<m:Changes/>",
  ];
  assert.deepEqual(decode(operation, success("SyncFolderItems", parts.join(""))).changes, []);
  for (const part of parts) {
    const without = parts.filter((other) => other !== part).join("");
    assert.throws(() => decode(operation, success("SyncFolderItems", without)), {
      code: "ResponseCorrupt",
    });
  }
});

Deno.test("FindItem lists oldest first by any time, from a time on and up to one, or all", () => {
  const from = new Date("1601-01-01T00:00:00Z");
  const until = new Date("2100-01-01T00:00:00Z");
  const exists = "Exists(FieldURI)";
  const since = "IsGreaterThanOrEqualTo(FieldURI FieldURIOrConstant(Constant))";
  const before = "IsLessThan(FieldURI FieldURIOrConstant(Constant))";
  const cases: readonly (readonly [ItemOrder, string])[] = [
    [{ by: "received" }, `Restriction(${exists})`],
    [{ by: "received", from }, `Restriction(${since})`],
    [{ by: "received", until }, `Restriction(${before})`],
    [{ by: "received", from, until }, `Restriction(And(${since} ${before}))`],
    [{ by: "created" }, `Restriction(Not(${exists}))`],
    [{ by: "created", from }, `Restriction(And(Not(${exists}) ${since}))`],
    [{ by: "created", until }, `Restriction(And(Not(${exists}) ${before}))`],
    [{ by: "created", from, until }, `Restriction(And(Not(${exists}) ${since} ${before}))`],
    [{ by: "modified" }, ""],
    [{ by: "modified", from }, `Restriction(${since})`],
    [{ by: "modified", until }, `Restriction(${before})`],
    [{ by: "modified", from, until }, `Restriction(And(${since} ${before}))`],
  ];
  const paths = {
    received: "item:DateTimeReceived",
    created: "item:DateTimeCreated",
    modified: "item:LastModifiedTime",
  };
  for (const [order, restriction] of cases) {
    const operation = findItem({ folderId: "F", order, offset: 4, limit: 5 });
    const request = encode(operation);
    assert.equal(
      outline(request),
      `FindItem(ItemShape(BaseShape AdditionalProperties(FieldURI)) IndexedPageItemView ` +
        `${restriction}${
          restriction && " "
        }SortOrder(FieldOrder(FieldURI)) ParentFolderIds(FolderId))`,
    );
    assert.equal(request.attribute("Traversal"), "Shallow");
    const view = request.node("IndexedPageItemView");
    assert.deepEqual(
      ["MaxEntriesReturned", "Offset", "BasePoint"].map((name) => view.attribute(name)),
      ["5", "4", "Beginning"],
    );
    const sort = request.node("SortOrder").node("FieldOrder");
    assert.equal(sort.attribute("Order"), "Ascending");
    assert.equal(sort.node("FieldURI").attribute("FieldURI"), paths[order.by]);
    // What is shown, ordered and compared is one and the same time.
    const uris = operation.encode("Exchange2016").match(/FieldURI="[^"]+"/g) ?? [];
    const others = uris.filter((uri) => uri !== `FieldURI="${paths[order.by]}"`);
    assert.deepEqual(others, order.by === "created" ? [`FieldURI="${paths.received}"`] : []);
  }
  const bounded = findItem({
    folderId: "F",
    order: { by: "received", from, until },
    offset: 0,
    limit: 1,
  }).encode("Exchange2016");
  assert.match(bounded, /IsGreaterThanOrEqualTo>.*Value="1601-01-01T00:00:00.000Z".*<t:IsLess/);
  assert.match(bounded, /IsLessThan>.*Value="2100-01-01T00:00:00.000Z"/);
});

Deno.test("FindItem yields the time that the order is by, and no other", () => {
  const times = "<t:DateTimeReceived>2026-01-01T00:00:01Z</t:DateTimeReceived>" +
    "<t:DateTimeCreated>2026-01-01T00:00:02Z</t:DateTimeCreated>" +
    "<t:LastModifiedTime>2026-01-01T00:00:03Z</t:LastModifiedTime>";
  const root = `<m:RootFolder IncludesLastItemInRange="true"><t:Items><t:Message>` +
    `<t:ItemId Id="A"/>${times}</t:Message></t:Items></m:RootFolder>`;
  for (const [by, second] of [["received", 1], ["created", 2], ["modified", 3]] as const) {
    const operation = findItem({ folderId: "F", order: { by }, offset: 0, limit: 1 });
    const { items } = decode(operation, success("FindItem", root));
    assert.equal(items[0]?.time?.getUTCSeconds(), second);
  }
});

Deno.test("FindItem yields ids and times of any item element", () => {
  const operation = findItem({
    folderId: "F",
    order: { by: "received", from: undefined },
    offset: 0,
    limit: 2,
  });
  const page = decode(
    operation,
    success(
      "FindItem",
      `<m:RootFolder IndexedPagingOffset="2" TotalItemsInView="9" IncludesLastItemInRange="false">
      <t:Items><t:Message><t:ItemId Id="A"/><t:DateTimeReceived>2100-01-01T00:00:00Z</t:DateTimeReceived>
      </t:Message><t:PostItem><t:ItemId Id="B"/></t:PostItem></t:Items></m:RootFolder>`,
    ),
  );
  assert.deepEqual(page, {
    items: [{ itemId: "A", time: new Date("2100-01-01T00:00:00Z") }, { itemId: "B" }],
    complete: false,
    total: 9,
  });
});

Deno.test("GetItem for content tells which MIME content is whose, also when some failed", () => {
  const operation = getItemContent(["A", "B", "C", "D"]);
  assert.equal(
    outline(encode(operation)),
    "GetItem(ItemShape(BaseShape IncludeMimeContent) ItemIds(ItemId ItemId ItemId ItemId))",
  );
  const item = (id: string, mime: string) =>
    success("GetItem", `<m:Items><t:Message>${mime}<t:ItemId Id="${id}"/></t:Message></m:Items>`);
  const answers = decode(
    operation,
    item("A", "<t:MimeContent></t:MimeContent>"),
    failure("GetItem", "ErrorItemNotFound"),
    item("C", ""),
    item("D", "<t:MimeContent/>"),
  );
  assert.deepEqual(
    answers.map((a) => "error" in a ? a.error.code : a.value.mimeIndex),
    [0, "ErrorItemNotFound", undefined, 1],
  );
});

Deno.test("GetItem does not accept answers that belong to other items, nor success without an item", () => {
  const item = (id: string) =>
    success("GetItem", `<m:Items><t:Message><t:ItemId Id="${id}"/></t:Message></m:Items>`);
  const operation = getItemContent(["A", "B"]);
  assert.throws(() => decode(operation, item("B"), item("A")), { code: "ResponseCorrupt" });
  // A server may spell an id it was given differently.
  assert.equal(decode(operation, item("A2"), item("B")).length, 2);
  const [first] = decode(operation, success("GetItem", "<m:Items/>"), item("B"));
  assert.ok(first && "error" in first && first.error.code === "ItemMissing");
});

Deno.test("GetItem for properties asks for ids and exactly the properties of a description", () => {
  const fields = (count: number) => Array.from({ length: count }, () => "FieldURI").join(" ");
  const cases = [
    ["message", `${fields(12)} ExtendedFieldURI ${fields(3)}`],
    ["any", `${fields(12)} ExtendedFieldURI ExtendedFieldURI`],
    ["messageWithParticipants", `${fields(12)} ExtendedFieldURI ${fields(9)}`],
    ["postWithAuthors", `${fields(12)} ExtendedFieldURI ${fields(5)}`],
  ] as const;
  for (const [asked, properties] of cases) {
    const operation = getItemProperties(["A", "B"], asked);
    assert.equal(
      outline(encode(operation)),
      `GetItem(ItemShape(BaseShape AdditionalProperties(${properties})) ItemIds(ItemId ItemId))`,
    );
    const request = operation.encode("Exchange2016");
    assert.doesNotMatch(request, /Subject|Body|Mime/);
    assert.equal(request.includes("message:"), asked !== "any");
    // Posts have authors but no recipients: Exchange refuses an item for a foreign property.
    assert.equal(request.includes("message:From"), /With/.test(asked));
    assert.equal(request.includes("message:ToRecipients"), asked === "messageWithParticipants");
  }
});

Deno.test("GetItem for properties says who took part only where that was asked for", () => {
  const item = `<m:Items><t:Message><t:ItemId Id="A"/><t:From><t:Mailbox>` +
    `<t:EmailAddress>A@Example.com</t:EmailAddress></t:Mailbox></t:From></t:Message></m:Items>`;
  const described = (asked: ItemProperties) =>
    decode(getItemProperties(["A"], asked), success("GetItem", item))[0];
  for (const asked of ["message", "any"] as const) {
    const answer = described(asked);
    assert.ok(answer && "value" in answer && answer.value.participants === undefined);
  }
  for (const asked of ["messageWithParticipants", "postWithAuthors"] as const) {
    const answer = described(asked);
    assert.ok(answer && "value" in answer);
    assert.deepEqual(answer.value.participants, {
      addresses: ["a@example.com"],
      unresolved: false,
    });
  }
});

Deno.test("Subscribe asks for what puts an email somewhere, in all folders or in some", () => {
  const all = encode(subscribe("all")).node("StreamingSubscriptionRequest");
  assert.equal(all.flagAttribute("SubscribeToAllFolders"), true);
  assert.deepEqual(
    all.node("EventTypes").children.map(({ content }) => content),
    ["NewMailEvent", "CreatedEvent", "MovedEvent", "CopiedEvent"],
  );
  const some = encode(subscribe(["A", "B"])).node("StreamingSubscriptionRequest");
  assert.equal(some.optionalAttribute("SubscribeToAllFolders"), undefined);
  assert.deepEqual(
    some.node("FolderIds").children.map((folder) => folder.attribute("Id")),
    ["A", "B"],
  );
  const id = "<m:SubscriptionId>S1</m:SubscriptionId>";
  assert.equal(decode(subscribe("all"), success("Subscribe", id)), "S1");
});

/** What a message of the stream says, as success or as a failure with that code. */
function streamed(content: string, code?: string) {
  const operation = getStreamingEvents({ subscriptionIds: ["S1", "S2"], connectionMinutes: 30 });
  const message = success(operation.name, content);
  return decode(
    operation,
    code === undefined ? message : message.replace("Success", "Error").replace("NoError", code),
  );
}

Deno.test("GetStreamingEvents tells heartbeats, notifications, failures and the end apart", () => {
  const status = (text: string) => `<m:ConnectionStatus>${text}</m:ConnectionStatus>`;
  const notification = (id: string, event: string) =>
    `<m:Notification><t:SubscriptionId>${id}</t:SubscriptionId><t:${event}/></m:Notification>`;
  assert.deepEqual(streamed(status("OK")), { notified: [], closed: false });
  assert.deepEqual(streamed(status("Closed")), { notified: [], closed: true });
  const events = notification("S1", "NewMailEvent") + notification("S2", "StatusEvent") +
    notification("S3", "EventOfTheFutureEvent");
  assert.deepEqual(
    streamed(`<m:Notifications>${events}</m:Notifications>`).notified,
    ["S1", "S3"],
  );
  const ids = "<m:ErrorSubscriptionIds><t:SubscriptionId>S2</t:SubscriptionId>" +
    "</m:ErrorSubscriptionIds>";
  const { failure: ofOne } = streamed(ids, "ErrorSubscriptionNotFound");
  assert.equal(ofOne?.error.code, "ErrorSubscriptionNotFound");
  assert.equal(ofOne?.error.kind, "retryable");
  assert.deepEqual(ofOne?.subscriptionIds, ["S2"]);
  assert.deepEqual(streamed("", "ErrorServerBusy").failure?.subscriptionIds, []);
});

Deno.test("an encoder cannot be made to write markup of others", () => {
  const request = getItemContent([`"/><x a="`]).encode("Exchange2016");
  const ids = parseXml(bytes(element("r", {}, request))).node("GetItem").node("ItemIds");
  assert.deepEqual(ids.children.map((id) => id.attribute("Id")), [`"/><x a="`]);
});
