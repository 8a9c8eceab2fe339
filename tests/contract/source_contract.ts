import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SyncError } from "../../src/core/errors.ts";
import { LIMITS } from "../../src/core/limits.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import type {
  Change,
  ChangePage,
  FetchOutcome,
  FolderOf,
  ListOptions,
  MailSource,
  MailSurvey,
} from "../../src/core/ports.ts";
import type { BackfillPosition } from "../../src/core/sync_state.ts";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { hugeEmail } from "../exchange/huge_email.ts";
import type { Item } from "../exchange/items.ts";
import { bytesOf, heldMime, mimeOf } from "../exchange/mime_source.ts";
import type { SimulatedFolder, SimulatedMailbox } from "../exchange/simulated_mailbox.ts";

/** A source under test, and the mailbox of a simulated server that it reads. */
export interface SourceSubject extends AsyncDisposable {
  readonly source: MailSource & MailSurvey;
  readonly mailbox: Mailbox;
  readonly store: SimulatedMailbox;
  /** Ids as the source gives them. */
  folderIdOf(folder: SimulatedFolder): string;
  itemIdOf(item: Item): string;
  /** A source that has just been started over the same server. */
  restarted(): MailSource & MailSurvey;
}

interface Context extends SourceSubject {
  /** The inbox as the source is asked for it. */
  readonly inbox: FolderOf;
  /** A folder of the store as the source is asked for it. */
  at(folder: SimulatedFolder): FolderOf;
  /** Puts numbered emails into the inbox; one received every second unless stated. */
  fill(count: number, receivedAt?: (number: number) => Date | undefined): readonly Item[];
}

export interface SourceContractOptions {
  /** Registers one test; default `Deno.test`. */
  readonly register?: (name: string, body: () => Promise<void>) => void;
}

const CALL = { signal: new AbortController().signal };
const START = Date.UTC(2024, 2, 1);
const second = (number: number) => new Date(START + number * 1000);

const LIST: ListOptions = {
  ...CALL,
  order: "received",
  position: undefined,
  since: undefined,
  until: undefined,
  limit: LIMITS.listPageItemsMax,
};

/** Registers the tests that every `MailSource` must pass (the words of `core/ports.ts`). */
export function sourceContract(
  name: string,
  create: () => Promise<SourceSubject>,
  { register = Deno.test }: SourceContractOptions = {},
): void {
  const test = (sentence: string, body: (context: Context) => Promise<void>) =>
    register(`${name} ${sentence}`, async () => {
      await using subject = await create();
      await body(contextOf(subject));
    });
  registerFolderTests(test);
  registerChangeTests(test);
  registerListingTests(test);
  registerItemTests(test);
}

type Test = (sentence: string, body: (context: Context) => Promise<void>) => void;

function contextOf(subject: SourceSubject): Context {
  const { mailbox, store } = subject;
  const inbox = store.distinguishedFolder("inbox");
  const at = (folder: SimulatedFolder) => ({
    mailbox,
    folder: { id: subject.folderIdOf(folder), path: store.pathOf(folder.id) },
  });
  return {
    source: subject.source,
    mailbox,
    store,
    folderIdOf: (folder) => subject.folderIdOf(folder),
    itemIdOf: (item) => subject.itemIdOf(item),
    restarted: () => subject.restarted(),
    [Symbol.asyncDispose]: () => subject[Symbol.asyncDispose](),
    at,
    inbox: at(inbox),
    fill: (count, receivedAt = second) =>
      Array.from(
        { length: count },
        (_, number) =>
          store.deliver(inbox.id, numberedEmail(number), { receivedAt: receivedAt(number) }),
      ),
  };
}

function registerFolderTests(test: Test): void {
  test("tells mail folders of all levels, their paths and roles", async (context) => {
    const { source, mailbox, store, folderIdOf } = context;
    const deep = store.createFolder(["Projects", "Ärger/Öl", "Q1"]);
    store.createFolder(["Hidden"], { hidden: true });
    store.createFolder(["Search"], { type: "search" });
    store.createFolder(["Appointments"], { folderClass: "IPF.Appointment" });
    const below = store.createFolder(["Drafts", "kept"]);
    const { folders } = await source.folders(mailbox, CALL);
    assert.deepEqual(folders.map(({ path }) => path.join("|")).toSorted(), [
      "Deleted Items",
      "Drafts|kept",
      "Inbox",
      "Junk Email",
      "Projects",
      "Projects|Ärger/Öl",
      "Projects|Ärger/Öl|Q1",
      "Sent Items",
    ]);
    const byId = new Map(folders.map((folder) => [folder.id, folder]));
    assert.equal(byId.get(folderIdOf(deep))?.role, undefined);
    assert.ok(byId.has(folderIdOf(below)));
    for (const role of ["inbox", "sentitems", "deleteditems", "junkemail"] as const) {
      assert.equal(byId.get(folderIdOf(store.distinguishedFolder(role)))?.role, role);
    }
  });

  test("follows folders that are renamed, moved, made and deleted", async (context) => {
    const { source, mailbox, store, folderIdOf } = context;
    const paths = async () => {
      const { folders } = await source.folders(mailbox, CALL);
      return new Map(folders.map(({ id, path }) => [id, path.join("|")]));
    };
    const parent = store.createFolder(["Parent"]);
    const child = store.createFolder(["Parent", "Child"]);
    const gone = store.createFolder(["Gone"]);
    assert.equal((await paths()).get(folderIdOf(child)), "Parent|Child");
    store.renameFolder(parent.id, "Renamed");
    store.moveFolder(child.id, store.distinguishedFolder("inbox").id);
    store.deleteFolder(gone.id);
    const made = store.createFolder(["Made"]);
    const after = await paths();
    assert.equal(after.get(folderIdOf(parent)), "Renamed");
    assert.equal(after.get(folderIdOf(child)), "Inbox|Child");
    assert.equal(after.get(folderIdOf(made)), "Made");
    assert.ok(!after.has(folderIdOf(gone)));
  });

  test("probes, counts, and says what is not synced", async (context) => {
    const { source, mailbox, inbox, fill } = context;
    await source.probe(mailbox, CALL);
    fill(7);
    assert.equal(await source.countItems(inbox, second(4), CALL), 3);
    assert.deepEqual(await source.unsyncedPlaces(mailbox, CALL), []);
  });
}

const ARRIVED: ReadonlySet<Change["kind"]> = new Set(["create", "createOrUpdate"]);
const arrivedIn = ({ changes }: ChangePage) =>
  changes.filter(({ kind }) => ARRIVED.has(kind)).map(({ itemId }) => itemId).toSorted();

async function drained({ source }: Context, at: FolderOf, token?: string): Promise<ChangePage> {
  const changes: Change[] = [];
  for (let next = token;;) {
    const page = await source.changes(at, { ...CALL, token: next, limit: 10 });
    assert.ok(page.changes.length <= 10);
    changes.push(...page.changes);
    if (page.complete) return { ...page, changes };
    next = page.token;
  }
}

function registerChangeTests(test: Test): void {
  test("tells everything in a folder by pages, then only what changed", async (context) => {
    const { store, inbox, fill, itemIdOf } = context;
    const items = fill(25);
    const first = await drained(context, inbox);
    assert.deepEqual(arrivedIn(first), items.map(itemIdOf).toSorted());
    assert.deepEqual((await drained(context, inbox, first.token)).changes, []);

    const [changed, deleted] = items;
    store.update(changed!.id, { categories: ["Red"] });
    store.delete(deleted!.id);
    const [fresh] = fill(1);
    const page = await drained(context, inbox, first.token);
    const kinds = new Map(page.changes.map(({ itemId, kind }) => [itemId, kind]));
    assert.ok(ARRIVED.has(kinds.get(itemIdOf(fresh!))!));
    assert.match(kinds.get(itemIdOf(changed!))!, /update/i);
    assert.equal(kinds.get(itemIdOf(deleted!)), "delete");
    assert.equal(kinds.size, 3);
  });

  test("goes on with its token after a restart", async (context) => {
    const { inbox, fill, itemIdOf, restarted } = context;
    fill(3);
    const { token } = await drained(context, inbox);
    const [fresh] = fill(1);
    const page = await drained({ ...context, source: restarted() }, inbox, token);
    assert.deepEqual(arrivedIn(page), [itemIdOf(fresh!)]);
  });

  test("finds what was moved away and back, and what was moved here", async (context) => {
    const { store, inbox, at, fill, itemIdOf } = context;
    const other = store.createFolder(["Other"]);
    const [there, back] = fill(2);
    const here = await drained(context, inbox);
    const elsewhere = await drained(context, at(other));
    const moved = store.move(there!.id, other.id);
    const returned = store.move(store.move(back!.id, other.id).id, there!.folderId);
    const inInbox = await drained(context, inbox, here.token);
    assert.deepEqual(arrivedIn(inInbox), [itemIdOf(returned)]);
    const inOther = await drained(context, at(other), elsewhere.token);
    assert.deepEqual(arrivedIn(inOther), [itemIdOf(moved)]);
  });

  test("says that a token is lost, is another source's, or its folder gone", async (context) => {
    const { source, store, inbox, at } = context;
    const { token } = await drained(context, inbox);
    store.invalidateSyncStates(store.distinguishedFolder("inbox").id);
    const lost = { name: "SyncError", kind: "folder", code: "SyncStateInvalid" };
    const foreign = source.api === "graph" ? "H4sIAAA=" : "graph:/v1.0/users/a/delta?$deltatoken=b";
    for (const refused of [token, foreign]) {
      await assert.rejects(source.changes(inbox, { ...CALL, token: refused, limit: 10 }), lost);
    }
    const gone = store.createFolder(["Gone"]);
    const place = at(gone);
    const { token: last } = await drained(context, place);
    store.deleteFolder(gone.id);
    const expected = { name: "SyncError", kind: "folder", code: "FolderGone" };
    for (const asked of [last, undefined]) {
      await assert.rejects(source.changes(place, { ...CALL, token: asked, limit: 10 }), expected);
    }
    await assert.rejects(source.list(place, LIST), expected);
  });

  test("ends with the signal's reason when it is aborted", async ({ source, inbox, mailbox }) => {
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(source.folders(mailbox, { signal }), /enough/);
    await assert.rejects(source.changes(inbox, { signal, token: undefined, limit: 1 }), /enough/);
    await assert.rejects(source.describe(inbox, ["x"], { signal }), /enough/);
  });
}

/** Lists a folder page by page; `between` runs after the first one. */
async function listed(
  { source }: Pick<Context, "source">,
  at: FolderOf,
  options: Partial<ListOptions>,
  between = () => {},
): Promise<readonly string[]> {
  const itemIds: string[] = [];
  let position: BackfillPosition | undefined;
  do {
    const page = await source.list(at, { ...LIST, ...options, position });
    itemIds.push(...page.itemIds);
    if (position === undefined) between();
    position = page.next;
  } while (position);
  return itemIds;
}

function registerListingTests(test: Test): void {
  test("lists a folder in order of receipt, bursts within one second included", async (context) => {
    const { inbox, fill, itemIdOf } = context;
    const items = fill(40, (number) => new Date(START + Math.floor(number / 13) * 1000 + number));
    for (const limit of [1, 7, 250]) {
      assert.deepEqual(await listed(context, inbox, { limit }), items.map(itemIdOf));
    }
    const since = new Date(START + 1000);
    const until = new Date(START + 2000);
    const part = items.filter(({ receivedAt }) => receivedAt! >= since && receivedAt! < until);
    assert.deepEqual(
      await listed(context, inbox, { limit: 5, since, until }),
      part.map(itemIdOf),
    );
  });

  test("lists items without received time by their creation, first of all", async (context) => {
    const { store, inbox, fill, itemIdOf, restarted } = context;
    const dated = fill(3);
    const folderId = store.distinguishedFolder("inbox").id;
    const undated = [9, 3, 6].map((number) =>
      store.deliver(folderId, numberedEmail(100 + number), {
        receivedAt: undefined,
        createdAt: second(number),
      })
    );
    const [ninth, third, sixth] = undated;
    const expected = [third!, sixth!, ninth!, ...dated].map(itemIdOf);
    assert.deepEqual(await listed(context, inbox, { limit: 2 }), expected);
    await drained(context, inbox);
    assert.deepEqual(await listed(context, inbox, { limit: 2 }), expected);
    const again = { source: restarted() };
    assert.deepEqual(
      await listed(again, inbox, { since: second(2) }),
      [
        third!,
        sixth!,
        ninth!,
        dated[2]!,
      ].map(itemIdOf),
    );
  });

  test("leaves nothing out when items are deleted while it lists", async (context) => {
    const { store, inbox, fill, itemIdOf } = context;
    const items = fill(12, () => second(0));
    const found = await listed(context, inbox, { limit: 5 }, () => {
      for (const { id } of items.slice(0, 4)) store.delete(id);
    });
    const left = items.slice(4).map(itemIdOf);
    assert.deepEqual(left.filter((itemId) => !found.includes(itemId)), []);
  });

  test("lists what was modified, whenever it was received", async (context) => {
    const { store, inbox, fill, itemIdOf } = context;
    const items = fill(5);
    store.update(items[1]!.id, { modifiedAt: second(500), isRead: true });
    store.update(items[0]!.id, { modifiedAt: second(600), isRead: true });
    const found = await listed(context, inbox, { order: "modified", since: second(400), limit: 1 });
    assert.deepEqual(found, [items[1]!, items[0]!].map(itemIdOf));
  });

  test("says that a folder cannot be listed in order", async ({ source, store, inbox, fill }) => {
    fill(2);
    store.setSortable(store.distinguishedFolder("inbox").id, false);
    await assert.rejects(source.list(inbox, LIST), { kind: "folder", code: "ListingUnavailable" });
  });
}

async function contentOf(outcome: FetchOutcome): Promise<Buffer> {
  if ("error" in outcome) throw outcome.error;
  return Buffer.concat(await Array.fromAsync(outcome.mime.open(CALL.signal)));
}

function registerItemTests(test: Test): void {
  test("describes items in the order asked for, vanished ones among them", async (context) => {
    const { source, store, inbox, fill, itemIdOf } = context;
    const items = fill(45);
    const itemIds = items.map(itemIdOf).toReversed();
    store.delete(items[3]!.id);
    const outcomes = await source.describe(inbox, itemIds, CALL);
    assert.deepEqual(outcomes.map(({ itemId }) => itemId), itemIds);
    const failed = outcomes.filter((outcome) => "error" in outcome);
    assert.deepEqual(
      failed.map(({ itemId, error }) => [itemId, error.kind, error.code]),
      [[itemIdOf(items[3]!), "item", "ErrorItemNotFound"]],
    );
    const [last] = outcomes;
    assert.ok(last && "item" in last);
    assert.equal(last.item.internetMessageId, items[44]!.internetMessageId);
    assert.equal(last.item.searchKey, items[44]!.searchKey);
  });

  test("fetches content byte for byte; what is gone or empty is the item's own", async (context) => {
    const { source, store, inbox, fill, itemIdOf } = context;
    const folderId = store.distinguishedFolder("inbox").id;
    const wild = heldMime(Uint8Array.from({ length: 3_000 }, (_, index) => index % 256));
    const items = [
      ...fill(2),
      store.deliver(folderId, wild, { receivedAt: second(3) }),
      store.deliver(folderId, heldMime(), { receivedAt: second(4) }),
      store.deliver(folderId, numberedEmail(9), { receivedAt: second(5) }),
    ];
    const described = await descriptionsOf(context, items);
    store.delete(items[4]!.id);
    const outcomes = await source.fetch(inbox, described, CALL);
    assert.deepEqual(outcomes.map(({ itemId }) => itemId), items.map(itemIdOf));
    for (const index of [0, 1, 2]) {
      assert.deepEqual(
        await contentOf(outcomes[index]!),
        Buffer.from(bytesOf(items[index]!.mime!)),
      );
    }
    const codes = outcomes.slice(3).map((outcome) => "error" in outcome && outcome.error.code);
    assert.deepEqual(codes, ["MimeContentMissing", "ErrorItemNotFound"]);
  });

  test("streams content too large to be held, as often as it is opened", async (context) => {
    const { source, store, inbox } = context;
    const mime = hugeEmail({
      messageId: "<huge@corp.example>",
      subject: "huge",
      sizeBytes: 3 * LIMITS.heldMimeBytesMax,
    });
    // Stated sizes can be wrong: content turns out to be large while it is fetched.
    const stated = { receivedAt: second(0), sizeBytes: 1_000 };
    const items = [
      store.deliver(store.distinguishedFolder("inbox").id, mime, { receivedAt: second(0) }),
      store.deliver(store.distinguishedFolder("inbox").id, mime, stated),
    ];
    const outcomes = await source.fetch(inbox, await descriptionsOf(context, items), CALL);
    const expected = Buffer.from(bytesOf(mime));
    for (const outcome of outcomes) {
      assert.ok("mime" in outcome);
      assert.equal(outcome.mime.sizeBytes, undefined);
      assert.ok(expected.equals(await contentOf(outcome)));
      assert.ok(expected.equals(await contentOf(outcome)));
    }
  });

  test("puts an email together whose content cannot be had", async (context) => {
    const { source, store, inbox } = context;
    const mime = mimeOf(
      "From: Anna <anna@corp.example>\nTo: Ben <ben@corp.example>\nSubject: Grüße\n" +
        "Message-ID: <rebuilt@corp.example>\nMIME-Version: 1.0\n" +
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nHello\n' +
        '--b\nContent-Type: application/pdf; name="a.pdf"\nContent-Disposition: attachment; ' +
        'filename="a.pdf"\nContent-Transfer-Encoding: base64\n\nSGVsbG8gUERG\n--b--\n',
    );
    const item = store.deliver(store.distinguishedFolder("inbox").id, mime, {
      receivedAt: second(0),
    });
    store.damage(item.id, { code: "ErrorMimeContentConversionFailed" });
    const [described] = await descriptionsOf(context, [item]);
    const [failed] = await source.fetch(inbox, [described!], CALL);
    assert.ok(failed && "error" in failed && failed.error instanceof SyncError);
    assert.deepEqual([failed.error.kind, failed.error.code], [
      "item",
      "ErrorMimeContentConversionFailed",
    ]);
    const text = (await contentOf(
      await source.rebuild(inbox, described!, failed.error, CALL),
    )).toString();
    assert.match(text, /^X-Reinfer-Ews-Rebuilt: 1\r$/m);
    assert.match(text, /^Message-ID: <rebuilt@corp.example>\r$/m);
    assert.match(text, /filename=a.pdf|filename="a.pdf"/);
    assert.match(text, /^SGVsbG8gUERG\r$/m);
  });
}

/** Descriptions of items that all exist. */
async function descriptionsOf({ source, inbox, itemIdOf }: Context, items: readonly Item[]) {
  const outcomes = await source.describe(inbox, items.map(itemIdOf), CALL);
  return outcomes.map((outcome) => {
    if ("error" in outcome) throw outcome.error;
    return outcome.item;
  });
}
