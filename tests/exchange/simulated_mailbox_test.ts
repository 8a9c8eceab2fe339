import assert from "node:assert/strict";
import fc from "fast-check";
import { MailboxStore } from "./mailbox_store.ts";
import { mimeOf } from "./mime_source.ts";
import { seededEntropy } from "./seeded_entropy.ts";
import type { SimulatedMailbox } from "./simulated_mailbox.ts";

const NONE: ReadonlySet<string> = new Set();
const MIME = mimeOf("Subject: x\nMessage-ID: <x@example.com>\n\nx\n");

function exampleMailbox(): SimulatedMailbox {
  const clock = { now: () => new Date(0) };
  return new MailboxStore({ clock, entropy: seededEntropy(3) }).addMailbox("Anna@Corp.Example");
}

/** What a client knows that keeps a folder in step by sync states alone. */
class Follower {
  /** Item ids to the versions known of them. */
  readonly known = new Map<string, number>();
  #syncState: string | undefined;

  constructor(readonly mailbox: SimulatedMailbox, readonly folderId: string) {}

  /** Takes one page; true if there is no more. */
  follow(limit: number): boolean {
    const page = this.mailbox.sync(this.folderId, {
      syncState: this.#syncState,
      limit,
      ignoredItemIds: NONE,
    });
    assert(page.valid);
    assert(page.changes.length <= limit);
    for (const { kind, itemId } of page.changes) {
      assert.equal(this.known.has(itemId), kind !== "create", `${kind} of ${itemId}`);
      if (kind === "delete") this.known.delete(itemId);
      else this.known.set(itemId, this.mailbox.item(itemId)!.changeNumber);
    }
    this.#syncState = page.syncState;
    return page.complete;
  }

  catchUp(limit: number): void {
    while (!this.follow(limit)) { /* page after page */ }
  }
}

const ACTIONS = ["deliver", "deliver", "deliver", "delete", "read", "update", "move"] as const;

function act(mailbox: SimulatedMailbox, action: typeof ACTIONS[number], pick: number): void {
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const junk = mailbox.distinguishedFolder("junkemail").id;
  const items = [...mailbox.itemsOf(inbox), ...mailbox.itemsOf(junk)];
  if (action === "deliver") {
    mailbox.deliver(inbox, MIME);
    return;
  }
  const item = items[pick % items.length];
  if (!item) return;
  if (action === "delete") mailbox.delete(item.id);
  else if (action === "read") mailbox.setRead(item.id, !item.isRead);
  else if (action === "update") mailbox.update(item.id, { categories: [`c${pick}`] });
  else mailbox.move(item.id, item.folderId === inbox ? junk : inbox);
}

Deno.test("from any token, applying the changes yields what the folder holds", () => {
  // Goal: no client, however far behind and however it pages, ends with another content than the
  // folder's. Method: followers of two folders take pages of random size at random moments between
  // random operations, then all catch up.
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ action: fc.constantFrom(...ACTIONS), pick: fc.nat(50) }) },
    {
      weight: 1,
      arbitrary: fc.record({ follower: fc.nat(5), limit: fc.integer({ min: 1, max: 4 }) }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const mailbox = exampleMailbox();
      const folders = ["inbox", "junkemail"] as const;
      const followers = Array.from(
        { length: 6 },
        (_, index) => new Follower(mailbox, mailbox.distinguishedFolder(folders[index % 2]!).id),
      );
      for (const each of steps) {
        if ("action" in each) act(mailbox, each.action, each.pick);
        else followers[each.follower]!.follow(each.limit);
      }
      for (const [index, follower] of followers.entries()) {
        follower.catchUp(1 + index);
        const content = mailbox.itemsOf(follower.folderId).map((
          item,
        ) => [item.id, item.changeNumber]);
        assert.deepEqual([...follower.known].sort(), content.sort());
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("a sync state of another folder, an altered one or a forgotten one is not accepted", () => {
  const mailbox = exampleMailbox();
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const junk = mailbox.distinguishedFolder("junkemail").id;
  mailbox.deliver(inbox, MIME);
  const options = { limit: 10, ignoredItemIds: NONE };
  const page = mailbox.sync(inbox, { ...options, syncState: undefined });
  assert(page.valid);
  const { syncState } = page;
  const altered = syncState.slice(0, 30) + (syncState[30] === "A" ? "B" : "A") +
    syncState.slice(31);
  assert.equal(mailbox.sync(inbox, { ...options, syncState }).valid, true);
  assert.equal(mailbox.sync(junk, { ...options, syncState }).valid, false);
  assert.equal(mailbox.sync(inbox, { ...options, syncState: altered }).valid, false);
  assert.equal(mailbox.sync(inbox, { ...options, syncState: syncState.slice(0, 40) }).valid, false);
  mailbox.invalidateSyncStates(inbox);
  assert.equal(mailbox.sync(inbox, { ...options, syncState }).valid, false);
});

Deno.test("a move gives a new item id and keeps the search key; a copy keeps it as well", () => {
  const mailbox = exampleMailbox();
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const archive = mailbox.createFolder(["Archive", "2024"]).id;
  const item = mailbox.deliver(inbox, MIME);
  const moved = mailbox.move(item.id, archive);
  const copy = mailbox.copy(moved.id, inbox);
  assert.equal(new Set([item.id, moved.id, copy.id]).size, 3);
  assert.equal(moved.searchKey, item.searchKey);
  assert.equal(copy.searchKey, item.searchKey);
  assert.equal(mailbox.item(item.id), undefined);
  assert.deepEqual(mailbox.itemsOf(archive).map(({ id }) => id), [moved.id]);
});

Deno.test("a folder keeps its id when renamed and moved, and takes its content with it", () => {
  const mailbox = exampleMailbox();
  const folder = mailbox.createFolder(["Projects", "Old name"]);
  const item = mailbox.deliver(folder.id, MIME);
  const target = mailbox.createFolder(["Archive"]);
  mailbox.renameFolder(folder.id, "New / name");
  mailbox.moveFolder(folder.id, target.id);
  assert.deepEqual(mailbox.pathOf(folder.id), ["Archive", "New / name"]);
  assert.deepEqual(mailbox.itemsOf(folder.id), [item]);
  assert.throws(() => mailbox.moveFolder(target.id, folder.id), /into itself/);
});

Deno.test("a deleted folder takes everything below it and every item along", () => {
  const mailbox = exampleMailbox();
  const inner = mailbox.createFolder(["Outer", "Inner"]);
  const item = mailbox.deliver(inner.id, MIME);
  mailbox.deleteFolder(mailbox.folderAt(["Outer"]).id);
  assert.equal(mailbox.folder(inner.id), undefined);
  assert.equal(mailbox.item(item.id), undefined);
});

Deno.test("a fresh mailbox has the folders a real one has, in its language", () => {
  const clock = { now: () => new Date(0) };
  const store = new MailboxStore({ clock, entropy: seededEntropy(3) });
  const mailbox = store.addMailbox("berta@corp.example", "de");
  const root = mailbox.distinguishedFolder("msgfolderroot");
  const names = mailbox.descendantsOf(root.id).map((folder) => folder.displayName);
  assert(names.includes("Posteingang"));
  assert(names.includes("Gelöschte Elemente"));
  assert.deepEqual(mailbox.pathOf(mailbox.distinguishedFolder("conflicts").id), [
    "Synchronisierungsprobleme",
    "Konflikte",
  ]);
  assert.equal(mailbox.descendantsOf(root.id).filter((folder) => folder.hidden).length, 1);
});

Deno.test("a search folder shows what is unread anywhere and owns nothing", () => {
  const mailbox = exampleMailbox();
  const search = mailbox.folderAt(["Unread Mail"]);
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, MIME);
  assert.deepEqual(mailbox.itemsOf(search.id), [item]);
  mailbox.setRead(item.id, true);
  assert.equal(mailbox.itemCountOf(search.id), 0);
  assert.throws(() => mailbox.deliver(search.id, MIME), /holds no items/);
});

Deno.test("an immutable id stays through moves, and a copy has one of its own", () => {
  const mailbox = exampleMailbox();
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const archive = mailbox.createFolder(["Archive"]).id;
  const item = mailbox.deliver(inbox, MIME);
  const moved = mailbox.move(item.id, archive);
  const copy = mailbox.copy(moved.id, inbox);
  assert.equal(moved.immutableId, item.immutableId);
  assert.notEqual(copy.immutableId, item.immutableId);
  assert.equal(mailbox.itemOfImmutableId(item.immutableId)?.id, moved.id);
  mailbox.deleteFolder(archive);
  assert.equal(mailbox.itemOfImmutableId(item.immutableId), undefined);
  assert.equal(mailbox.itemOfImmutableId(copy.immutableId)?.id, copy.id);
});

Deno.test("folders created, renamed and deleted are told to whoever follows them", () => {
  const mailbox = exampleMailbox();
  const folder = mailbox.createFolder(["Projects"]);
  const { seen } = mailbox.folderChanges([], Infinity);
  mailbox.renameFolder(folder.id, "Old projects");
  const added = mailbox.createFolder(["New"]);
  const changed = mailbox.folderChanges(seen, Infinity);
  assert.deepEqual(changed.changes, [
    { kind: "create", itemId: added.id },
    { kind: "update", itemId: folder.id },
  ]);
  mailbox.deleteFolder(folder.id);
  const { changes } = mailbox.folderChanges(changed.seen, Infinity);
  assert.deepEqual(changes, [{ kind: "delete", itemId: folder.id }]);
});
