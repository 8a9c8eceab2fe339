import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
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
