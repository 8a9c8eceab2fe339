import assert from "node:assert/strict";
import { numberedEmail } from "../../tests/exchange/ews/example_service.ts";
import { faultedAnswer } from "../../tests/exchange/faulted_answer.ts";
import { type Fault, FAULTS } from "../../tests/exchange/faults.ts";
import type { ItemDescription } from "../core/email.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { FetchOutcome } from "../core/ports.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { getFolder } from "./operations/get_folder.ts";
import { syncFolderItems } from "./operations/sync_folder_items.ts";
import { type ItemReaction, REACTIONS, type RequestReaction } from "./testing/fault_reactions.ts";
import { ALICE, BOB, simulatedSource } from "./testing/simulated_source.ts";

const ROOT = getFolder([{ name: "msgfolderroot" }]);

/** A server that has answered once, and now fails with `fault` the first `times` times. */
async function failing(fault: Fault, times: number) {
  let left = 0;
  const { mailbox, source, client, requests, clock, run, folder } = simulatedSource({
    intercept: (request, next) => left-- > 0 ? faultedAnswer(fault, request, next) : next(),
  });
  const at = folder("inbox");
  const items = [1, 2, 3].map((number) =>
    descriptionOf(mailbox.deliver(at.folder.id, numberedEmail(number)).id)
  );
  const changes = syncFolderItems({ folderId: at.folder.id, syncState: undefined, limit: 512 });
  // From now on a schema violation is no sign of an older server.
  await Promise.all([source.probe(ALICE, NO_ABORT), client.attempt(ALICE, ROOT, NO_ABORT)]);
  requests.length = 0;
  left = times;
  const startedMs = clock.monotonicMs();
  return {
    changes: () => run(source.changes(at, { ...NO_ABORT, token: undefined, limit: 512 })),
    fetch: () => run(source.fetch(at, items, NO_ABORT)),
    attemptChanges: () => run(client.attempt(ALICE, changes, NO_ABORT)),
    attemptRoot: (asked: Mailbox) => run(client.attempt(asked, ROOT, NO_ABORT)),
    requests: () => requests.length,
    elapsedMs: () => clock.monotonicMs() - startedMs,
  };
}

function descriptionOf(itemId: string): ItemDescription {
  return { itemId, sizeBytes: 100, isMail: true, isDraft: false, metadata: {}, attachments: [] };
}

async function errorOf(call: Promise<unknown>): Promise<SyncError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof SyncError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "not rejected" });
}

const said = ({ kind, code }: SyncError) => `${kind} ${code}`;
const outcomeOf = (outcome: FetchOutcome) =>
  "error" in outcome ? said(outcome.error) : outcome.mime ? "content" : "nothing";

/** How GetItem ends if the fault stays: the error of the call, or the outcome of its first item. */
async function fetched(fault: Fault): Promise<string> {
  const server = await failing(fault, Infinity);
  try {
    return outcomeOf((await server.fetch())[0]!);
  } catch (error) {
    return said(error as SyncError);
  }
}

/** Whose next request waits after one failure. */
async function gateClosedBy(fault: Fault): Promise<RequestReaction["closes"]> {
  const waitsFor = async (mailbox: Mailbox) => {
    const server = await failing(fault, 1);
    await errorOf(server.attemptChanges());
    await server.attemptRoot(mailbox);
    return server.elapsedMs() > 0;
  };
  return await waitsFor(BOB) ? "server" : await waitsFor(ALICE) ? "mailbox" : "nothing";
}

async function checkRequest(fault: Fault, reaction: RequestReaction): Promise<void> {
  const lasting = await failing(fault, Infinity);
  const error = await errorOf(lasting.changes());
  assert.equal(said(error), reaction.changes);
  assert.equal(error.hint !== undefined, reaction.hint, `hint: ${error.hint}`);
  assert.ok(lasting.elapsedMs() <= LIMITS.retryBudgetMs);
  if (typeof reaction.attempts === "number") assert.equal(lasting.requests(), reaction.attempts);
  else assert.ok(lasting.requests() > 5, `${lasting.requests()} requests`);
  if (reaction.fetch !== undefined) assert.equal(await fetched(fault), reaction.fetch);
  assert.equal(await gateClosedBy(fault), reaction.closes);
  if (reaction.delayMs === undefined) return;

  const passing = await failing(fault, 1);
  assert.equal((await passing.changes()).changes.length, 3);
  assert.equal(passing.elapsedMs(), reaction.delayMs);
  const outcomes = await (await failing(fault, 1)).fetch();
  assert.deepEqual(outcomes.map(outcomeOf), ["content", "content", "content"]);
}

async function checkItem(fault: Fault, reaction: ItemReaction): Promise<void> {
  const lasting = await failing(fault, Infinity);
  const outcomes = await lasting.fetch();
  assert.deepEqual(outcomes.map(outcomeOf), [reaction.item, "content", "content"]);
  assert.equal(lasting.requests(), reaction.requests);
  assert.equal(lasting.elapsedMs(), 0);
}

for (const fault of FAULTS) {
  Deno.test(`the appliance reacts as it should to ${fault.name}`, async () => {
    const reaction = REACTIONS[fault.name];
    assert.ok(reaction, "the table of reactions has a row for it");
    if ("item" in reaction) await checkItem(fault, reaction);
    else await checkRequest(fault, reaction);
  });
}

Deno.test("every expected reaction is one to a fault that there is", () => {
  const names = new Set(FAULTS.map(({ name }) => name));
  assert.deepEqual(Object.keys(REACTIONS).filter((name) => !names.has(name)), []);
});
