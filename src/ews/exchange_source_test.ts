import assert from "node:assert/strict";
import type { ItemDescription } from "../core/email.ts";
import { LIMITS } from "../core/limits.ts";
import type { FolderOf } from "../core/ports.ts";
import { type Script, ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { createExchangeSource } from "./exchange_source.ts";
import { answer, contentMessage, failure, fault, idsAskedFor, success } from "./testing/answers.ts";

const ALICE = {
  address: "alice@example.com",
  bucket: { owner: "o", name: "n" },
  startFrom: "bucket",
} as const;

const INBOX: FolderOf = { mailbox: ALICE, folder: { id: "INBOX", path: ["Inbox"] } };

function harness(script: Script, accessType: "delegate" | "impersonation" = "impersonation") {
  const transport = new ScriptedTransport(script);
  const env = testEnv();
  const endpoint = new URL("https://mail.example.com/EWS/Exchange.asmx");
  const source = createExchangeSource({ transport, endpoint, accessType, env });
  return { source, transport, run: <T>(work: Promise<T>) => env.clock.runUntil(work) };
}

function item(itemId: string, sizeBytes = 100): ItemDescription {
  return { itemId, sizeBytes, isMail: true, isDraft: false, metadata: {}, attachments: [] };
}

interface ListedFolder {
  readonly id: string;
  readonly role?: string;
}

/** FindFolder over top-level folders, by pages of at most `pageMax`. */
function folderPage(text: string, folders: readonly ListedFolder[], pageMax = Infinity): string {
  const offset = Number(/Offset="(\d+)"/.exec(text)?.[1]);
  const page = folders.slice(offset, offset + pageMax);
  const elements = page.map(({ id, role }) =>
    `<t:Folder><t:FolderId Id="${id}"/><t:ParentFolderId Id="ROOT"/><t:DisplayName>${id}</t:DisplayName>` +
    (role ? `<t:DistinguishedFolderId>${role}</t:DistinguishedFolderId>` : "") + `</t:Folder>`
  ).join("");
  const isLast = offset + page.length >= folders.length;
  return answer(
    "FindFolder",
    success(
      "FindFolder",
      `<m:RootFolder TotalItemsInView="${folders.length}" IncludesLastItemInRange="${isLast}">` +
        `<t:Folders>${elements}</t:Folders></m:RootFolder>`,
    ),
  );
}

Deno.test("folders come with the server's time, those told by role left out", async () => {
  const { source, transport } = harness((text) =>
    folderPage(text, [{ id: "Inbox", role: "inbox" }, { id: "Entwürfe", role: "drafts" }])
  );
  const listing = await source.folders(ALICE, NO_ABORT);
  assert.deepEqual(listing.folders, [{ id: "Inbox", path: ["Inbox"], role: "inbox" }]);
  assert.deepEqual(listing.serverTime, new Date("2026-01-01T08:00:00Z"));
  assert.equal(transport.requests.length, 1);
});

Deno.test("where the server does not say roles, drafts and outbox are asked for", async () => {
  const { source, transport } = harness((text) => {
    if (text.includes("m:FindFolder")) return folderPage(text, [{ id: "Inbox" }, { id: "Drafts" }]);
    const drafts = `<m:Folders><t:Folder><t:FolderId Id="Drafts"/></t:Folder></m:Folders>`;
    const missing = failure("GetFolder", "ErrorFolderNotFound");
    return answer("GetFolder", success("GetFolder", drafts), missing);
  }, "delegate");
  const { folders } = await source.folders(ALICE, NO_ABORT);
  assert.deepEqual(folders.map(({ id }) => id), ["Inbox"]);
  assert.match(transport.texts[1]!, /Id="drafts".*alice@example\.com.*Id="outbox"/);
});

Deno.test("folders are listed by pages, and once more when they change meanwhile", async () => {
  const before = ["A", "B", "C", "D"].map((id) => ({ id, role: "x" }));
  const after = ["B", "C", "D", "E"].map((id) => ({ id, role: "x" }));
  const { source, transport, run } = harness((text, number) =>
    folderPage(text, number === 1 ? before : after, 2)
  );
  const { folders } = await run(source.folders(ALICE, NO_ABORT));
  assert.deepEqual(folders.map(({ id }) => id), ["B", "C", "D", "E"]);
  assert.deepEqual(
    transport.texts.map((text) => /Offset="(\d+)"/.exec(text)?.[1]),
    ["0", "1", "0", "1", "2"],
  );
});

Deno.test("a mailbox whose root cannot be seen is not accessible, and the remedy is named", async () => {
  const { source } = harness((text) => {
    const name = /<m:(FindFolder|GetFolder)/.exec(text)![1]!;
    return answer(name, failure(name, "ErrorFolderNotFound"));
  }, "delegate");
  for (const call of [source.probe(ALICE, NO_ABORT), source.folders(ALICE, NO_ABORT)]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof Error && "hint" in error);
      assert.match(String(error.hint), /Add-MailboxPermission/);
      return "kind" in error && error.kind === "mailbox";
    });
  }
});

Deno.test("the probe is one attempt on the message root", async () => {
  const { source, transport } = harness(() => ({ status: 500, body: fault("ErrorServerBusy", 5) }));
  await assert.rejects(source.probe(ALICE, NO_ABORT), {
    kind: "retryable",
    code: "ErrorServerBusy",
  });
  assert.equal(transport.requests.length, 1);
  assert.match(transport.texts[0]!, /Id="msgfolderroot"/);
});

Deno.test("a refused sync state and a folder that is gone have codes of their own", async () => {
  const cases = [
    ["ErrorInvalidSyncStateData", "SyncStateInvalid"],
    ["ErrorSyncFolderNotFound", "FolderGone"],
    ["ErrorFolderNotFound", "FolderGone"],
    ["ErrorItemNotFound", "FolderGone"],
    ["ErrorAccessDenied", "ErrorAccessDenied"],
  ] as const;
  for (const [code, expected] of cases) {
    const { source } = harness(() => answer("SyncFolderItems", failure("SyncFolderItems", code)));
    await assert.rejects(
      source.changes(INBOX, { ...NO_ABORT, token: "T", limit: 9 }),
      { kind: "folder", code: expected },
    );
  }
  const { source } = harness(() => answer("FindItem", failure("FindItem", "ErrorFolderNotFound")));
  const anything = { position: undefined, since: undefined, until: undefined };
  const listing = { ...NO_ABORT, ...anything, order: "received", limit: 9 } as const;
  await assert.rejects(source.list(INBOX, listing), { kind: "folder", code: "FolderGone" });
});

Deno.test("changes are asked for from the token on, no more than the schema allows", async () => {
  const { source, transport } = harness(() =>
    answer(
      "SyncFolderItems",
      success(
        "SyncFolderItems",
        "<m:SyncState>T2</m:SyncState><m:IncludesLastItemInRange>false</m:IncludesLastItemInRange>" +
          `<m:Changes><t:Delete><t:ItemId Id="A"/></t:Delete></m:Changes>`,
      ),
    )
  );
  const page = await source.changes(INBOX, { ...NO_ABORT, token: "T1", limit: 100_000 });
  assert.deepEqual(page, {
    changes: [{ kind: "delete", itemId: "A" }],
    token: "T2",
    complete: false,
  });
  assert.match(transport.texts[0]!, /<m:SyncState>T1<.*<m:MaxChangesReturned>512</);
});

Deno.test("descriptions come one for each id, in order, by a hundred at a time", async () => {
  const { source, transport } = harness((text) =>
    answer(
      "GetItem",
      ...idsAskedFor(text).map((id) =>
        id === "7"
          ? failure("GetItem", "ErrorItemNotFound")
          : success("GetItem", `<m:Items><t:Message><t:ItemId Id="${id}"/></t:Message></m:Items>`)
      ),
    )
  );
  const ids = Array.from({ length: 250 }, (_, i) => String(i)).concat("3");
  const outcomes = await source.describe(INBOX, ids, NO_ABORT);
  assert.deepEqual(outcomes.map(({ itemId }) => itemId), ids);
  assert.deepEqual(
    outcomes.filter((outcome) => "error" in outcome).map(({ itemId }) => itemId),
    ["7"],
  );
  assert.deepEqual(transport.texts.map((text) => idsAskedFor(text).length), [100, 100, 50]);
  assert.deepEqual(await source.describe(INBOX, [], NO_ABORT), []);
});

Deno.test("items that are no messages are asked for once more, without what only messages have", async () => {
  const { source, transport } = harness((text) =>
    answer(
      "GetItem",
      ...idsAskedFor(text).map((id) => {
        if (id === "gone") return failure("GetItem", "ErrorItemNotFound");
        const type = id === "contact" ? "Contact" : "Message";
        if (type === "Contact" && text.includes("message:")) {
          return failure("GetItem", "ErrorInvalidPropertyRequest");
        }
        const item = `<t:${type}><t:ItemId Id="${id}"/></t:${type}>`;
        return success("GetItem", `<m:Items>${item}</m:Items>`);
      }),
    )
  );
  const outcomes = await source.describe(INBOX, ["mail", "contact", "gone"], NO_ABORT);
  assert.deepEqual(
    outcomes.map((outcome) => "error" in outcome ? outcome.error.code : outcome.item.isMail),
    [true, false, "ErrorItemNotFound"],
  );
  assert.deepEqual(transport.texts.map(idsAskedFor), [["mail", "contact", "gone"], ["contact"]]);
});

Deno.test("contents come one for each item, in order, a few requests at a time", async () => {
  let inFlight = 0;
  let inFlightMax = 0;
  const { source } = harness(async (text) => {
    inFlight++;
    inFlightMax = Math.max(inFlightMax, inFlight);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    inFlight--;
    return answer("GetItem", ...idsAskedFor(text).map((id) => contentMessage(id, `mail ${id}`)));
  });
  const items = Array.from({ length: 95 }, (_, i) => item(String(i)));
  const outcomes = await source.fetch(INBOX, items, NO_ABORT);
  assert.equal(inFlightMax, LIMITS.fetchesInFlight);
  for (const [index, outcome] of outcomes.entries()) {
    assert.ok("mime" in outcome && outcome.itemId === String(index));
    const text = await new Response(outcome.mime.open(NO_ABORT.signal)).text();
    assert.equal(text, `mail ${index}`);
  }
});

Deno.test("large items are not fetched before they are opened", async () => {
  const { source, transport } = harness((text) =>
    answer("GetItem", ...idsAskedFor(text).map((id) => contentMessage(id, `mail ${id}`)))
  );
  const [outcome] = await source.fetch(INBOX, [item("L", LIMITS.heldMimeBytesMax + 1)], NO_ABORT);
  assert.equal(transport.requests.length, 0);
  assert.ok(outcome && "mime" in outcome);
  assert.equal(await new Response(outcome.mime.open(NO_ABORT.signal)).text(), "mail L");
});

Deno.test("one email that cannot be converted does not stop the others", async () => {
  const { source, transport } = harness((text) =>
    answer(
      "GetItem",
      ...idsAskedFor(text).map((id) =>
        id === "bad"
          ? failure("GetItem", "ErrorMimeContentConversionFailed")
          : contentMessage(id, `mail ${id}`)
      ),
    )
  );
  const outcomes = await source.fetch(INBOX, [item("a"), item("bad"), item("b")], NO_ABORT);
  assert.deepEqual(
    outcomes.map((outcome) => "error" in outcome ? outcome.error.kind : outcome.mime.sizeBytes),
    [6, "item", 6],
  );
  assert.deepEqual(transport.texts.map(idsAskedFor), [["a", "bad", "b"], ["bad"]]);
});

Deno.test("a content request that outlasts the server is halved", async () => {
  const { source, transport } = harness((text) => {
    const ids = idsAskedFor(text);
    if (ids.length > 2) return { status: 500, body: fault("ErrorTimeoutExpired") };
    return answer("GetItem", ...ids.map((id) => contentMessage(id, "x")));
  });
  const outcomes = await source.fetch(INBOX, ["a", "b", "c", "d"].map((id) => item(id)), NO_ABORT);
  assert.ok(outcomes.every((outcome) => "mime" in outcome));
  assert.deepEqual(transport.texts.map((text) => idsAskedFor(text).length), [4, 2, 2]);
});

Deno.test("an abort rejects with the signal's reason", async () => {
  const stop = new AbortController();
  const { source, run } = harness(() => {
    stop.abort(new Error("stopping"));
    return { status: 503 };
  });
  const items = Array.from({ length: 40 }, (_, i) => item(String(i)));
  await assert.rejects(run(source.fetch(INBOX, items, { signal: stop.signal })), /stopping/);
});
