import { ERRORS, NotModelled } from "./graph_errors.ts";

/** A request target taken apart (OData 4.01 URL conventions, section 4). */
export interface ResourcePath {
  /** Below the version; keys in parentheses count as segments, and none is encoded any more. */
  readonly segments: readonly string[];
  /** What follows the question mark, still encoded. */
  readonly query: string;
}

const VERSION = "/v1.0/";

/** Throws `GraphError` for what is no path of Graph v1.0. */
export function resourcePathOf(target: string): ResourcePath {
  const [path = "", ...query] = target.split("?");
  if (!path.toLowerCase().startsWith(VERSION)) throw new NotModelled(`the path of ${path}`);
  const segments = path.slice(VERSION.length).split("/").flatMap(segmentsIn);
  return { segments, query: query.join("?") };
}

/** `mailFolders('id')` is `mailFolders/id`; a function may come qualified and with parentheses. */
function segmentsIn(encoded: string): readonly string[] {
  const segment = decoded(encoded);
  const [, name, key] = /^(\w+)\('(.*)'\)$/s.exec(segment) ?? [];
  if (name !== undefined && key !== undefined) return [name, key.replaceAll("''", "'")];
  return [segment.replace(/^(?:microsoft\.graph\.)?delta(?:\(\))?$/, "delta")];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw ERRORS.badRequest("Invalid URI: the escape sequence is malformed.");
  }
}
