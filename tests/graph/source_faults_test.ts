import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ItemDescription } from "../../src/core/email.ts";
import type { FolderOf, MailSource } from "../../src/core/ports.ts";
import { withoutLeakChecks } from "../azure/without_leak_checks.ts";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { type BothSources, startBothSources } from "./both_sources.ts";
import {
  faultedGraphAnswer,
  interceptWithForeignLinks,
  interceptWithRedirect,
} from "./faulted_graph_answer.ts";
import { GRAPH_FAULTS, type GraphFault } from "./graph_faults.ts";
import { graphId } from "./graph_ids.ts";

const CALL = { signal: new AbortController().signal };
const FIRST = { ...CALL, token: undefined, limit: 5 };
const LIST = {
  ...CALL,
  order: "received",
  position: undefined,
  since: undefined,
  until: undefined,
  limit: 250,
} as const;

function inboxOf({ mailbox, store }: BothSources): FolderOf {
  const { id } = store.distinguishedFolder("inbox");
  return { mailbox, folder: { id: graphId(id), path: ["Inbox"] } };
}

function filled(both: BothSources, count: number) {
  const inbox = both.store.distinguishedFolder("inbox").id;
  return Array.from(
    { length: count },
    (_, number) => both.store.deliver(inbox, numberedEmail(number)),
  );
}

/** One pass over a mailbox: what the engine asks for. */
async function passOver(source: MailSource, both: BothSources): Promise<readonly Buffer[]> {
  const at = inboxOf(both);
  await source.folders(both.mailbox, CALL);
  let { token, complete } = await source.changes(at, FIRST);
  while (!complete) ({ token, complete } = await source.changes(at, { ...FIRST, token }));
  const { itemIds } = await source.list(at, LIST);
  const half = itemIds.length / 2;
  // Some came with the listing; others are asked for.
  await source.describe(at, itemIds.slice(half), CALL);
  const outcomes = await source.describe(at, itemIds, CALL);
  const items = outcomes.map((outcome) => (outcome as { item: ItemDescription }).item);
  const fetched = await source.fetch(at, items, CALL);
  return await Promise.all(fetched.map(async (outcome) => {
    if ("error" in outcome) throw outcome.error;
    return Buffer.concat(await Array.fromAsync(outcome.mime.open(CALL.signal)));
  }));
}

/** Whether a fault says nothing of the mailbox, its folders and its items. */
function passes(fault: GraphFault): boolean {
  if (fault.place === "cut" || fault.place === "truncated") return true;
  if (fault.place === "http") return ![403, 407].includes(fault.status);
  return [429, 503, 504].includes(fault.status) ||
    /Internal|Unavailable|MoveInProgress|ConnectionFailed/.test(fault.code);
}

withoutLeakChecks(() => {
  Deno.test("a failure that passes costs no email, whichever request it meets", async (t) => {
    await using both = await startBothSources();
    const items = filled(both, 12);
    const expected = items.map(({ mime }) => Buffer.from(bytesOf(mime!)));
    for (const fault of GRAPH_FAULTS.filter(passes)) {
      await t.step(fault.name, async () => {
        const met = new Set<string | undefined>();
        both.graph.intercept = ({ operation }, next) => {
          // Half of a text is a text; nobody can tell.
          const isMeant = !(fault.place === "truncated" && operation === "getMessageValue");
          if (!isMeant || met.has(operation)) return next();
          met.add(operation);
          return faultedGraphAnswer(fault, next);
        };
        assert.deepEqual(await passOver(both.overGraph(), both), expected);
        assert.ok(met.size >= 6, [...met].join());
      });
    }
  });

  Deno.test("no token ever reaches a foreign host, by whatever link or redirect", async () => {
    await using both = await startBothSources();
    await using foreign = both.graph.foreignHost();
    const { mailbox, graph, store } = both;
    filled(both, 12);
    for (let number = 0; number < 260; number++) store.createFolder([`F${number}`]);
    const at = inboxOf(both);
    const calls: readonly ((source: MailSource) => Promise<unknown>)[] = [
      (source) => source.changes(at, FIRST),
      (source) => source.folders(mailbox, CALL),
      (source) => source.changes(at, { ...FIRST, token: `graph:${foreign.origin}/v1.0/users/a` }),
    ];
    graph.intercept = interceptWithForeignLinks(foreign.origin);
    for (const call of calls) {
      const refused = { kind: "mailbox", code: "LinkRefused" };
      await assert.rejects(call(both.overGraph()), refused);
    }
    graph.intercept = interceptWithRedirect(foreign.origin);
    const redirected = { kind: "mailbox", code: "HttpRedirect" };
    for (
      const call of [
        ...calls.slice(0, 2),
        (source: MailSource) => source.list(at, LIST),
        (source: MailSource) => source.describe(at, ["x"], CALL),
        (source: MailSource) => source.probe(mailbox, CALL),
      ]
    ) await assert.rejects(call(both.overGraph()), redirected);
    assert.deepEqual([foreign.requests.length, foreign.leaked], [0, 0]);
  });

  Deno.test("a token that expires or is revoked is replaced, and nothing else is noticed", async () => {
    await using both = await startBothSources();
    const items = filled(both, 4);
    const source = both.overGraph();
    assert.equal((await passOver(source, both)).length, items.length);
    both.authority.revokeTokens();
    assert.equal((await passOver(source, both)).length, items.length);
  });

  Deno.test("mailboxes out of scope, without licence or unknown are told apart", async () => {
    await using both = await startBothSources();
    const { mailbox, graph } = both;
    const source = both.overGraph();
    const rejected = async (address: string, code: string, hint: RegExp) => {
      const probe = source.probe({ ...mailbox, address }, CALL);
      await assert.rejects(probe, (error: { kind: string; code: string; hint: string }) => {
        assert.deepEqual([error.kind, error.code], ["mailbox", code]);
        return hint.test(error.hint);
      });
    };
    await rejected("nobody@corp.example", "ErrorInvalidUser", /primary SMTP address/);
    graph.permissions.deny(mailbox.address);
    await rejected(mailbox.address, "ErrorAccessDenied", /New-ManagementRoleAssignment/);
    graph.permissions.withdrawLicence(mailbox.address);
    await rejected(mailbox.address, "MailboxNotEnabledForRESTAPI", /licence/);
  });
});
