import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { responseMessagesOf, successOf } from "./response_message.ts";
import { answer, backOff, failure, fault, soap, success } from "./testing/answers.ts";
import { parseXml } from "./xml.ts";

const read = (text: string, messagesExpected = 1) =>
  responseMessagesOf(parseXml(new TextEncoder().encode(text)), {
    name: "GetItem",
    reach: "item",
    messagesExpected,
  });

Deno.test("each thing asked for has its own outcome, in order", () => {
  const messages = read(
    answer("GetItem", success("GetItem", "<m:Items/>"), failure("GetItem", "ErrorItemNotFound")),
    2,
  );
  assert.equal(successOf(messages[0]).optionalNode("Items")?.name, "Items");
  assert.equal(messages[1]!.error?.code, "ErrorItemNotFound");
  assert.throws(() => successOf(messages[1]), { code: "ErrorItemNotFound" });
});

Deno.test("a busy answer within a message carries the delay it names", () => {
  const [message] = read(answer("GetItem", failure("GetItem", "ErrorServerBusy", backOff(4711))));
  assert.equal(message?.error?.retryAfterMs, 4711);
});

Deno.test("no delay that an answer names is longer than a timer can keep", () => {
  const years = failure("GetItem", "ErrorServerBusy", backOff(999_999_999_999_999));
  assert.equal(read(answer("GetItem", years))[0]!.error?.retryAfterMs, LIMITS.namedDelayMsMax);
});

Deno.test("a warning with a code is no success", () => {
  const warning = failure("GetItem", "ErrorBatchProcessingStopped").replace("Error", "Warning");
  assert.equal(read(answer("GetItem", warning))[0]!.error?.kind, "retryable");
});

Deno.test("a fault is thrown with its code and delay, also without a detail", () => {
  assert.throws(
    () => read(fault("ErrorServerBusy", 5000)),
    (error) => error instanceof SyncError && error.retryAfterMs === 5000,
  );
  const bare = "<s:Fault><faultcode>a:ErrorAccessDenied</faultcode><faultstring>x</faultstring>" +
    "</s:Fault>";
  assert.throws(() => read(soap(bare)), { code: "ErrorAccessDenied" });
  assert.throws(() => read(soap("<s:Fault/>")), { code: "ErrorUnknown" });
});

Deno.test("a fault that refuses the whole request is the mailbox's where a message would be an item's", () => {
  assert.throws(() => read(fault("ErrorAccessDenied")), { kind: "mailbox" });
  const [message] = read(answer("GetItem", failure("GetItem", "ErrorAccessDenied")));
  assert.equal(message?.error?.kind, "item");
});

Deno.test("a violation of the schema is said with its place, for it is our defect", () => {
  const facts = "<LineNumber>1</LineNumber><LinePosition>842</LinePosition>" +
    "<Violation>The 'Zzz' attribute is not declared.</Violation>";
  const refused = fault("ErrorSchemaValidation")
    .replace("</detail>", `<MessageXml>${facts}</MessageXml></detail>`);
  assert.throws(
    () => read(refused),
    { message: /LineNumber: 1\. LinePosition: 842\. Violation: The 'Zzz' attribute/ },
  );
});

Deno.test("too few or too many messages make an incomplete answer", () => {
  const one = success("GetItem", "<m:Items/>");
  for (const text of [answer("GetItem"), answer("GetItem", one, one)]) {
    assert.throws(() => read(text), { code: "ResponseIncomplete", kind: "retryable" });
  }
});

Deno.test("the answer to another operation, or no SOAP at all, is corrupt", () => {
  for (const text of [answer("FindItem"), soap(""), "<html/>", "<a><Body/></a>"]) {
    assert.throws(() => read(text), { code: "ResponseCorrupt", kind: "retryable" });
  }
});
