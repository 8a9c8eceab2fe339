import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ItemDescription } from "../../src/core/email.ts";
import type { Folder } from "../../src/core/mailbox.ts";
import type { FolderOf, MailSource } from "../../src/core/ports.ts";
import type { BackfillPosition } from "../../src/core/sync_state.ts";
import { withoutLeakChecks } from "../azure/without_leak_checks.ts";
import { corpusEmails } from "../exchange/corpus.ts";
import { spreadCorpus } from "../exchange/corpus_delivery.ts";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import type { ItemProperties } from "../exchange/items.ts";
import { mimeOf } from "../exchange/mime_source.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { type BothSources, startBothSources } from "./both_sources.ts";

const CALL = { signal: new AbortController().signal };
/** Every so many emails of the corpus: all of its folders and bursts, some of its oddities. */
const EMAILS = 300;

/** What a folder gives, by what survives in both sources. */
type Found = ReadonlyMap<string, Omit<ItemDescription, "itemId">>;

/** Everything a source gives of a mailbox but ids: folders, descriptions, content. */
interface Run {
  readonly folders: readonly Omit<Folder, "id">[];
  /** By folder path. */
  readonly descriptions: ReadonlyMap<string, Found>;
  /** SHA-256 of the content by search key. */
  readonly content: ReadonlyMap<string, string>;
}

async function runOf(source: MailSource, { mailbox }: BothSources): Promise<Run> {
  const { folders } = await source.folders(mailbox, CALL);
  const descriptions = new Map<string, Found>();
  const content = new Map<string, string>();
  for (const folder of folders) {
    const at = { mailbox, folder };
    const items = await descriptionsIn(source, at);
    descriptions.set(folder.path.join("\n"), new Map(items.map(withoutId)));
    for (const [searchKey, hash] of await contentOf(source, at, items)) {
      content.set(searchKey, hash);
    }
  }
  const shown = folders.map(({ id: _, ...folder }) => folder);
  return { folders: shown.toSorted(byPath), descriptions, content };
}

/** First as a change is described, then as a listing does: both must say the same. */
async function descriptionsIn(
  source: MailSource,
  at: FolderOf,
): Promise<readonly ItemDescription[]> {
  const changed = await described(source, at, await changedIn(source, at));
  const listed = await described(source, at, await listedIn(source, at));
  assert.deepEqual(new Map(changed.map(withoutId)), new Map(listed.map(withoutId)));
  return listed;
}

async function changedIn(source: MailSource, at: FolderOf): Promise<readonly string[]> {
  const itemIds: string[] = [];
  let token: string | undefined;
  for (let complete = false; !complete;) {
    const page = await source.changes(at, { ...CALL, token, limit: 512 });
    itemIds.push(...page.changes.map(({ itemId }) => itemId));
    ({ token, complete } = page);
  }
  return itemIds;
}

async function listedIn(source: MailSource, at: FolderOf): Promise<readonly string[]> {
  const itemIds: string[] = [];
  let position: BackfillPosition | undefined;
  do {
    const range = { since: undefined, until: undefined };
    const options = { ...CALL, ...range, order: "received", position, limit: 100 } as const;
    const page = await source.list(at, options);
    itemIds.push(...page.itemIds);
    position = page.next;
  } while (position);
  return itemIds;
}

async function described(source: MailSource, at: FolderOf, itemIds: readonly string[]) {
  const outcomes = await source.describe(at, itemIds, CALL);
  const items = outcomes.map((outcome) => {
    if ("error" in outcome) throw outcome.error;
    return outcome.item;
  });
  // Graph shows contacts and the like at no place; EWS says of them that they are no mail.
  return items.filter(({ isMail }) => isMail);
}

const withoutId = ({ itemId: _, ...item }: ItemDescription) => [item.searchKey!, item] as const;

async function contentOf(source: MailSource, at: FolderOf, items: readonly ItemDescription[]) {
  const outcomes = await source.fetch(at, items, CALL);
  return await Promise.all(outcomes.map(async (outcome, index) => {
    if ("error" in outcome) throw outcome.error;
    const hash = createHash("sha256");
    for await (const chunk of outcome.mime.open(CALL.signal)) hash.update(chunk);
    return [items[index]!.searchKey!, hash.digest("hex")] as const;
  }));
}

const byPath = (a: Pick<Folder, "path">, b: Pick<Folder, "path">) =>
  a.path.join("\n") < b.path.join("\n") ? -1 : 1;

const NESTED = mimeOf(
  "From: Anna <anna@corp.example>\nTo: Ben <ben@corp.example>\nSubject: nested\n" +
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n' +
    "--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: message/rfc822\n\n" +
    "From: x@example.com\nSubject: inner\n\nInner\n" +
    '--b\nContent-Type: image/png; name="logo.png"\nContent-ID: <logo>\n' +
    "Content-Disposition: inline\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n--b--\n",
);

/** What the corpus does not have: every value of every field. */
const SPECIAL: readonly Partial<ItemProperties>[] = [
  { importance: "High", sensitivity: "Confidential", categories: ["Red", "Blau grün"] },
  { importance: "Low", sensitivity: "Private", isRead: true },
  { sensitivity: "Personal", conversationTopic: "Budget?/+~" },
  { isDraft: true, sentAt: undefined },
  { receivedAt: undefined, createdAt: new Date("2003-02-01T10:11:12Z") },
  { internetMessageId: undefined, conversationTopic: undefined },
  { itemClass: "IPM.Schedule.Meeting.Request" },
  { itemClass: "IPM.Schedule.Meeting.Resp.Pos" },
  { itemClass: "IPM.Note.SMIME" },
  { itemClass: "REPORT.IPM.Note.NDR" },
  { itemClass: "IPM.Post" },
  { itemClass: "IPM.Contact" },
  {
    participants: {
      from: { name: "Anna", address: "ANNA@Corp.Example" },
      sender: { name: "X", address: "/o=Corp/ou=Exchange/cn=Recipients/cn=x", routingType: "EX" },
      to: [{ name: "A name alone" }, { name: "Ben", address: "ben@corp.example" }],
    },
  },
];

function fill(store: SimulatedMailbox): void {
  spreadCorpus([store], Math.min(EMAILS, corpusEmails().length));
  const inbox = store.distinguishedFolder("inbox").id;
  for (const [number, stated] of SPECIAL.entries()) {
    const receivedAt = new Date(Date.UTC(2003, 0, 2, 0, 0, number));
    const mime = stated.itemClass === "IPM.Contact" ? undefined : numberedEmail(number);
    store.deliver(inbox, mime, { receivedAt, ...stated });
  }
  store.deliver(inbox, NESTED, { receivedAt: new Date("2003-01-03T00:00:00Z") });
}

withoutLeakChecks(() => {
  Deno.test("Graph gives the same folders, emails and metadata as EWS", async () => {
    const participants = { allow: { addresses: [], domains: ["corp.example"] } };
    for (const more of [{}, { participants }]) {
      await using both = await startBothSources(more);
      fill(both.store);
      const overEws = await runOf(both.ews(), both);
      const overGraph = await runOf(both.overGraph(), both);
      assert.ok(overEws.content.size > EMAILS);
      assert.deepEqual(overGraph, overEws);
    }
  });
});
