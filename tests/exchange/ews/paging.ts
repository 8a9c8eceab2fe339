import type { ContentReader } from "./content_reader.ts";
import { EwsError } from "./ews_errors.ts";

/** IndexedPageViewType; absent: everything the server's limit allows, from the beginning. */
export type PageView =
  | {
    readonly offset: number;
    readonly fromEnd: boolean;
    readonly maxEntries: number | undefined;
  }
  | undefined;

export interface Page<T> {
  readonly entries: readonly T[];
  /** Where the next page begins, counted from the view's base point; absent without a view. */
  readonly nextOffset: number | undefined;
  readonly total: number;
  readonly includesLast: boolean;
}

export function readPageView(reader: ContentReader | undefined): PageView {
  if (!reader) return undefined;
  const maxEntries = reader.integerAttribute("MaxEntriesReturned");
  const offset = reader.requiredIntegerAttribute("Offset");
  const base = reader.enumeratedAttribute(
    "BasePoint",
    ["Beginning", "End"],
    "IndexBasePointType",
  );
  reader.end();
  return { offset, fromEnd: base === "End", maxEntries };
}

/**
 * The part of a list a view shows. A server gives at most `entriesMax`, and fewer than asked without
 * any sign but `IncludesLastItemInRange`.
 */
export function pageOf<T>(all: readonly T[], view: PageView, entriesMax: number): Page<T> {
  refuseImpossible(view);
  const size = Math.min(view?.maxEntries ?? entriesMax, entriesMax);
  const offset = Math.min(view?.offset ?? 0, all.length);
  const entries = view?.fromEnd
    ? all.slice(Math.max(0, all.length - offset - size), all.length - offset)
    : all.slice(offset, offset + size);
  const next = offset + entries.length;
  return {
    entries,
    nextOffset: view && next,
    total: all.length,
    includesLast: next >= all.length,
  };
}

function refuseImpossible(view: PageView): void {
  if (view?.maxEntries !== undefined && view.maxEntries <= 0) {
    throw new EwsError(
      "ErrorInvalidPagingMaxRows",
      "MaxEntriesReturned must be greater than zero.",
    );
  }
  if (view && view.offset < 0) {
    throw new EwsError("ErrorInvalidIndexedPagingParameters", "Offset must be non-negative.");
  }
}

/** FindResponsePagingAttributes, with a blank before each. */
export function pagingAttributes<T>({ nextOffset, total, includesLast }: Page<T>): string {
  const offset = nextOffset === undefined ? "" : ` IndexedPagingOffset="${nextOffset}"`;
  return `${offset} TotalItemsInView="${total}" IncludesLastItemInRange="${includesLast}"`;
}
