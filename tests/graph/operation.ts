import type { AnswerPart, MimePart } from "../exchange/answer_bytes.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { type Json, jsonParts } from "./json_parts.ts";
import type { Preferences } from "./preferences.ts";
import type { OptionRules, QueryOptions } from "./query_options.ts";

/** One request to a mailbox, as far as it is the same for all operations. */
export interface GraphCall {
  readonly mailbox: SimulatedMailbox;
  /** The user as the URL names it: address or id. */
  readonly user: string;
  /** Where links in answers begin. */
  readonly origin: string;
  /** Keys of the URL in order: folder, message, attachment. */
  readonly keys: readonly string[];
  readonly options: QueryOptions;
  readonly preferences: Preferences;
}

/** What an operation answers with: JSON, or the bytes behind `$value`. */
export type Content =
  | { readonly parts: readonly AnswerPart[]; readonly items: number }
  | { readonly value: MimePart; readonly contentType: string };

export interface Operation extends OptionRules {
  /** For the ledger and for faults. */
  readonly name: string;
  /** Segments below the user, in lower case; `*` stands for a key. */
  readonly path: readonly string[];
  /** Throws `GraphError`. */
  answer(call: GraphCall): Content;
}

/** Where a collection goes on, if it does. */
export interface CollectionLinks {
  readonly nextLink?: string | undefined;
  readonly deltaLink?: string | undefined;
  readonly count?: number | undefined;
}

/** A collection as OData writes it; `type` describes what it holds. */
export function collection(
  { origin }: GraphCall,
  type: string,
  value: readonly Json[],
  { nextLink, deltaLink, count }: CollectionLinks = {},
): Content {
  const body = {
    "@odata.context": `${origin}/v1.0/$metadata#${type}`,
    "@odata.count": count,
    "@odata.nextLink": nextLink,
    "@odata.deltaLink": deltaLink,
    "value": value,
  };
  return { parts: jsonParts(body), items: value.length };
}

/** One resource; `set` describes the collection it belongs to. */
export function entity({ origin }: GraphCall, set: string, resource: Json): Content {
  const context = `${origin}/v1.0/$metadata#${set}/$entity`;
  return { parts: jsonParts({ "@odata.context": context, ...Object(resource) }), items: 1 };
}

/** The collection of a user's mailbox as links and contexts write it. */
export function userPath({ user }: GraphCall, below: string): string {
  return `users('${encodeURIComponent(user)}')/${below}`;
}
