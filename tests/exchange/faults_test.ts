import assert from "node:assert/strict";
import {
  distinguished,
  envelopeOf,
  findItem,
  getItem,
  syncFolderItems,
} from "./ews/example_requests.ts";
import {
  attributesNamed,
  elementsNamed,
  exampleService,
  numberedEmail,
  textsNamed,
} from "./ews/example_service.ts";
import { parseXml } from "./ews/xml_tree.ts";
import { faultedAnswer } from "./faulted_answer.ts";
import { type Fault, faultNamed, FAULTS } from "./faults.ts";

/** The answer to a batch of three items under a fault. */
async function answered(fault: Fault, body?: string) {
  const { mailbox, ask } = exampleService();
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const ids = [1, 2, 3].map((number) => mailbox.deliver(inbox, numberedEmail(number)).id);
  const request = body ?? getItem(ids, "", true);
  const [, operation] = /<m:(\w+)/.exec(request) ?? [];
  const normal = await ask(request);
  const next = () => ({ status: normal.status, headers: {}, body: normal.text });
  const answer = await faultedAnswer(fault, { operation, body: envelopeOf(request) }, next);
  assert(typeof answer.body === "string");
  return { ...answer, text: answer.body };
}

for (const fault of FAULTS) {
  Deno.test(`the server fails on command with ${fault.name}`, async () => {
    const { status, headers, text } = await answered(fault);
    if (fault.place === "http") {
      assert.deepEqual([status, headers, text], [fault.status, fault.headers, fault.body]);
      return;
    }
    const xml = parseXml(text);
    const codes = textsNamed(xml, "ResponseCode");
    const classes = attributesNamed(xml, "GetItemResponseMessage", "ResponseClass");
    if (fault.place === "rest of batch") {
      assert.deepEqual([status, classes], [200, ["Success", "Warning", "Warning"]]);
      assert.deepEqual(codes.slice(1), Array(2).fill("ErrorBatchProcessingStopped"));
      return;
    }
    const messages = { fault: 1, messages: 3, item: 1 }[fault.place];
    assert.equal(status, fault.place === "fault" ? 500 : 200);
    assert.equal(codes.filter((code) => code === fault.code).length, messages);
    assert.equal(elementsNamed(xml, "Fault").length, fault.place === "fault" ? 1 : 0);
    if (fault.place === "item") assert.deepEqual(classes, ["Error", "Success", "Success"]);
    const values = attributesNamed(xml, "Value", "Name");
    assert.deepEqual(new Set(values), new Set(Object.keys(fault.values)));
    assert.equal(
      textsNamed(xml, "Violation").length,
      fault.code === "ErrorSchemaValidation" ? 1 : 0,
    );
  });
}

Deno.test("an error comes inside the response of the operation that was asked for", async () => {
  const busy = faultNamed("ErrorServerBusy with back-off as messages");
  const inbox = distinguished("inbox");
  for (const body of [syncFolderItems(inbox), findItem(inbox)]) {
    const [, operation = ""] = /<m:(\w+)/.exec(body) ?? [];
    const { text } = await answered(busy, body);
    const messages = elementsNamed(parseXml(text), `${operation}ResponseMessage`);
    assert.deepEqual(messages.map(({ attributes }) => attributes.get("ResponseClass")), ["Error"]);
    assert.match(text, /<t:Value Name="BackOffMilliseconds">5000<\/t:Value>/);
  }
});

Deno.test("every fault has a name of its own, and none can be had that is not in the table", () => {
  assert.equal(new Set(FAULTS.map(({ name }) => name)).size, FAULTS.length);
  assert.throws(() => faultNamed("none"), /No fault/);
});
