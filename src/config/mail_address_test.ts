import assert from "node:assert/strict";
import fc from "fast-check";
import { isMailboxAddress, isMailDomain } from "./mail_address.ts";

Deno.test("addresses as Exchange gives mailboxes are accepted", () => {
  const addresses = [
    "a@b.c",
    "Alice.O'Neil+x@mail.example.com",
    "svc_mail@corp",
    "jürgen@bücher.de",
  ];
  for (const address of [...addresses, "a/b=c@x-y.example", "受信@例え.テスト"]) {
    assert.ok(isMailboxAddress(address), address);
  }
  fc.assert(fc.property(fc.emailAddress(), (address) => {
    assert.ok(isMailboxAddress(address), address);
  }));
});

Deno.test("what is no address, or could pass for another one in a log, is refused", () => {
  const refused = [
    ...["", "a", "@", "a@", "@b.c", "a@b@c", "a b@c.d", "a@b..c", "a@.b", "a@b.", "a@-b.c"],
    ...["a@b.c\n", "a\0@b.c", "a\u202e@b.c", "<a@b.c>", '"a"@b.c', "a,b@c.d", "a@b.c:25", "a@b/c"],
    ...["a\\b@c.d", `${"a".repeat(251)}@b.c`],
  ];
  for (const text of refused) assert.ok(!isMailboxAddress(text), text);
});

Deno.test("a domain is labels between dots", () => {
  for (const text of ["example.com", "corp", "a_b.c"]) assert.ok(isMailDomain(text), text);
  for (const text of ["", ".", "a.", "@a.b", "*.a.b", "a b"]) assert.ok(!isMailDomain(text), text);
});
