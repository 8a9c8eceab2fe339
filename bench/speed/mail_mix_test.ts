import assert from "node:assert/strict";
import { bytesOf } from "../../tests/exchange/mime_source.ts";
import { seededEntropy } from "../../tests/exchange/seeded_entropy.ts";
import { MailMix } from "./mail_mix.ts";

Deno.test("sizes have the median and the mean that they are said to have, the same for one seed", () => {
  const sizesOf = () => {
    const mix = new MailMix(seededEntropy(1));
    return Array.from({ length: 20_000 }, () => mix.next().sizeBytes);
  };
  const sizes = sizesOf();
  assert.deepEqual(sizesOf(), sizes);
  const median = sizes.toSorted((one, other) => one - other)[sizes.length / 2]!;
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  assert.ok(Math.abs(median / 1024 - 28) < 1, `${median}`);
  assert.ok(Math.abs(mean / 1024 - 48) < 2, `${mean}`);
});

Deno.test("an email is mail: a header, and lines of base64", () => {
  const [header, body] = [...new MailMix(seededEntropy(2)).next().chunks()]
    .map((bytes) => new TextDecoder().decode(bytes));
  assert.match(header!, /^Message-ID: <mix-0000000001@corp\.example>\r\n.*\r\n\r\n$/s);
  assert.match(body!, /^(?:[A-Za-z0-9+/=]{76}\r\n)+$/);
});

Deno.test("what lies ready as base64 is the email", () => {
  const mix = new MailMix(seededEntropy(3));
  const emails = [...Array.from({ length: 20 }, () => mix.next()), mix.ofSize(3_000_000)];
  for (const email of emails) {
    const text = email.base64!.map((piece) => new TextDecoder().decode(piece)).join("");
    assert.deepEqual(Uint8Array.fromBase64(text), bytesOf(email));
    assert.equal(bytesOf(email).byteLength, email.sizeBytes);
  }
});
