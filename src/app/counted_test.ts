import assert from "node:assert/strict";
import { counted } from "./counted.ts";

Deno.test("one is one thing, and any other number is several", () => {
  assert.deepEqual([0, 1, 2].map((number) => counted(number, "email")), [
    "0 emails",
    "1 email",
    "2 emails",
  ]);
  assert.equal(counted(1, "mailbox"), "1 mailbox");
  assert.equal(counted(10, "mailbox"), "10 mailboxes");
});
