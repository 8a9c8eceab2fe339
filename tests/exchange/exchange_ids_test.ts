import assert from "node:assert/strict";
import { changeKeyOf, folderIdOf, itemIdOf, mailboxGuidOf } from "./exchange_ids.ts";
import { randomBytes, randomUuid, seededEntropy } from "./seeded_entropy.ts";

const entropy = seededEntropy(5);
const SPACE = { mailboxGuid: randomUuid(entropy), replica: randomBytes(entropy, 16) };

Deno.test("ids have the lengths of Exchange's own and lead back to their mailbox", () => {
  const item = itemIdOf(SPACE, 0x10c, 0x11e1);
  const folder = folderIdOf(SPACE, 0x10c);
  assert.equal(item.length, 152);
  assert.equal(folder.length, 120);
  assert(item.startsWith("AAMkA"));
  assert.equal(mailboxGuidOf(item), SPACE.mailboxGuid);
  assert.equal(mailboxGuidOf(folder), SPACE.mailboxGuid);
});

Deno.test("ids of different items are equal to whoever ignores case", () => {
  const ids = Array.from({ length: 52 }, (_, index) => itemIdOf(SPACE, 1, 0x1000 + index));
  assert.equal(new Set(ids).size, 52);
  assert.equal(new Set(ids.map((id) => id.toLowerCase())).size, 26);
});

Deno.test("what has no id's anatomy leads nowhere", () => {
  const id = itemIdOf(SPACE, 1, 2);
  for (const bad of ["", "inbox", "not base64!", "AAAA", id.slice(0, 100), `${id.slice(0, -1)}`]) {
    assert.equal(mailboxGuidOf(bad), undefined, bad);
  }
});

Deno.test("change keys differ with every version", () => {
  assert.notEqual(changeKeyOf(SPACE, 0x09, 1), changeKeyOf(SPACE, 0x09, 2));
  assert.match(changeKeyOf(SPACE, 0x09, 1), /^CQAAABYAAA[A-Za-z0-9+/]{30}$/);
});
