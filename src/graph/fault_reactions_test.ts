import assert from "node:assert/strict";
import { numberedEmail } from "../../tests/exchange/ews/example_service.ts";
import type { HttpAnswer } from "../../tests/exchange/http_server.ts";
import { graphId } from "../../tests/graph/graph_ids.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { DescribeOutcome } from "../core/ports.ts";
import { ATTEMPTS_FEW } from "../source/failure_table.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { GRAPH_CODES } from "./graph_code_table.ts";
import { type FaultReaction, REACTIONS } from "./testing/fault_reactions.ts";
import { simulatedSource } from "./testing/simulated_source.ts";

function answerOf({ status, code }: FaultReaction): HttpAnswer {
  if (code === undefined) {
    return { status, headers: { "Content-Type": "text/html" }, body: "<html>No.</html>" };
  }
  const body = JSON.stringify({ error: { code, message: "It failed." } });
  return { status, headers: { "Content-Type": "application/json" }, body };
}

/** A mailbox of three messages whose changes, and whose second message, fail `times` times. */
function failing(fault: FaultReaction, times: number) {
  let left = times;
  let poison = "";
  const world = simulatedSource(({ operation, target }, next) => {
    const isHit = operation === "messageDelta" ||
      (operation === "getMessage" && target.includes(poison));
    return isHit && left-- > 0 ? answerOf(fault) : next();
  });
  const { mailbox, source, run, asked, clock } = world;
  const at = world.folder("inbox");
  const items = [1, 2, 3].map((number) =>
    mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(number))
  );
  const itemIds = items.map(({ immutableId }) => graphId(immutableId));
  poison = encodeURIComponent(itemIds[1]!);
  const startedMs = clock.monotonicMs();
  const count = () => asked.filter(({ operation }) => operation === "messageDelta").length;
  return {
    changes: () => run(source.changes(at, { ...NO_ABORT, token: undefined, limit: 512 })),
    describe: () => run(source.describe(at, itemIds, NO_ABORT)),
    requestsForChanges: count,
    elapsedMs: () => clock.monotonicMs() - startedMs,
  };
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
const outcomeOf = (outcome: DescribeOutcome) => "error" in outcome ? said(outcome.error) : "item";

async function described(fault: FaultReaction): Promise<readonly string[] | string> {
  try {
    return (await failing(fault, Infinity).describe()).map(outcomeOf);
  } catch (error) {
    return said(error as SyncError);
  }
}

for (const [name, reaction] of REACTIONS) {
  Deno.test(`the source reacts as it should to ${name}`, async () => {
    const lasting = failing(reaction, Infinity);
    const error = await errorOf(lasting.changes());
    assert.equal(said(error), reaction.changes);
    const hint = error.hint ?? (error.cause as SyncError | undefined)?.hint;
    assert.equal(hint !== undefined, reaction.hint, `hint: ${hint}`);
    assert.ok(lasting.elapsedMs() <= LIMITS.retryBudgetMs + LIMITS.retryAfterMsMax);
    const attempts = lasting.requestsForChanges();
    if (reaction.attempts === "once") assert.equal(attempts, 1);
    else if (reaction.attempts === "few") assert.equal(attempts, ATTEMPTS_FEW);
    // A minute without a delay named: fewer and fewer requests.
    else assert.ok(attempts >= 4, `${attempts} requests`);

    const isItsOwn = reaction.describe.startsWith("item ");
    const expected = isItsOwn ? ["item", reaction.describe, "item"] : reaction.describe;
    assert.deepEqual(await described(reaction), expected);

    if (reaction.attempts === "once") return;
    const { changes } = await failing(reaction, 1).changes();
    assert.equal(changes.length, 3);
  });
}

Deno.test("every code of the table has its reaction, through the client", () => {
  const covered = new Set(
    [...REACTIONS.values()].map(({ status, code }) => code ?? `Http${status}`),
  );
  const own = ["ResponseNotJson", "ResponseNotMime", "ResponseTooLarge"];
  const missing = Object.keys(GRAPH_CODES).filter((code) => !covered.has(code));
  assert.deepEqual(missing.toSorted(), own);
});

Deno.test("who may not read a mailbox is told how to allow it for this one alone", async () => {
  const { hint = "" } = await errorOf(
    failing({ ...REACTIONS.get("ErrorAccessDenied")! }, Infinity).changes(),
  );
  for (
    const part of [
      "New-ServicePrincipal -AppId",
      "New-ManagementScope",
      'New-ManagementRoleAssignment -App CLIENT-ID -Role "Application Mail.Read" -CustomResourceScope',
      "do not also consent",
    ]
  ) assert.ok(hint.includes(part), part);
});
