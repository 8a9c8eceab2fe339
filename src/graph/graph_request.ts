import type { z } from "zod";
import { SyncError } from "../core/errors.ts";
import type { Reach } from "../source/failure_table.ts";

/** One Graph request and how its answer is read. Pure: whoever has a client sends it. */
export interface GraphRequest<T> {
  /** In logs and errors, e.g. `messages/delta`. */
  readonly name: string;
  /** How far a refusal of the request reaches. */
  readonly reach: Reach;
  /** Path and query below the endpoint; see `graphPath`. */
  readonly path: string;
  /** Preferences of the request beside the kind of ids, e.g. `odata.maxpagesize=100`. */
  readonly prefer?: readonly string[];
  /** Reads the answer's JSON; throws a `SyncError` for what is no such answer. */
  read(answer: unknown): T;
}

/** What `schema` makes of an answer, or the `retryable` error of an answer that is none. */
export function readAs<S extends z.ZodType>(schema: S, answer: unknown): z.output<S> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  // Names of fields are ours; what the answer has in their place is not repeated.
  const place = issue?.path.map(String).join(".").slice(0, 100) || "the whole";
  throw new SyncError(
    "retryable",
    "ResponseCorrupt",
    `Graph's answer cannot be read at "${place}"`,
  );
}
