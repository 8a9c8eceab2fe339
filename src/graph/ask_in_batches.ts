import type { CallOptions, Env } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { mapBounded } from "../core/map_bounded.ts";
import { chunksOf } from "../source/chunks_of.ts";
import type { ItemAnswer } from "../source/item_answer.ts";
import { settleItems } from "../source/settle_items.ts";
import type { GraphClient } from "./graph_client.ts";
import { GRAPH_FAILURES } from "./graph_errors.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import type { GraphRequest } from "./graph_request.ts";

export interface BatchesOptions<T> extends CallOptions {
  readonly env: Env;
  /** The request for one id, with the reach of an item. */
  readonly requestOf: (id: string) => GraphRequest<T>;
  readonly background?: boolean;
  /** One harmless request that shows whether the mailbox answers; rejects if not. */
  readonly probe: () => Promise<void>;
}

/**
 * Asks the same of many ids, twenty to a `$batch`, until each has its own answer: see `settleItems`.
 * Rejects with an error that reaches beyond them.
 */
export async function askInBatches<T>(
  client: GraphClient,
  mailbox: Mailbox,
  ids: readonly string[],
  { env, signal, requestOf, background = false, probe }: BatchesOptions<T>,
): Promise<ReadonlyMap<string, ItemAnswer<T>>> {
  const chunks = chunksOf([...new Set(ids)], GRAPH_LIMITS.batchRequests);
  const settled = await mapBounded(
    chunks,
    LIMITS.fetchesInFlight,
    (chunk) =>
      settleItems<T>(chunk, {
        env,
        signal,
        failures: GRAPH_FAILURES,
        probe,
        ask: async (some) => {
          const requests = some.map(requestOf);
          const outcomes = await client.batch(mailbox, requests, { signal, background });
          return some.map((itemId, index) => ({ itemId, ...outcomes[index]! }));
        },
      }),
  );
  return new Map(settled.flatMap((answers) => [...answers]));
}
