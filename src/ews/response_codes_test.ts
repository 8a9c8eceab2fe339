import assert from "node:assert/strict";
import type { SyncError } from "../core/errors.ts";
import type { Reach } from "../source/failure_table.ts";
import { EWS_FAILURES, syncErrorOfCode, UNKNOWN_CODE } from "./response_codes.ts";

const attemptsMaxOf = (code: string) => EWS_FAILURES.attemptsMaxOf(code);
const mayBeItemsFault = (error: SyncError) => EWS_FAILURES.mayBeItemsFault(error);
const kindWhenGivenUp = (error: SyncError, reach: Reach) =>
  EWS_FAILURES.kindWhenGivenUp(error, reach);

const errorOf = (code: string, reach: "item" | "folder" | "mailbox" = "item") =>
  syncErrorOfCode({ code, text: "It failed." }, reach);

Deno.test("what can pass is retryable whatever was asked for", () => {
  for (const code of ["ErrorServerBusy", "ErrorMailboxMoveInProgress", "ErrorTimeoutExpired"]) {
    for (const reach of ["item", "folder", "mailbox"] as const) {
      assert.equal(errorOf(code, reach).kind, "retryable");
    }
  }
});

Deno.test("a refusal reaches as far as what was asked for", () => {
  assert.equal(errorOf("ErrorItemNotFound", "item").kind, "item");
  assert.equal(errorOf("ErrorAccessDenied", "item").kind, "item");
  assert.equal(errorOf("ErrorAccessDenied", "folder").kind, "folder");
  assert.equal(errorOf("ErrorAccessDenied", "mailbox").kind, "mailbox");
  assert.equal(errorOf("ErrorInvalidSyncStateData", "folder").kind, "folder");
});

Deno.test("what holds for the mailbox does so even for an item, and names the remedy", () => {
  const error = errorOf("ErrorImpersonateUserDenied", "item");
  assert.equal(error.kind, "mailbox");
  assert.match(error.hint ?? "", /ApplicationImpersonation/);
  assert.match(errorOf("ErrorNonExistentMailbox").hint ?? "", /primary SMTP address/);
});

Deno.test("an unknown code is counted under one name, said in the message, and tried a few times", () => {
  const error = errorOf("ErrorFromTheFuture");
  assert.equal(error.code, UNKNOWN_CODE);
  assert.match(error.message, /ErrorFromTheFuture: It failed/);
  assert.equal(error.kind, "retryable");
  assert.equal(attemptsMaxOf(error.code), 5);
  assert.equal(kindWhenGivenUp(error, "mailbox"), "mailbox");
  assert.equal(errorOf("toString").code, UNKNOWN_CODE);
});

Deno.test("what was tried in vain reaches as far as what was asked for, unless it can pass for sure", () => {
  assert.equal(kindWhenGivenUp(errorOf("ErrorInternalServerError"), "item"), "item");
  assert.equal(kindWhenGivenUp(errorOf("ErrorServerBusy"), "item"), "retryable");
  assert.equal(kindWhenGivenUp(errorOf("ErrorAccessDenied"), "mailbox"), "item");
  assert.equal(attemptsMaxOf("ErrorServerBusy"), Infinity);
  assert.equal(attemptsMaxOf("ResponseCorrupt"), Infinity);
});

Deno.test("access denied to a whole request is the mailbox's, to one item or folder it is theirs", () => {
  const denied = { code: "ErrorAccessDenied", text: "Denied." };
  assert.equal(syncErrorOfCode({ ...denied, isFault: true }, "item").kind, "mailbox");
  assert.equal(syncErrorOfCode({ ...denied, isFault: false }, "item").kind, "item");
  // An item that is asked for alone may be refused by a fault, too.
  const missing = { code: "ErrorItemNotFound", text: "Gone.", isFault: true };
  assert.equal(syncErrorOfCode(missing, "item").kind, "item");
});

Deno.test("a policy that keeps EWS closed is recognised by what the server says of it", () => {
  const said = (text: string) =>
    syncErrorOfCode({ code: "ErrorAccessDenied", text, isFault: true }, "mailbox");
  assert.equal(said("EWS is blocked by policy for this user or tenant").code, "EwsBlockedByPolicy");
  assert.equal(said("EWS access is disabled for this tenant.").code, "EwsDisabled");
  assert.match(said("EWS is disabled").hint ?? "", /Set-OrganizationConfig -EwsEnabled \$true/);
  assert.equal(said("Access is denied. Check credentials.").code, "ErrorAccessDenied");
});

Deno.test("a sign-in to the mailbox that fails again and again is no item's fault", () => {
  for (const code of ["ErrorMailboxLogonFailed", "ErrorProxyRequestProcessingFailed"]) {
    const error = errorOf(code, "item");
    assert.deepEqual([error.kind, attemptsMaxOf(code)], ["retryable", 5]);
    assert.ok(!mayBeItemsFault(error));
    assert.equal(kindWhenGivenUp(error, "item"), "mailbox");
    assert.ok(error.hint);
  }
  assert.ok(mayBeItemsFault(errorOf("ErrorInternalServerError", "item")));
});

Deno.test("the code inside an internal error counts if it is known", () => {
  const internal = { code: "ErrorInternalServerError", text: "" };
  const error = syncErrorOfCode({ ...internal, innerCode: "ErrorItemCorrupt" }, "item");
  assert.deepEqual([error.kind, error.code], ["item", "ErrorItemCorrupt"]);
  assert.equal(syncErrorOfCode({ ...internal, innerCode: "-7" }, "item").code, internal.code);
});

Deno.test("a hostile text cannot break lines or fill the log", () => {
  const text = "a\r\nb\u0000\u2028" + "x".repeat(10_000);
  const { message } = syncErrorOfCode({ code: "ErrorItemCorrupt", text }, "item");
  assert.match(message, /"a b x+…"$/);
  assert.ok(message.length < 400);
});
