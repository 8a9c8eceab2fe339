/** Which items of a folder, and the time by which they are ordered, oldest first. */
export interface ItemOrder extends TimeRange {
  /**
   * - `received`: those with a received time, by it.
   * - `created`: those without a received time, by the time of their creation.
   * - `modified`: all, by the time of their last modification.
   */
  readonly by: "received" | "created" | "modified";
}

/** Bounds on the time of an order; an absent one does not bind. */
export interface TimeRange {
  /** That time or later. */
  readonly from?: Date | undefined;
  /** Earlier than that time. */
  readonly until?: Date | undefined;
}

/** One page of a folder in an order. */
export interface PageRequest {
  readonly order: ItemOrder;
  /** Items to leave out from the beginning of that order. */
  readonly offset: number;
  readonly limit: number;
}

export interface FoundItem {
  readonly itemId: string;
  /** The time of the order, in whole seconds on most servers; absent where it is not shown. */
  readonly time?: Date;
}

export interface ItemPage {
  readonly items: readonly FoundItem[];
  /** Whether the order ends with this page; a page may be short without being the last. */
  readonly complete: boolean;
}
