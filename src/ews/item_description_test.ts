import assert from "node:assert/strict";
import { itemDescriptionOf } from "./item_description.ts";
import { parseXml } from "./xml.ts";

const describe = (xml: string) => itemDescriptionOf(parseXml(new TextEncoder().encode(xml)), "ID");

Deno.test("everything the server says of an email is taken over, spelled as it is", () => {
  const description = describe(`<t:Message xmlns:t="u"><t:ItemId Id="ID"/>
    <t:ItemClass>IPM.Note</t:ItemClass><t:Attachments>
      <t:FileAttachment><t:AttachmentId Id="1"/><t:Name>a b.txt</t:Name>
        <t:ContentType>text/plain</t:ContentType><t:Size>12</t:Size><t:IsInline>true</t:IsInline>
      </t:FileAttachment>
      <t:ItemAttachment><t:Name>Fwd</t:Name><t:Size>3</t:Size></t:ItemAttachment>
      <t:ReferenceAttachment><t:Name>link</t:Name></t:ReferenceAttachment></t:Attachments>
    <t:DateTimeReceived>2026-01-02T03:04:05Z</t:DateTimeReceived><t:Size>4711</t:Size>
    <t:Categories><t:String>Red</t:String><t:String>a, b</t:String></t:Categories>
    <t:Importance>High</t:Importance><t:Sensitivity>Normal</t:Sensitivity>
    <t:IsDraft>false</t:IsDraft><t:DateTimeSent>2026-01-02T03:04:00Z</t:DateTimeSent>
    <t:DateTimeCreated>2026-01-02T03:04:06Z</t:DateTimeCreated>
    <t:HasAttachments>true</t:HasAttachments><t:ExtendedProperty>
      <t:ExtendedFieldURI PropertyTag="0x300b" PropertyType="Binary"/><t:Value>q80=</t:Value>
    </t:ExtendedProperty><t:ConversationId Id="CONV"/><t:ConversationTopic>Topic</t:ConversationTopic>
    <t:InternetMessageId> &lt;a@b&gt; </t:InternetMessageId><t:IsRead>true</t:IsRead></t:Message>`);
  assert.deepEqual(description, {
    itemId: "ID",
    internetMessageId: " <a@b> ",
    searchKey: "abcd",
    receivedAt: new Date("2026-01-02T03:04:05Z"),
    sentAt: new Date("2026-01-02T03:04:00Z"),
    createdAt: new Date("2026-01-02T03:04:06Z"),
    sizeBytes: 4711,
    isMail: true,
    isDraft: false,
    metadata: {
      hasAttachments: true,
      isRead: true,
      importance: "High",
      sensitivity: "Normal",
      categories: ["Red", "a, b"],
      conversationId: "CONV",
      conversationTopic: "Topic",
    },
    attachments: [
      { name: "a b.txt", sizeBytes: 12, contentType: "text/plain", inline: true },
      { name: "Fwd", sizeBytes: 3, contentType: "message/rfc822", inline: false },
      { name: "link", sizeBytes: 0, contentType: "application/octet-stream", inline: false },
    ],
  });
});

Deno.test("what the server does not say is absent, not empty", () => {
  assert.deepEqual(describe("<Message><ItemId Id='ID'/></Message>"), {
    itemId: "ID",
    sizeBytes: 0,
    isMail: true,
    isDraft: false,
    metadata: {},
    attachments: [],
  });
});

Deno.test("a search key that is not base64 counts as absent", () => {
  const xml = "<Message><ExtendedProperty><ExtendedFieldURI PropertyTag='0x300B'/>" +
    "<Value>?</Value></ExtendedProperty></Message>";
  assert.equal(describe(xml).searchKey, undefined);
});

Deno.test("the Message-ID is taken from its MAPI property where there is no element for it", () => {
  const xml = "<Item><ExtendedProperty><ExtendedFieldURI PropertyTag='0x1035'/>" +
    "<Value>&lt;a@b&gt;</Value></ExtendedProperty></Item>";
  assert.equal(describe(xml).internetMessageId, "<a@b>");
});

Deno.test("mail is told by the element, and by the class where the element does not say", () => {
  const isMail = (element: string, itemClass: string) =>
    describe(`<${element}><ItemClass>${itemClass}</ItemClass></${element}>`).isMail;
  for (
    const element of [
      "Message",
      "MeetingMessage",
      "MeetingRequest",
      "MeetingResponse",
      "MeetingCancellation",
      "PostItem",
    ]
  ) assert.ok(isMail(element, "IPM.Custom"), element);
  for (const element of ["CalendarItem", "Contact", "DistributionList", "Task"]) {
    assert.ok(!isMail(element, "IPM.Note"), element);
  }
  for (
    const itemClass of [
      "IPM.Note",
      "ipm.note.SMIME",
      "IPM.Schedule.Meeting.Request",
      "REPORT.IPM.Note.NDR",
      "IPM.Post.RSS",
      "IPM.Outlook.Recall",
      "IPM.Recall.Report.Success",
    ]
  ) assert.ok(isMail("Item", itemClass), itemClass);
  for (const itemClass of ["IPM.Notebook", "IPM.StickyNote", "IPM.Activity", "IPM", ""]) {
    assert.ok(!isMail("Item", itemClass), itemClass);
  }
});

Deno.test("an unsent item is a draft wherever it lies", () => {
  assert.ok(describe("<Message><IsDraft>true</IsDraft></Message>").isDraft);
});
