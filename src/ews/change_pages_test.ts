import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import type { FolderOf } from "../core/ports.ts";
import { type ScriptedAnswer, ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { ChangePages } from "./change_pages.ts";
import { EwsClient } from "./client.ts";
import { answer, failure, success } from "./testing/answers.ts";

const AT: FolderOf = {
  mailbox: {
    address: "alice@example.com",
    bucket: { owner: "o", name: "n" },
    startFrom: "bucket",
  },
  folder: { id: "INBOX", path: ["Inbox"] },
};
const OTHER: FolderOf = { ...AT, folder: { id: "SENT", path: ["Sent"] } };

const PAGE = answer(
  "SyncFolderItems",
  success(
    "SyncFolderItems",
    "<m:SyncState>T2</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>" +
      "<m:Changes/>",
  ),
);
const TOO_LONG = answer("SyncFolderItems", failure("SyncFolderItems", "ErrorTimeoutExpired"));

/** A server that fails requests for more than `manages.changes` changes with `how`. */
function harness(how: () => string | ScriptedAnswer = () => TOO_LONG) {
  const env = testEnv();
  const manages = { changes: Infinity };
  const sizes: number[] = [];
  const transport = new ScriptedTransport((text) => {
    const size = Number(/MaxChangesReturned>(\d+)</.exec(text)?.[1]);
    sizes.push(size);
    return size > manages.changes ? how() : PAGE;
  });
  const pages = new ChangePages(
    new EwsClient({
      transport,
      endpoint: new URL("https://mail.example.com/EWS/Exchange.asmx"),
      accessType: "impersonation",
      env,
    }),
  );
  return {
    manages,
    next: (limit: number, at = AT) =>
      env.clock.runUntil(pages.next(at, { ...NO_ABORT, token: "T1", limit })),
    /** How many changes were asked for since the last look. */
    sizes: () => sizes.splice(0),
  };
}

Deno.test("as many changes are asked for as are wanted, but no more than the schema allows", async () => {
  const { next, sizes } = harness();
  assert.equal((await next(100_000)).token, "T2");
  await next(7);
  assert.deepEqual(sizes(), [512, 7]);
});

Deno.test("a page that takes too long is halved, whoever says so", async () => {
  const ways: readonly (() => string | ScriptedAnswer)[] = [
    () => TOO_LONG,
    () => ({ status: 504 }),
    () => {
      throw new SyncError("retryable", "Timeout", "Nobody answered in time");
    },
  ];
  for (const how of ways) {
    const { next, sizes, manages } = harness(how);
    manages.changes = 100;
    await next(512);
    assert.deepEqual(sizes(), [512, 256, 128, 64]);
  }
});

Deno.test("the next pages of that folder begin small, those of others do not", async () => {
  const { next, sizes, manages } = harness();
  manages.changes = 100;
  await next(512);
  sizes();
  await next(512);
  await next(10);
  assert.deepEqual(sizes(), [64, 10]);
  manages.changes = Infinity;
  await next(512, OTHER);
  assert.deepEqual(sizes(), [512]);
});

Deno.test("pages become larger again when small ones have worked for a while", async () => {
  const { next, sizes, manages } = harness();
  manages.changes = 200;
  await next(512);
  sizes();
  for (let page = 0; page < 20; page++) await next(512);
  // The first of 128 was the page before: 19 more, then twice as much is tried and does not do.
  assert.deepEqual(sizes(), [...Array(19).fill(128), 256, 128]);
  manages.changes = Infinity;
  for (let page = 0; page < 40; page++) await next(512);
  assert.equal(sizes().at(-1), 512);
});

Deno.test("a folder of which no page works fails, and is next asked for as little as was tried", async () => {
  const { next, sizes, manages } = harness();
  manages.changes = 0;
  await assert.rejects(next(512), { kind: "folder", code: "ErrorTimeoutExpired" });
  assert.deepEqual(sizes(), [512, 256, 128, 64, 32]);
  manages.changes = Infinity;
  await next(512);
  assert.deepEqual(sizes(), [32]);
});

Deno.test("a busy server gets the same request again, and later ones are none the smaller", async () => {
  const { next, sizes, manages } = harness(() => {
    manages.changes = Infinity;
    return answer("SyncFolderItems", failure("SyncFolderItems", "ErrorServerBusy"));
  });
  manages.changes = 0;
  await next(7);
  await next(512);
  assert.deepEqual(sizes(), [7, 7, 512]);
});
