import assert from "node:assert/strict";
import { distinguished, findFolder, getItem, properties } from "./ews/example_requests.ts";
import { attributesNamed, exampleService, textsNamed } from "./ews/example_service.ts";
import { expectedEmails } from "./expected_emails.ts";
import { extremeEmails } from "./extreme_emails.ts";
import { EXTREME_FOLDER_NAMES, fillWithExtremes } from "./extreme_mailbox.ts";
import { bytesOf } from "./mime_source.ts";

Deno.test("extreme emails are the same on every call, and each has a name of its own", () => {
  const [first, second] = [extremeEmails(), extremeEmails()];
  assert.equal(new Set(first.map(({ name }) => name)).size, first.length);
  for (const [index, { name, mime }] of first.entries()) {
    const again = second[index]!.mime;
    assert.equal(again.sizeBytes, mime.sizeBytes, name);
    const length = [...mime.chunks()].reduce((sum, chunk) => sum + chunk.byteLength, 0);
    assert.equal(length, mime.sizeBytes, name);
    if (mime.sizeBytes < 1_000_000) assert.deepEqual(bytesOf(again), bytesOf(mime), name);
  }
});

Deno.test("Exchange lists every extreme folder and hands out every extreme email as it is", async () => {
  const { ask, ledger, mailbox } = exampleService();
  const items = fillWithExtremes(mailbox);
  const { xml } = await ask(
    findFolder(distinguished("msgfolderroot"), properties("folder:DisplayName")),
  );
  const names = textsNamed(xml, "DisplayName");
  for (const name of EXTREME_FOLDER_NAMES) assert(names.includes(name), JSON.stringify(name));
  const small = items.filter(({ mime }) => mime!.sizeBytes < 1_000_000);
  assert.equal(small.length, items.length - 1);
  const answer = await ask(getItem(small.map(({ id }) => id), "", true));
  assert.deepEqual(attributesNamed(answer.xml, "ItemId", "Id"), small.map(({ id }) => id));
  assert.deepEqual(
    textsNamed(answer.xml, "MimeContent"),
    small.map(({ mime }) => bytesOf(mime!).toBase64()),
  );
  assert.equal(ledger.totals().mimeServed, small.length);
});

Deno.test("all extremes have to be delivered but the draft", () => {
  const { store, mailbox } = exampleService();
  const items = fillWithExtremes(mailbox);
  const expected = new Set(expectedEmails(store).map(({ item }) => item.id));
  assert.deepEqual(items.filter(({ id }) => !expected.has(id)).map(({ subject }) => subject), [
    "draft",
  ]);
});

Deno.test("what is a phantom or cannot be read at all is not expected to be delivered", () => {
  const { store, mailbox } = exampleService();
  const [phantom, dead, damaged] = fillWithExtremes(mailbox).slice(1);
  const code = "ErrorItemCorrupt";
  const before = expectedEmails(store).length;
  mailbox.makePhantom(phantom!.id);
  mailbox.damage(dead!.id, { code, parts: ["properties"] });
  mailbox.damage(damaged!.id, { code });
  assert.equal(expectedEmails(store).length, before - 2);
  for (const item of [phantom, dead]) mailbox.mend(item!.id);
  assert.equal(expectedEmails(store).length, before);
});
