import assert from "node:assert/strict";
import fc from "fast-check";
import {
  emailIdOf,
  emailRecordOf,
  type ItemDescription,
  needsHeaderForId,
  storageKeyOf,
} from "./email.ts";
import type { Mailbox } from "./mailbox.ts";

const address = "support@contoso.com";
const header = (fields: Record<string, string>) => new Map(Object.entries(fields));

Deno.test("an email's id is its Message-ID property, trimmed, brackets included", () => {
  assert.equal(emailIdOf(address, { internetMessageId: " <a@b>\r\n", searchKey: "00" }), "<a@b>");
});

Deno.test("without the property the id is the Message-ID field of the MIME header", () => {
  const sources = { internetMessageId: "  ", header: header({ "message-id": "<c@d>" }) };
  assert.equal(emailIdOf(address, sources), "<c@d>");
});

Deno.test("a Message-ID that cannot serve is replaced by a hash of the search key bytes", () => {
  // SHA-256 of the two bytes 0xCA 0xFE.
  const digest = "03346f0e7990de2423a3bca5335bf92cdc0bd14bef2206b87c63f18a1e996c52";
  for (const bad of ["", "x".repeat(513), "<a\u0001b@c>", "<a\u2028b@c>"]) {
    const id = emailIdOf(address, { internetMessageId: bad, searchKey: "cafe" });
    assert.equal(id, `<${digest}@${address}>`);
  }
  assert.equal(emailIdOf(address, { internetMessageId: "x".repeat(512) }).length, 512);
});

Deno.test("without Message-ID and search key the id hangs on date, from, to and subject", () => {
  const fields = { date: "d", from: "f", to: "t", subject: "s" };
  const id = emailIdOf(address, { header: header(fields) });
  assert.equal(emailIdOf(address, { header: header({ ...fields, cc: "other" }) }), id);
  for (const name of Object.keys(fields)) {
    const other = emailIdOf(address, { header: header({ ...fields, [name]: "other" }) });
    assert.notEqual(other, id, name);
  }
});

Deno.test("an id never has control characters and never more than 512 and an address", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 600 }), (internetMessageId) => {
    const id = emailIdOf(address, { internetMessageId, searchKey: "00" });
    assert.doesNotMatch(id, /\p{Cc}/u);
    assert.ok(id.length > 0 && id.length <= 512);
  }));
});

Deno.test("the storage key tells emails with one Message-ID apart, and is frozen", () => {
  assert.equal(storageKeyOf("<a@b>", "cafe"), "4380ebb71ec0d2b116aa07585ba6ba44");
  assert.equal(storageKeyOf("<a@b>", undefined), storageKeyOf("<a@b>", ""));
  assert.notEqual(storageKeyOf("<a@b>", "cafe"), storageKeyOf("<a@b>", "caff"));
});

Deno.test("a record's timestamp is the sent, else received, else created date", () => {
  const mailbox: Mailbox = { address, bucket: { owner: "o", name: "n" }, startFrom: "bucket" };
  const folder = { id: "1", path: ["Inbox"] };
  const [sentAt, receivedAt, createdAt] = [3, 2, 1].map((ms) => new Date(ms));
  const base: ItemDescription = {
    itemId: "i",
    internetMessageId: "<a@b>",
    sizeBytes: 0,
    isMail: true,
    isDraft: false,
    metadata: {},
    attachments: [],
  };
  const timestamp = (dates: Partial<ItemDescription>) =>
    emailRecordOf(mailbox, folder, { ...base, ...dates }).timestamp;
  assert.equal(timestamp({ sentAt, receivedAt, createdAt } as ItemDescription), sentAt);
  assert.equal(timestamp({ receivedAt, createdAt } as ItemDescription), receivedAt);
  assert.equal(timestamp({ createdAt } as ItemDescription), createdAt);
  assert.equal(timestamp({}), undefined);
  assert.equal(needsHeaderForId(base), false);
  assert.equal(needsHeaderForId({ ...base, internetMessageId: " " }), true);
});
