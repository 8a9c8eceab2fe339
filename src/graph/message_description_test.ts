import assert from "node:assert/strict";
import { MESSAGE, messageDescriptionOf } from "./message_description.ts";
import { ALICE, ALICE_WITH_LISTS } from "./testing/simulated_source.ts";

const described = (message: Record<string, unknown>, mailbox = ALICE) =>
  messageDescriptionOf(MESSAGE.parse({ id: "M", ...message }), mailbox);
const extended = (id: string, value: string) =>
  described({ singleValueExtendedProperties: [{ id, value }] });

Deno.test("a message of which Graph says nothing is described as EWS describes such an item", () => {
  assert.deepEqual(described({}), {
    itemId: "M",
    sizeBytes: 0,
    isMail: true,
    isDraft: false,
    metadata: { sensitivity: "Normal" },
    attachments: [],
  });
  const nothing = Object.fromEntries(Object.keys(MESSAGE.shape).map((name) => [name, null]));
  assert.deepEqual(described({ ...nothing, id: "M" }), described({}));
});

Deno.test("values are those of EWS", () => {
  const { metadata, attachments, sentAt } = described({
    sentDateTime: "2024-05-06T07:08:09Z",
    hasAttachments: true,
    isRead: false,
    importance: "high",
    categories: ["Red"],
    conversationId: "AAQk-_x=",
    attachments: [
      {
        "@odata.type": "#microsoft.graph.itemAttachment",
        name: "Mail",
        size: 5,
        contentType: null,
      },
      { "@odata.type": "#microsoft.graph.fileAttachment", name: null, isInline: true, size: -3 },
    ],
  });
  assert.deepEqual(metadata, {
    hasAttachments: true,
    isRead: false,
    importance: "High",
    sensitivity: "Normal",
    categories: ["Red"],
    conversationId: "AAQk/+x=",
  });
  assert.deepEqual(attachments, [
    { name: "Mail", sizeBytes: 5, contentType: "message/rfc822", inline: false },
    { name: "", sizeBytes: 0, contentType: "application/octet-stream", inline: true },
  ]);
  assert.deepEqual(sentAt, new Date("2024-05-06T07:08:09Z"));
});

Deno.test("extended properties are found however their tags are spelled", () => {
  assert.equal(extended("Binary 0x300b", "AQIDBA==").searchKey, "01020304");
  assert.equal(extended("Binary 0x300B", "no base64!").searchKey, undefined);
  assert.equal(extended("Integer 0xe08", "4096").sizeBytes, 4096);
  assert.equal(extended("Integer 0x0E08", "-1").sizeBytes, 0);
  assert.equal(extended("Integer 0x36", "2").metadata.sensitivity, "Private");
  assert.equal(extended("String 0x70", "Topic").metadata.conversationTopic, "Topic");
  assert.equal(extended("String 0x001a", "IPM.Contact").isMail, false);
  assert.equal(extended("String 0x001A", "REPORT.IPM.Note.NDR").isMail, true);
});

Deno.test("times that are none are absent", () => {
  for (const time of ["0001-01-01T00:00:00Z", "soon", "", null]) {
    const { receivedAt, sentAt, createdAt } = described({
      receivedDateTime: time,
      sentDateTime: time,
      createdDateTime: time,
    });
    assert.deepEqual([receivedAt, sentAt, createdAt], [undefined, undefined, undefined]);
  }
});

Deno.test("participants are told only where there are lists of them; a name alone is unresolved", () => {
  const someone = (address?: string) => ({ emailAddress: { name: "X", address } });
  const message = {
    from: someone(" Anna@Corp.example "),
    sender: someone("anna@corp.example"),
    toRecipients: [someone("ben@corp.example"), someone()],
    replyTo: [{}],
  };
  assert.equal(described(message).participants, undefined);
  assert.deepEqual(described(message, ALICE_WITH_LISTS).participants, {
    addresses: ["anna@corp.example", "ben@corp.example"],
    unresolved: true,
  });
});
