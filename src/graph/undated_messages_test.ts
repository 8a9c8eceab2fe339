import assert from "node:assert/strict";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { ALICE } from "./testing/simulated_source.ts";
import { type DatedMessage, type DatedPage, UndatedMessages } from "./undated_messages.ts";

const AT = { mailbox: ALICE, folder: { id: "F", path: ["F"] } };
const ALL = { order: { by: "created" }, offset: 0, limit: 100 } as const;
const day = (number: number) => new Date(Date.UTC(2024, 0, number));
const undated = (itemId: string, number: number): DatedMessage => ({
  itemId,
  createdAt: day(number),
});
const dated: DatedMessage = { itemId: "dated", receivedAt: day(9), createdAt: day(9) };

/** A change list of three pages, and how often a page of it was asked for. */
function changeList(pages: readonly (readonly DatedMessage[])[]) {
  let asked = 0;
  const next = (token: string | undefined): Promise<DatedPage> => {
    asked++;
    const index = Number(token ?? 0);
    const complete = index === pages.length - 1;
    const at = complete ? "end" : String(index + 1);
    return Promise.resolve({ messages: pages[index]!, token: at, complete });
  };
  return { next, asked: () => asked };
}

const PAGES = [[dated, undated("c", 3)], [undated("a", 1)], [undated("b", 2), undated("c", 3)]];

Deno.test("they come in order of creation, by pages, each once", async () => {
  const messages = new UndatedMessages();
  const { next, asked } = changeList(PAGES);
  const find = (more = {}) => messages.find(AT, { ...ALL, ...more }, { ...NO_ABORT, next });
  const idsOf = async (more = {}) => (await find(more)).items.map(({ itemId }) => itemId);
  assert.deepEqual(await idsOf(), ["a", "b", "c"]);
  assert.deepEqual(await find({ offset: 1, limit: 1 }), {
    items: [{ itemId: "b", time: day(2) }],
    complete: false,
  });
  assert.equal((await find({ offset: 2 })).complete, true);
  assert.deepEqual(await idsOf({ order: { by: "created", from: day(2), until: day(3) } }), ["b"]);
  assert.equal(asked(), PAGES.length, "the list is gone through once");
});

Deno.test("a change list that was gone through for its token is not gone through again", async () => {
  const messages = new UndatedMessages();
  const { next, asked } = changeList(PAGES);
  for (const token of [undefined, "1", "2"]) messages.note(AT, token, await next(token));
  const { items } = await messages.find(AT, ALL, { ...NO_ABORT, next });
  assert.deepEqual(items.map(({ itemId }) => itemId), ["a", "b", "c"]);
  assert.equal(asked(), PAGES.length);
});

Deno.test("a change list that was joined in its middle tells nothing of its beginning", async () => {
  for (const seen of [["1", "2"], [undefined, "2"], [undefined, "1"], ["2"]]) {
    const messages = new UndatedMessages();
    const { next } = changeList(PAGES);
    for (const token of seen) messages.note(AT, token, await next(token));
    const { items } = await messages.find(AT, ALL, { ...NO_ABORT, next });
    assert.deepEqual(items.map(({ itemId }) => itemId), ["a", "b", "c"]);
  }
});

Deno.test("where there are too many of them the folder is swept instead", async () => {
  const messages = new UndatedMessages();
  const many = Array.from(
    { length: GRAPH_LIMITS.undatedItemsMax + 1 },
    (_, number) => undated(String(number), 1),
  );
  const { next } = changeList([many]);
  for (const _ of [1, 2]) {
    await assert.rejects(messages.find(AT, ALL, { ...NO_ABORT, next }), {
      kind: "folder",
      code: "ListingUnavailable",
    });
    messages.note(AT, undefined, await next(undefined));
  }
});
