import assert from "node:assert/strict";
import fc from "fast-check";
import { sampleBoard } from "../../tests/browser/sample_board.ts";
import type { Detail } from "./detail.ts";
import { mailboxQueryOf } from "./mailbox_query.ts";
import { StatusView } from "./status_view.ts";

const { board, time } = sampleBoard({ mailboxes: 300, troubled: true });
const view = new StatusView(board, time, "1.0.0");

function documentOf(query: string, detail: Detail = "full") {
  return view.document(mailboxQueryOf(new URLSearchParams(query)), detail);
}

const queries = fc.record({
  search: fc.oneof(fc.string(), fc.constantFrom("contoso", "claims", "ErrorAccessDenied", "7")),
  show: fc.constantFrom("all", "problems", "behind", "x", ""),
  sort: fc.constantFrom("urgency", "mailbox", "synced_until", "left", "delivered", "skipped", "x"),
  order: fc.constantFrom("asc", "desc", ""),
  offset: fc.oneof(fc.nat(400).map(String), fc.constantFrom("-1", "x", "9".repeat(50))),
  limit: fc.oneof(fc.nat(2_000).map(String), fc.constantFrom("0", "x")),
  folders: fc.constantFrom("0", "1"),
}, { requiredKeys: [] });

Deno.test("no query brings names, ids or servers' words into a summary, or tells by what it finds", () => {
  fc.assert(
    fc.property(queries, (query) => {
      const params = new URLSearchParams(query as Record<string, string>).toString();
      const text = JSON.stringify(documentOf(params, "summary"));
      assert.doesNotMatch(text, /contoso|Inbox|Projects|item-|mail\.example|Access is|data\/mail/);
    }),
    { numRuns: 200 },
  );
  assert.equal(documentOf("search=contoso", "summary").page.matching, 0);
  const numbers = documentOf("sort=mailbox&limit=250", "summary").mailboxes.map((it) => it.number);
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b), "the order tells nothing");
});

Deno.test("pages of any query hold each match once, bounded", () => {
  fc.assert(
    fc.property(queries, ({ offset: _, limit: __, ...query }) => {
      const params = new URLSearchParams(query as Record<string, string>);
      const numbers: number[] = [];
      for (;;) {
        params.set("offset", String(numbers.length));
        const { page, mailboxes } = documentOf(params.toString());
        assert.ok(mailboxes.length <= 50);
        numbers.push(...mailboxes.map(({ number }) => number));
        if (mailboxes.length > 0) continue;
        assert.equal(numbers.length, page.matching);
        break;
      }
      assert.equal(new Set(numbers).size, numbers.length);
    }),
    { numRuns: 50 },
  );
});

Deno.test("what is asked for is what comes: found, filtered, in order", () => {
  const addresses = (query: string) => documentOf(query).mailboxes.map(({ mailbox }) => mailbox);
  assert.deepEqual(addresses("search=CLAIMS"), ["claims@contoso.com"]);
  const numbered = documentOf("search=3", "summary").mailboxes.map(({ number }) => number);
  assert.deepEqual(numbered, [3], "a number finds its mailbox");
  const suspended = documentOf("search=erroraccessdenied&limit=250").mailboxes;
  assert.ok(suspended.length > 0);
  assert.ok(suspended.every(({ condition }) => condition.error?.code === "ErrorAccessDenied"));
  const behind = documentOf("show=behind&sort=left&order=desc&limit=250").mailboxes;
  assert.ok(behind.every(({ folder_counts }) => folder_counts.behind > 0));
  const left = behind.map((mailbox) => mailbox.left);
  assert.deepEqual(left, left.toSorted((a, b) => b - a));
  const [worst] = documentOf("").mailboxes;
  assert.equal(worst!.state, "suspended");
  assert.equal(documentOf("mailbox=0").mailboxes.length, 0);
  assert.equal(documentOf("mailbox=301").mailboxes.length, 0);
});

Deno.test("totals are those of all mailboxes, whatever is shown of them", () => {
  const { totals, throughput } = documentOf("show=problems&limit=1");
  const all = [0, 250].flatMap((offset) => documentOf(`limit=250&offset=${offset}`).mailboxes);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  assert.equal(totals.mailboxes, 300);
  assert.equal(totals.delivered, sum(all.map(({ emails }) => emails.delivered)));
  assert.equal(totals.left, sum(all.map(({ left }) => left)));
  assert.equal(totals.skipped, sum(all.map(({ skipped }) => skipped)));
  assert.equal(sum(Object.values(totals.by_state)), 300);
  assert.equal(sum(throughput.emails), sum(all.map((mailbox) => mailbox.delivered_last_hour)));
});

Deno.test("problems are grouped, counted and come with a remedy, the worst first", () => {
  const { problems } = documentOf("");
  assert.ok(problems.length > 4);
  assert.ok(problems.every(({ hint }) => hint));
  const severities = problems.map(({ severity }) => severity);
  assert.deepEqual(severities, severities.toSorted());
  const denied = problems.find(({ code }) => code === "ErrorAccessDenied")!;
  assert.equal(denied.mailboxes, documentOf("search=ErrorAccessDenied").page.matching);
  assert.equal(denied.examples!.length, 3);
});
