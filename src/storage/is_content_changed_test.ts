import assert from "node:assert/strict";
import { isContentChanged } from "./is_content_changed.ts";

const [a, b] = ["a.pdf", "b.pdf"].map((name) => ({
  name,
  sizeBytes: 7,
  contentType: "application/pdf",
  inline: false,
}));
const stored = { sizeBytes: 100, attachments: [a!, b!] };

function record(sizeBytes: number, attachments = [a!, b!]) {
  return { metadata: { folder: ["Inbox"], sizeBytes }, attachments };
}

Deno.test("equal size and attachments, in any order, are equal content", () => {
  assert.ok(!isContentChanged(stored, record(100)));
  assert.ok(!isContentChanged(stored, record(100, [b!, a!])));
});

Deno.test("another size, number, name or kind of attachment is changed content", () => {
  assert.ok(isContentChanged(stored, record(101)));
  assert.ok(isContentChanged(stored, record(100, [a!])));
  assert.ok(isContentChanged(stored, record(100, [a!, a!])));
  assert.ok(isContentChanged(stored, record(100, [a!, { ...b!, inline: true }])));
});

Deno.test("stored attachments that cannot be read count as others", () => {
  assert.ok(isContentChanged({ sizeBytes: 100 }, record(100, [])));
});
