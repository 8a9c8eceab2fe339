import assert from "node:assert/strict";
import { summary } from "./demo_report.ts";

Deno.test("demo report counts by mailbox and shows one email, the newest", () => {
  const startedAt = new Date("2026-01-31T12:00:00Z");
  const email = (mailbox: string, key: string, folder: string, receivedAt: Date) => ({
    path: `out/data/demo/b/${mailbox}/2026/01/31/${key}.json`,
    sizeBytes: 1_000_000,
    receivedAt,
    folder: [folder],
  });
  const emails = [
    email("bea@x", "1", "Inbox", new Date(0)),
    email("al@x", "3", "Inbox", startedAt),
    email("bea@x", "2", "Sent", new Date(0)),
  ];
  const firstPass = { emails: 2, tookMs: 500 };
  assert.deepEqual(summary(emails, { startedAt, firstPass, prefix: "out" }).split("\n"), [
    "",
    "3 emails, 3.0 MB, in out/data:",
    "  demo/b/al@x: 1 email of 1 folder",
    "  demo/b/bea@x: 2 emails of 2 folders",
    "First pass: 2 emails in 0.5 s (4 emails/s)",
    "Arrived meanwhile, and delivered: 1 email",
    "An email: out/data/demo/b/al@x/2026/01/31/3.eml",
    "Its metadata: out/data/demo/b/al@x/2026/01/31/3.json",
  ]);
});

Deno.test("demo report of a demo that was ended at once is short", () => {
  assert.deepEqual(
    summary([], { startedAt: new Date(), firstPass: undefined, prefix: "out" }).split("\n"),
    ["", "0 emails, 0.0 MB, in out/data:", "Arrived meanwhile, and delivered: 0 emails"],
  );
});
