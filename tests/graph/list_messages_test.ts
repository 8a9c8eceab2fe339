import assert from "node:assert/strict";
import { NESTED_EMAIL, numberedEmail } from "../exchange/ews/example_service.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { drained, type ExampleGraph, exampleGraph, type GraphJson } from "./example_graph.ts";
import { graphId } from "./graph_ids.ts";

const LIST = "mailFolders/inbox/messages";
const numbersIn = (value: readonly GraphJson[] = []) =>
  value.map(({ subject }) => Number(String(subject).slice("Number ".length)));

/** Emails whose numbers are their days of January 2024, at noon and a quarter of a second. */
function fill(mailbox: SimulatedMailbox, days: readonly number[]) {
  const inbox = mailbox.distinguishedFolder("inbox").id;
  return days.map((day) => {
    const receivedAt = new Date(Date.UTC(2024, 0, day, 12, 0, 0, 250));
    return mailbox.deliver(inbox, numberedEmail(day), { receivedAt });
  });
}

async function listed(example: ExampleGraph, options: string): Promise<GraphJson> {
  const { status, json } = await example.get(`${LIST}?${encodeURI(options)}`);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
}

Deno.test("messages come newest first, 10 to a page, and links keep the options", async () => {
  await using example = await exampleGraph();
  fill(example.mailbox, [3, 1, 2, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
  const first = await listed(example, "$select=subject&$count=true");
  assert.deepEqual(numbersIn(first.value), [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  assert.equal(first["@odata.count"], 12);
  const { json } = await example.get(first["@odata.nextLink"]!);
  assert.deepEqual(json.value?.map((message) => Object.keys(message)), [
    ["@odata.etag", "id", "subject"],
    ["@odata.etag", "id", "subject"],
  ]);
  assert.equal(json["@odata.nextLink"], undefined);
});

Deno.test("pages are counted from the beginning: what is deleted before them shifts them", async () => {
  await using example = await exampleGraph();
  const items = fill(example.mailbox, [1, 2, 3, 4, 5, 6]);
  const first = await listed(example, "$orderby=receivedDateTime asc&$top=2&$select=subject");
  assert.deepEqual(numbersIn(first.value), [1, 2]);
  example.mailbox.delete(items[0]!.id);
  const rest = await drained(example, first["@odata.nextLink"]!);
  assert.deepEqual(numbersIn(rest.value), [4, 5, 6], "the third is never seen");
});

Deno.test("times are compared as they are, not as they are shown", async () => {
  await using example = await exampleGraph();
  fill(example.mailbox, [1, 2, 3]);
  const found = async (filter: string) => {
    const { value } = await listed(example, `$filter=${filter}&$orderby=receivedDateTime asc`);
    return numbersIn(value);
  };
  assert.deepEqual(await found("receivedDateTime ge 2024-01-02T12:00:00Z"), [2, 3]);
  assert.deepEqual(await found("receivedDateTime gt 2024-01-02T12:00:00Z"), [2, 3]);
  assert.deepEqual(await found("receivedDateTime gt 2024-01-02T12:00:00.250Z"), [3]);
  assert.deepEqual(await found("receivedDateTime le 2024-01-02T12:00:00Z"), [1]);
  assert.deepEqual(await found("receivedDateTime lt 2024-01-02T12:00:00.251Z"), [1, 2]);
  assert.deepEqual(await found("receivedDateTime ge 2024-01-02T10:00:00-02:00"), [2, 3]);
  const between = "receivedDateTime ge 2024-01-02 and receivedDateTime lt 2024-01-03";
  assert.deepEqual(await found(between), [2]);
});

Deno.test("what is sorted by has to be filtered by as well, first and in the same order", async () => {
  await using example = await exampleGraph();
  const items = fill(example.mailbox, [1, 2, 3]);
  example.mailbox.setRead(items[0]!.id, true);
  const since = "lastModifiedDateTime ge 2024-01-01";
  const { value } = await listed(example, `$filter=${since}&$orderby=lastModifiedDateTime`);
  assert.deepEqual(numbersIn(value), [2, 3, 1]);
  const both = `$filter=${since} and receivedDateTime ge 2024-01-01`;
  await listed(example, `${both}&$orderby=lastModifiedDateTime,receivedDateTime desc`);
  for (
    const refused of [
      `$filter=${since}&$orderby=receivedDateTime`,
      `${both}&$orderby=receivedDateTime`,
      `${both}&$orderby=receivedDateTime,lastModifiedDateTime`,
    ]
  ) {
    const { status, json } = await example.get(`${LIST}?${encodeURI(refused)}`);
    assert.deepEqual([status, json.error?.code], [400, "InefficientFilter"], refused);
  }
});

Deno.test("a folder that cannot be sorted times out, and only where an order is asked for", async () => {
  await using example = await exampleGraph();
  fill(example.mailbox, [1, 2]);
  example.mailbox.setSortable(example.mailbox.distinguishedFolder("inbox").id, false);
  const sorted = await example.get(`${LIST}?$orderby=receivedDateTime`);
  assert.deepEqual([sorted.status, sorted.json.error?.code], [504, "UnknownError"]);
  assert.equal((await listed(example, "$select=id")).value?.length, 2);
});

Deno.test("options that Graph does not know, or not so, are refused", async () => {
  await using example = await exampleGraph();
  const cases = [
    ["$select=subject,size", 400, "BadRequest"],
    ["$select=Subject", 400, "BadRequest"],
    ["$unheard=1", 400, "BadRequest"],
    ["$top=0", 400, "BadRequest"],
    ["$top=1001", 400, "ErrorInvalidUrlQuery"],
    ["$top=ten", 400, "BadRequest"],
    ["$skip=-1", 400, "BadRequest"],
    ["$count=yes", 400, "BadRequest"],
    ["$top=1&$top=2", 400, "BadRequest"],
    ["$filter=receivedDateTime ge '2024-01-01T00:00:00Z'", 400, "BadRequest"],
    ["$filter=receivedDateTime ge 2024-01-01T00:00:00+00:00", 400, "BadRequest"],
    ["$filter=arrived ge 2024-01-01T00:00:00Z", 400, "BadRequest"],
    ["$filter=receivedDateTime", 400, "BadRequest"],
    ["$orderby=receivedDateTime down", 400, "BadRequest"],
    ["$expand=singleValueExtendedProperties", 400, "ErrorInvalidUrlQuery"],
    [
      "$expand=singleValueExtendedProperties($filter=name eq 'x')",
      400,
      "ErrorInvalidUrlQuery",
    ],
    [
      "$expand=singleValueExtendedProperties($filter=id eq 'Binary 300b')",
      400,
      "BadRequest",
    ],
    ["$filter=isRead eq false", 501, "NotModelled"],
    ["select=subject", 501, "NotModelled"],
  ] as const;
  for (const [options, ...expected] of cases) {
    // What `encodeURI` leaves alone is sent as a client that forgets to encode sends it.
    const { status, json } = await example.get(`${LIST}?${encodeURI(options)}`);
    assert.deepEqual([status, json.error?.code], expected, options);
  }
});

Deno.test("extended properties are found without case, and absent ones are left out", async () => {
  await using example = await exampleGraph();
  const [item] = fill(example.mailbox, [1]);
  const ids = [
    "Binary 0x300B",
    "integer 0x0E08",
    "String 0x001A",
    "Integer 0x0036",
    "String 0x0070",
  ];
  const named = "String {00020329-0000-0000-C000-000000000046} Name Nothing";
  const filter = [...ids, named, "String 0x7777"].map((id) => `id eq '${id}'`).join(" or ");
  const expand = `$expand=singleValueExtendedProperties($filter=${filter})`;
  const { value } = await listed(example, `$select=id&${expand}`);
  assert.deepEqual(value![0]!.singleValueExtendedProperties, [
    { id: "Binary 0x300b", value: Uint8Array.fromHex(item!.searchKey).toBase64() },
    { id: "Integer 0xe08", value: String(item!.sizeBytes) },
    { id: "String 0x1a", value: "IPM.Note" },
    { id: "Integer 0x36", value: "0" },
    { id: "String 0x70", value: "Number 1" },
  ]);
  const absent = "$expand=singleValueExtendedProperties($filter=id eq 'String 0x7777')";
  const { value: without } = await listed(example, `$select=id&${absent}`);
  assert.deepEqual(Object.keys(without![0]!), ["@odata.etag", "id"]);
});

Deno.test("attachments come with a list where they are expanded, content and all", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, NESTED_EMAIL);
  const { value } = await listed(example, "$select=id&$expand=attachments($select=id,name)");
  const attachments = value![0]!.attachments as readonly GraphJson[];
  assert.deepEqual(attachments.map(({ name }) => name), ["all.bin", "Attached message"]);
  assert(attachments.every(({ id }) => id!.startsWith(graphId(item.id).slice(0, 100))));
  const { value: whole } = await listed(example, "$select=id&$expand=attachments");
  const [file] = whole![0]!.attachments as readonly GraphJson[];
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.equal(file!.contentBytes, bytes.toBase64());
});
