import assert from "node:assert/strict";
import fc from "fast-check";
import { MailboxStore } from "../exchange/mailbox_store.ts";
import { mimeOf } from "../exchange/mime_source.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { type Json, jsonParts } from "./json_parts.ts";

Deno.test("without content it is the JSON everybody writes", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.deepEqual(jsonParts(value as Json), [JSON.stringify(value)]);
  }));
});

Deno.test("content stands between quotation marks, and what is undefined is left out", () => {
  const clock = { now: () => new Date(0) };
  const mailbox = new MailboxStore({ clock, entropy: seededEntropy(1) }).addMailbox("a@x.example");
  const mime = mimeOf("Subject: x\n\n");
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, mime);
  const content = { mime, mailbox: mailbox.address, item };
  const parts = jsonParts([{ a: undefined, b: content, c: [] }, { d: content, e: {} }]);
  assert.deepEqual(parts, ['[{"b":"', content, '","c":[]},{"d":"', content, '","e":{}}]']);
});
