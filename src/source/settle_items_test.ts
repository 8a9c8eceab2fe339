import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { EWS_FAILURES, syncErrorOfCode } from "../ews/response_codes.ts";
import type { ItemAnswer } from "./item_answer.ts";
import { settleItems } from "./settle_items.ts";
import { NO_ABORT, testEnv } from "./testing/test_env.ts";

const errorOf = (code: string) => syncErrorOfCode({ code, text: "No." }, "item");

/** What happens to one item at its `asked`-th request (from 1), made for `size` items. */
type Fate = (itemId: string, asked: number, size: number) => string | undefined;

interface Run {
  readonly requests: readonly (readonly string[])[];
  readonly outcomes: Readonly<Record<string, string>>;
  readonly tookMs: number;
}

/** Settles items; `fate` gives the code an item fails with, `whole` one for a whole request. */
async function run(ids: readonly string[], fate: Fate, whole?: Fate): Promise<Run> {
  const env = testEnv();
  const asked = new Map<string, number>();
  const requests: (readonly string[])[] = [];
  const ask = (itemIds: readonly string[]): Promise<readonly ItemAnswer<string>[]> => {
    requests.push(itemIds);
    for (const id of itemIds) asked.set(id, (asked.get(id) ?? 0) + 1);
    const failure = whole?.(itemIds[0]!, asked.get(itemIds[0]!)!, itemIds.length);
    if (failure) return Promise.reject(errorOf(failure));
    return Promise.resolve(itemIds.map((itemId) => {
      const code = fate(itemId, asked.get(itemId)!, itemIds.length);
      return code ? { itemId, error: errorOf(code) } : { itemId, value: `value of ${itemId}` };
    }));
  };
  const startedMs = env.clock.monotonicMs();
  const settled = await env.clock.runUntil(
    settleItems(ids, { ...NO_ABORT, env, failures: EWS_FAILURES, ask }),
  );
  assert.deepEqual([...settled.keys()].sort(), [...ids].sort());
  const outcomes = [...settled].map(([id, answer]) =>
    [id, "error" in answer ? `${answer.error.kind} ${answer.error.code}` : answer.value] as const
  );
  return {
    requests,
    outcomes: Object.fromEntries(outcomes),
    tookMs: env.clock.monotonicMs() - startedMs,
  };
}

const works: Fate = () => undefined;

Deno.test("items that all work take one request, none take none", async () => {
  const { requests, outcomes } = await run(["a", "b"], works);
  assert.deepEqual(requests, [["a", "b"]]);
  assert.deepEqual(outcomes, { a: "value of a", b: "value of b" });
  assert.deepEqual((await run([], works)).requests, []);
});

Deno.test("an item that is gone is settled at once, one that fails is asked for once more alone", async () => {
  const { requests, outcomes, tookMs } = await run(
    ["gone", "bad", "lonely", "good"],
    (id, _asked, size) =>
      id === "gone"
        ? "ErrorItemNotFound"
        : id === "bad" || (id === "lonely" && size > 1)
        ? "ErrorMimeContentConversionFailed"
        : undefined,
  );
  assert.deepEqual(requests, [["gone", "bad", "lonely", "good"], ["bad"], ["lonely"]]);
  assert.deepEqual(outcomes, {
    gone: "item ErrorItemNotFound",
    bad: "item ErrorMimeContentConversionFailed",
    lonely: "value of lonely",
    good: "value of good",
  });
  assert.equal(tookMs, 0);
});

Deno.test("the rest of a batch that was stopped goes into a new request without a pause", async () => {
  const { requests, tookMs } = await run(
    ["a", "b", "c"],
    (id, asked) => id !== "a" && asked === 1 ? "ErrorBatchProcessingStopped" : undefined,
  );
  assert.deepEqual(requests, [["a", "b", "c"], ["b", "c"]]);
  assert.equal(tookMs, 0);
});

Deno.test("a request in which nothing could be settled is repeated after a pause", async () => {
  const { requests, outcomes, tookMs } = await run(
    ["a", "b"],
    (_id, asked) => asked <= 2 ? "ErrorServerBusy" : undefined,
  );
  assert.equal(requests.length, 3);
  assert.deepEqual(outcomes, { a: "value of a", b: "value of b" });
  assert.ok(tookMs >= 2_000);
});

Deno.test("a request that times out as a whole is halved until it fits", async () => {
  const tooLong: Fate = (_id, _asked, size) => size > 2 ? "ErrorTimeoutExpired" : undefined;
  const { requests, outcomes } = await run(["a", "b", "c", "d", "e"], works, tooLong);
  assert.deepEqual(requests.map(({ length }) => length), [5, 3, 2, 1, 2]);
  assert.equal(Object.keys(outcomes).length, 5);
});

Deno.test("one poisonous item is isolated, tried a few times and given up; the others arrive", async () => {
  const poison: Fate = (id) => id === "p" ? "ErrorInternalServerError" : undefined;
  const whole = (): string | undefined => undefined;
  const perItem = await run(["a", "b", "p", "c"], poison, whole);
  assert.equal(perItem.outcomes["p"], "item ErrorInternalServerError");
  assert.equal(perItem.outcomes["c"], "value of c");
  assert.equal(perItem.requests.filter((ids) => ids.length === 1 && ids[0] === "p").length, 5);

  const env = testEnv();
  const ask = (ids: readonly string[]): Promise<readonly ItemAnswer<string>[]> =>
    ids.includes("p")
      ? Promise.reject(errorOf("ErrorInternalServerError"))
      : Promise.resolve(ids.map((itemId) => ({ itemId, value: itemId })));
  const settled = await env.clock.runUntil(
    settleItems(["a", "b", "p", "c"], { ...NO_ABORT, env, failures: EWS_FAILURES, ask }),
  );
  assert.deepEqual(
    [...settled].filter(([, answer]) => "error" in answer).map(([id]) => id),
    ["p"],
  );
});

/** A server that fails with `code` whenever `poison` is asked for, and answers a probe if it is `well`. */
async function runPoisoned(ids: readonly string[], code: string, well: () => boolean) {
  const env = testEnv();
  const requests: (readonly string[])[] = [];
  let probes = 0;
  const failed = new SyncError("retryable", code, "Failed");
  const settled = await env.clock.runUntil(settleItems(ids, {
    failures: EWS_FAILURES,
    ...NO_ABORT,
    env,
    ask: (itemIds): Promise<readonly ItemAnswer<string>[]> => {
      requests.push(itemIds);
      if (itemIds.includes("poison")) return Promise.reject(failed);
      return Promise.resolve(itemIds.map((itemId) => ({ itemId, value: itemId })));
    },
    probe: () => {
      probes++;
      return well() ? Promise.resolve() : Promise.reject(failed);
    },
  }));
  const outcomes = ids.map((id) => {
    const answer = settled.get(id)!;
    return "error" in answer ? `${answer.error.kind} ${answer.error.code}` : "value";
  });
  return { requests, outcomes, probes };
}

Deno.test("an item that brings the server down every time is isolated and given up, if the server is well otherwise", async () => {
  for (const code of ["Http500", "Http504", "Timeout", "ConnectionReset", "ResponseNotXml"]) {
    const { requests, outcomes, probes } = await runPoisoned(
      ["a", "poison", "b", "c"],
      code,
      () => true,
    );
    assert.deepEqual(outcomes, ["value", `item ${code}`, "value", "value"]);
    const sizes = requests.map(({ length }) => length);
    assert.deepEqual(sizes, [4, 4, 2, 2, 1, 1, 1, 1, 1, 1, 2]);
    assert.equal(probes, 3);
  }
});

Deno.test("while the server is down no item is to blame, and it is tried on", async () => {
  await assert.rejects(runPoisoned(["poison"], "Http500", () => false), {
    kind: "retryable",
    code: "Http500",
  });
  // It comes back without the item's being well: only now is that the item's own.
  let probes = 0;
  const { outcomes, requests } = await runPoisoned(["poison"], "Http500", () => ++probes > 2);
  assert.deepEqual(outcomes, ["item Http500"]);
  assert.equal(requests.length, 7);
});

Deno.test("a busy server is never taken for one that an item brings down", async () => {
  for (const code of ["Http503", "Http429", "ErrorServerBusy", "ConnectionRefused"]) {
    await assert.rejects(runPoisoned(["a", "poison"], code, () => true), {
      kind: "retryable",
      code,
    });
  }
});

Deno.test("what surely passes is tried until the budget is spent, and is never an item's fault", async () => {
  await assert.rejects(run(["a"], () => "ErrorServerBusy"), {
    code: "ErrorServerBusy",
    kind: "retryable",
  });
});

Deno.test("what only may pass and is no item's fault is tried a few times, then it is the mailbox's", async () => {
  let requests = 0;
  const failing = run(["a", "b"], works, () => {
    requests++;
    return "ErrorMailboxLogonFailed";
  });
  await assert.rejects(failing, { code: "ErrorMailboxLogonFailed", kind: "mailbox" });
  assert.equal(requests, 5);
});

Deno.test("an error that reaches beyond the items rejects", async () => {
  await assert.rejects(run(["a", "b"], (id) => id === "b" ? "ErrorAccountDisabled" : undefined), {
    code: "ErrorAccountDisabled",
    kind: "mailbox",
  });
  const env = testEnv();
  const ask = () => Promise.reject(new SyncError("fatal", "X", "Fatal"));
  await assert.rejects(settleItems(["a"], { ...NO_ABORT, env, failures: EWS_FAILURES, ask }), {
    kind: "fatal",
  });
});
