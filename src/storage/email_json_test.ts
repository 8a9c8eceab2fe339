import assert from "node:assert/strict";
import fc from "fast-check";
import { sampleEmail, sampleMailbox } from "../../tests/contract/sample_emails.ts";
import type { RawEmail } from "../core/email.ts";
import { decodeEmailJson, decodeStoredRecord, encodeEmailJson } from "./email_json.ts";

const CONTENT = { sha256: "ab".repeat(32), sizeBytes: 5120 };

Deno.test("email JSON is what the documentation shows", () => {
  const email = sampleEmail("<CA+abc@mail.example.com>", {
    metadata: {
      folder: ["Inbox", "Claims"],
      receivedAt: new Date("2024-02-29T23:59:59Z"),
      sizeBytes: 6000,
      hasAttachments: true,
      isRead: true,
      importance: "Normal",
      sensitivity: "Normal",
      categories: [],
      conversationId: "AAQk",
      conversationTopic: "Hello",
    },
    attachments: [{ name: "a.pdf", sizeBytes: 7, contentType: "application/pdf", inline: false }],
  });
  assert.equal(
    encodeEmailJson(email, CONTENT),
    `{
  "id": "<CA+abc@mail.example.com>",
  "mailbox": "ada@example.com",
  "timestamp": "2024-02-29T23:59:59.000Z",
  "metadata": {
    "folder": [
      "Inbox",
      "Claims"
    ],
    "received_at": "2024-02-29T23:59:59.000Z",
    "size": 6000,
    "has_attachments": true,
    "is_read": true,
    "importance": "Normal",
    "sensitivity": "Normal",
    "categories": [],
    "conversation_id": "AAQk",
    "conversation_topic": "Hello"
  },
  "attachments": [
    {
      "name": "a.pdf",
      "size": 7,
      "content_type": "application/pdf",
      "inline": false
    }
  ],
  "mime_sha256": "${CONTENT.sha256}",
  "mime_size": 5120
}
`,
  );
});

Deno.test("email JSON leaves out what the server did not give", () => {
  const { timestamp: _, ...email } = sampleEmail("<a@x>", { metadata: { folder: ["Inbox"] } });
  assert.deepEqual(JSON.parse(encodeEmailJson(email, CONTENT)), {
    id: "<a@x>",
    mailbox: "ada@example.com",
    metadata: { folder: ["Inbox"] },
    attachments: [],
    mime_sha256: CONTENT.sha256,
    mime_size: 5120,
  });
});

Deno.test("email JSON gives back what it says of the content, for any email", () => {
  fc.assert(fc.property(
    fc.string({ unit: "binary" }),
    fc.array(fc.string({ unit: "binary" })),
    fc.date(),
    fc.option(fc.boolean(), { nil: undefined }),
    (id, folder, timestamp, rebuilt) => {
      const content = { ...CONTENT, ...(rebuilt === undefined ? {} : { rebuilt }) };
      const json = encodeEmailJson(sampleEmail(id, { metadata: { folder }, timestamp }), content);
      assert.deepEqual(decodeStoredRecord(json)?.content, content);
      assert.deepEqual(JSON.parse(json).metadata.folder, folder);
    },
  ));
});

Deno.test("email JSON that is cut or foreign says nothing", () => {
  const whole = encodeEmailJson(sampleEmail("<a@x>"), CONTENT);
  const cuts = Array.from({ length: whole.length - 2 }, (_, length) => whole.slice(0, length));
  const foreign = ["null", "[]", "7", "{}", '{"mime_sha256":"ab","mime_size":1}'];
  const wrong = whole.replace("5120", '"5120"');
  for (const text of [...cuts, ...foreign, wrong]) {
    assert.equal(decodeStoredRecord(text), undefined);
  }
});

const text = fc.string({ unit: "binary" });
const time = fc.date({ noInvalidDate: true });
const size = fc.nat();

/** Records of any shape: whatever may be absent is, now and then. */
const records: fc.Arbitrary<Partial<RawEmail>> = fc.record({
  id: fc.string({ unit: "binary", minLength: 1 }),
  timestamp: time,
  metadata: fc.record({
    folder: fc.array(text),
    receivedAt: time,
    sizeBytes: size,
    hasAttachments: fc.boolean(),
    isRead: fc.boolean(),
    importance: text,
    sensitivity: text,
    categories: fc.array(text),
    conversationId: text,
    conversationTopic: text,
  }, { requiredKeys: ["folder"], noNullPrototype: true }),
  attachments: fc.array(
    fc.record({ name: text, sizeBytes: size, contentType: text, inline: fc.boolean() }, {
      noNullPrototype: true,
    }),
  ),
}, { requiredKeys: ["id", "metadata", "attachments"], noNullPrototype: true });

Deno.test("email JSON gives back all of what it says, for any email", () => {
  fc.assert(fc.property(records, fc.boolean(), (changes, rebuilt) => {
    const { mime: _, timestamp: _sample, ...sample } = sampleEmail("<a@x>");
    const record = { ...sample, ...changes };
    const content = rebuilt ? { ...CONTENT, rebuilt } : CONTENT;
    const { mailbox, key } = record;
    const decoded = decodeEmailJson(encodeEmailJson(record, content), { mailbox, key });
    assert.deepEqual(decoded, { record, content });
  }));
});

Deno.test("email JSON that is cut, foreign or of another mailbox is no record, and says why", () => {
  const { mailbox, key, ...email } = sampleEmail("<a@x>");
  const whole = encodeEmailJson({ ...email, mailbox, key }, CONTENT);
  const faultOf = (json: string, of = mailbox) => {
    const decoded = decodeEmailJson(json, { mailbox: of, key });
    return "fault" in decoded ? decoded.fault : undefined;
  };
  for (let length = 0; length < whole.length - 2; length++) {
    assert.equal(faultOf(whole.slice(0, length)), "it is no whole record");
  }
  assert.equal(
    faultOf(whole.replace("2024-02-29", "2024-02-x9")),
    '"timestamp" is not as it was written',
  );
  assert.match(faultOf(whole.replace('"Inbox"', "7")) ?? "", /^"metadata\.folder\.0" is not/);
  assert.equal(faultOf(whole, sampleMailbox("bob@example.com")), "it is of another mailbox");
  assert.equal(faultOf(whole.replace("{", '{"added_later": 1,')), undefined);
});
