import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { retry } from "../core/retry.ts";
import { countedByCode } from "./counted_by_code.ts";
import { doubtedRequest } from "./doubted_request.ts";
import { ATTEMPTS_FEW, type FailureTable } from "./failure_table.ts";
import type { ItemAnswer } from "./item_answer.ts";

export interface SettleOptions<T> extends CallOptions {
  readonly env: Env;
  /** What follows from the failures of the protocol. */
  readonly failures: FailureTable;
  /** Asks for some items once; answers in order, or rejects for all of them. */
  readonly ask: (itemIds: readonly string[]) => Promise<readonly ItemAnswer<T>[]>;
  /**
   * One harmless request that shows whether the mailbox answers; rejects if not. Absent: failures of
   * the server are never blamed on an item.
   */
  readonly probe?: () => Promise<void>;
}

/** Failures of the server after which several items are doubted: one may have been its own. */
const DOUBTED_TOGETHER_AFTER = 2;

/**
 * Asks for items until each is settled: it has a value, or an error of kind `item`.
 *
 * - What can pass is asked for again, after a pause only if nothing else could be settled: the rest
 *   of a batch that the server stopped (`ErrorBatchProcessingStopped`) goes into a new request.
 * - A request that fails as a whole, be it for its size or for one poisonous item, is halved until
 *   that item is alone; then it is tried `ATTEMPTS_FEW` times and given up.
 * - So is a request with which the server fails again and again although it answers others (`probe`).
 * - An item that fails among others is asked for once more alone (spec section 3).
 *
 * Rejects with an error that reaches beyond the items, or when the retry budget is spent. The ids
 * are distinct.
 */
export async function settleItems<T>(
  itemIds: readonly string[],
  options: SettleOptions<T>,
): Promise<ReadonlyMap<string, ItemAnswer<T>>> {
  const settled = new Map<string, ItemAnswer<T>>();
  const requests = itemIds.length === 0 ? [] : [itemIds];
  for (let request = requests.shift(); request; request = requests.shift()) {
    const { answers, again } = await askOnce(request, options);
    for (const answer of answers) settled.set(answer.itemId, answer);
    requests.unshift(...again);
  }
  return settled;
}

interface Progress<T> {
  readonly answers: readonly ItemAnswer<T>[];
  /** Requests still to be made; smaller than the one that was made. */
  readonly again: readonly (readonly string[])[];
}

/** One request, repeated until it brings some progress. */
async function askOnce<T>(
  itemIds: readonly string[],
  { env, signal, failures, ask, probe }: SettleOptions<T>,
): Promise<Progress<T>> {
  const isSingle = itemIds.length === 1;
  const request = async () => progressOf(await ask(itemIds));
  const failuresMax = isSingle ? ATTEMPTS_FEW : DOUBTED_TOGETHER_AFTER;
  try {
    return await retry(probe ? doubtedRequest(request, { failuresMax, probe }) : request, {
      env,
      signal,
      budgetMs: LIMITS.retryBudgetMs,
      // Of several items, smaller requests are the better second attempt.
      attemptsMax: countedByCode(
        (error) =>
          !failures.mayBeItemsFault(error)
            ? failures.attemptsMaxOf(error.code)
            : isSingle
            ? ATTEMPTS_FEW
            : 1,
      ),
    });
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    const isItsOwn = failures.mayBeItemsFault(error);
    const given = error.as(isItsOwn ? "item" : failures.kindWhenGivenUp(error, "item"));
    if (given.kind !== "item") throw given;
    if (isSingle) return { answers: [{ itemId: itemIds[0]!, error: given }], again: [] };
    return { answers: [], again: halvesOf(itemIds) };
  }
}

/** Throws the error that stands in the way of any progress. */
function progressOf<T>(outcomes: readonly ItemAnswer<T>[]): Progress<T> {
  const answers: ItemAnswer<T>[] = [];
  const alone: string[][] = [];
  const rest: { itemId: string; error: SyncError }[] = [];
  for (const outcome of outcomes) {
    if (!("error" in outcome)) answers.push(outcome);
    else if (outcome.error.kind === "retryable") rest.push(outcome);
    else if (outcome.error.kind !== "item") throw outcome.error;
    else if (outcomes.length > 1 && isWorthAsking(outcome.error)) alone.push([outcome.itemId]);
    else answers.push(outcome);
  }
  if (answers.length + alone.length === 0 && rest[0]) throw rest[0].error;
  const remaining = rest.map(({ itemId }) => itemId);
  return { answers, again: remaining.length > 0 ? [remaining, ...alone] : alone };
}

/** What says that there is no such thing: asking for it alone would tell nothing else. */
const GONE_CODES: ReadonlySet<string> = new Set([
  "ErrorItemNotFound",
  "ErrorFolderNotFound",
  "ItemNotFound",
]);

function isWorthAsking(error: SyncError): boolean {
  return !GONE_CODES.has(error.code);
}

function halvesOf(itemIds: readonly string[]): readonly (readonly string[])[] {
  const middle = Math.ceil(itemIds.length / 2);
  return [itemIds.slice(0, middle), itemIds.slice(middle)];
}
