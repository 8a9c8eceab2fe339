import { decodeDeltaToken, type DeltaToken, encodeDeltaToken } from "./delta_token.ts";
import { ERRORS } from "./graph_errors.ts";
import { type GraphCall, userPath } from "./operation.ts";
import type { OptionName } from "./query_options.ts";

/** What delta refuses on messages and folders alike (delta-query-overview). */
export const REFUSED_WITH_DELTA = ["$search", "$skip", "$count"] as const;

const TOKENS = ["$skiptoken", "$deltatoken"] as const;

/** A call of delta: the options of its first call, and how far the client is. */
export interface DeltaQuery {
  readonly call: GraphCall;
  /** Absent: nothing has been told yet. */
  readonly token: DeltaToken | undefined;
}

/**
 * Options belong to the first call; the token stands for them afterwards, and they may not come
 * again beside it. Throws `GraphError`.
 */
export function deltaQueryOf(call: GraphCall): DeltaQuery {
  const given = TOKENS.flatMap((name) => call.options.get(name) ?? []);
  if (given.length === 0) return { call, token: undefined };
  if (call.options.size > 1) {
    const others = [...call.options.keys()].filter((name) => !isToken(name));
    throw ERRORS.invalidQuery(
      `The following parameters may not be repeated with a token: '${others.join(", ")}'.`,
    );
  }
  const token = decodeDeltaToken(given[0]!);
  if (!token) throw ERRORS.syncStateInvalid();
  return { call: { ...call, options: new Map(token.options) }, token };
}

/** The link to the next page, or to the next round where this one is over. */
export function deltaLinks(
  call: GraphCall,
  path: string,
  isComplete: boolean,
  token: Omit<DeltaToken, "options">,
): { readonly nextLink?: string; readonly deltaLink?: string } {
  const text = encodeDeltaToken({ ...token, options: [...call.options] });
  const url = `${call.origin}/v1.0/${userPath(call, path)}`;
  return isComplete
    ? { deltaLink: `${url}?$deltatoken=${text}` }
    : { nextLink: `${url}?$skiptoken=${text}` };
}

function isToken(name: OptionName): boolean {
  return TOKENS.some((token) => token === name);
}
