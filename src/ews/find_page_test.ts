import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import type { FolderOf } from "../core/ports.ts";
import { type ScriptedAnswer, ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { EwsClient } from "./client.ts";
import { findPage } from "./find_page.ts";
import { answer, failure, fault, success } from "./testing/answers.ts";

const AT: FolderOf = {
  mailbox: {
    address: "alice@example.com",
    bucket: { owner: "o", name: "n" },
    startFrom: "bucket",
  },
  folder: { id: "INBOX", path: ["Inbox"] },
};
const REQUEST = { order: { by: "received" }, offset: 3, limit: 250 } as const;
const PAGE = answer(
  "FindItem",
  success(
    "FindItem",
    `<m:RootFolder IncludesLastItemInRange="true"><t:Items><t:Message><t:ItemId Id="A"/>` +
      `</t:Message></t:Items></m:RootFolder>`,
  ),
);
const failing = (code: string) => answer("FindItem", failure("FindItem", code));

/** Asks for a page of a server that answers the `number`-th request (from 1) with `script`. */
function harness(script: (number: number) => string | ScriptedAnswer) {
  const env = testEnv();
  const transport = new ScriptedTransport((_text, number) => script(number));
  const client = new EwsClient({
    transport,
    endpoint: new URL("https://mail.example.com/EWS/Exchange.asmx"),
    accessType: "impersonation",
    env,
  });
  const probes: string[] = [];
  const find = (probe = () => Promise.resolve()) =>
    env.clock.runUntil(findPage(client, AT, REQUEST, {
      ...NO_ABORT,
      probe: () => {
        probes.push("probe");
        return probe();
      },
    }));
  return {
    find,
    probes,
    transport,
    sizes: () => transport.texts.map((text) => /MaxEntriesReturned="(\d+)"/.exec(text)?.[1]),
  };
}

Deno.test("a page is asked for as requested, of the folder, in one request", async () => {
  const { find, transport, probes } = harness(() => PAGE);
  const { items, complete } = await find();
  assert.deepEqual([items, complete], [[{ itemId: "A" }], true]);
  assert.equal(transport.requests.length, 1);
  assert.match(transport.texts[0]!, /MaxEntriesReturned="250" Offset="3".*FolderId Id="INBOX"/);
  assert.deepEqual(probes, []);
});

Deno.test("a page that is too much is halved until the server manages it", async () => {
  const codes = ["ErrorTimeoutExpired", "ErrorExceededFindCountLimit", "ErrorServerBusy"];
  const { find, sizes } = harness((number) => {
    const code = codes[number - 1];
    return code ? failing(code) : PAGE;
  });
  await find();
  assert.deepEqual(sizes(), ["250", "125", "63", "63"]);
});

Deno.test("a folder the server gives up on is unavailable, if the mailbox answers otherwise", async () => {
  for (const code of ["ErrorTimeoutExpired", "ErrorInternalServerError"]) {
    const { find, transport, probes } = harness(() => ({ status: 500, body: fault(code) }));
    await assert.rejects(find(), (error) => {
      assert.ok(error instanceof SyncError);
      assert.deepEqual([error.kind, error.code], ["folder", "ListingUnavailable"]);
      assert.ok(error.message.includes(code) && error.hint);
      return error.cause instanceof SyncError && error.cause.code === code;
    });
    assert.equal(transport.requests.length, 5);
    assert.deepEqual(probes, ["probe"]);
  }
});

Deno.test("an answer that does not come in time is waited for three times only", async () => {
  const timeout = () => {
    throw new SyncError("retryable", "Timeout", "Nobody answered in time");
  };
  for (const script of [timeout, () => ({ status: 504 })]) {
    const { find, transport, probes } = harness(script);
    await assert.rejects(find(), { kind: "folder", code: "ListingUnavailable" });
    assert.equal(transport.requests.length, 3);
    assert.deepEqual(probes, ["probe"]);
  }
});

Deno.test("where the mailbox does not answer either, that is what failed", async () => {
  const { find } = harness(() => ({ status: 504 }));
  const down = new SyncError("retryable", "Http503", "Down");
  await assert.rejects(find(() => Promise.reject(down)), (error) => error === down);
});

Deno.test("a store that cannot order by these times at all is not asked again", async () => {
  for (const code of ["ErrorUnsupportedPathForSortGroup", "ErrorUnsupportedPathForQuery"]) {
    const { find, transport, probes } = harness(() => failing(code));
    await assert.rejects(find(), { kind: "folder", code: "ListingUnavailable" });
    assert.equal(transport.requests.length, 1);
    assert.deepEqual(probes, []);
  }
});

Deno.test("other failures are what they are, and nothing is probed", async () => {
  const others: readonly (readonly [string | ScriptedAnswer, string, string])[] = [
    [failing("ErrorFolderNotFound"), "folder", "ErrorFolderNotFound"],
    [failing("ErrorNonExistentMailbox"), "mailbox", "ErrorNonExistentMailbox"],
    [failing("ErrorServerBusy"), "retryable", "ErrorServerBusy"],
    [{ status: 502 }, "retryable", "Http502"],
  ];
  for (const [scripted, kind, code] of others) {
    const { find, probes } = harness(() => scripted);
    await assert.rejects(find(), { kind, code });
    assert.deepEqual(probes, []);
  }
});
