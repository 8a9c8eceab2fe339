import assert from "node:assert/strict";
import type { FolderSyncState } from "../core/sync_state.ts";
import { statusJson } from "./status_json.ts";
import { statusText } from "./status_text.ts";

const at = (time: string) => new Date(`2026-01-0${time}:00Z`);
const bucket = { owner: "o", name: "n" };
const a = { address: "a@x", bucket, startFrom: "bucket" } as const;
const inbox: FolderSyncState = {
  api: "ews",
  folder: { id: "1", path: ["Inbox", "evil\u202e\u001b[2J"] },
  phase: { name: "sweeping", token: "t" },
  syncedUntil: at("1T10:00"),
  skipped: [
    { itemId: "i", code: "ErrorCorruptData", reason: "r", skippedAt: at("1T11:00"), retries: 0 },
    {
      itemId: "j",
      id: "<j@x>",
      receivedAt: at("1T09:00"),
      sizeBytes: 7,
      code: "ErrorItemCorrupt",
      reason: "s",
      skippedAt: at("1T10:00"),
      retries: 4,
      rebuilt: true,
    },
  ],
};
const states = {
  folders: [inbox],
  unreadable: ["folder-x.json"],
  condition: {
    phase: "suspended",
    since: at("1T12:00"),
    error: { code: "ErrorAccessDenied", reason: "Access is denied", hint: "Grant access" },
  },
};
const mailboxes = [
  { mailbox: a, states },
  { mailbox: { ...a, address: "b@x" }, states: { folders: [], unreadable: [] } },
];

Deno.test("status for people says state, remedy and skips, and no name steers the terminal", () => {
  assert.equal(
    statusText("/data", mailboxes),
    `State in /data

a@x: suspended since 2026-01-01 12:00Z
  Access is denied (ErrorAccessDenied)
  What to do: Grant access
  Unreadable state: folder-x.json
  FOLDER                         SYNCED UNTIL       LAST SYNCED
  Inbox/evil\\u202e\\u001b[2J      2026-01-01 10:00Z  -
    backlog: listing in the server's order, as it cannot sort; synced until stands
    1 skipped, oldest 2026-01-01 11:00Z; next try 2026-01-01 12:00Z
      1 ErrorCorruptData
    1 rebuilt, oldest 2026-01-01 10:00Z; tried again on demand only
      1 ErrorItemCorrupt

b@x: not begun

2 mailboxes, 1 folder, 1 with backlog, 1 email skipped, 1 rebuilt
`,
  );
});

Deno.test("status as JSON is the documented document", () => {
  assert.deepEqual(JSON.parse(statusJson("/data", mailboxes)), {
    store: "/data",
    mailboxes: [
      {
        mailbox: "a@x",
        begun: true,
        condition: {
          phase: "suspended",
          since: "2026-01-01T12:00:00.000Z",
          error: { code: "ErrorAccessDenied", reason: "Access is denied", hint: "Grant access" },
        },
        folders: [{
          path: ["Inbox", "evil\u202e\u001b[2J"],
          state: "listing_unordered",
          synced_until: "2026-01-01T10:00:00.000Z",
          backlog: true,
          skipped: {
            count: 1,
            oldest: "2026-01-01T11:00:00.000Z",
            by_code: { ErrorCorruptData: 1 },
            next_retry: "2026-01-01T12:00:00.000Z",
            emails: [{
              item_id: "i",
              code: "ErrorCorruptData",
              reason: "r",
              skipped_at: "2026-01-01T11:00:00.000Z",
              retries: 0,
              next_retry: "2026-01-01T12:00:00.000Z",
            }],
          },
          rebuilt: {
            count: 1,
            oldest: "2026-01-01T10:00:00.000Z",
            by_code: { ErrorItemCorrupt: 1 },
            emails: [{
              item_id: "j",
              id: "<j@x>",
              received_at: "2026-01-01T09:00:00.000Z",
              size: 7,
              code: "ErrorItemCorrupt",
              reason: "s",
              skipped_at: "2026-01-01T10:00:00.000Z",
              retries: 4,
            }],
          },
        }],
        unreadable_states: ["folder-x.json"],
      },
      { mailbox: "b@x", begun: false, folders: [], unreadable_states: [] },
    ],
    totals: {
      mailboxes: 2,
      not_begun: 1,
      with_error: 1,
      folders: 1,
      with_backlog: 1,
      skipped: 1,
      rebuilt: 1,
      unreadable_states: 1,
    },
  });
});
