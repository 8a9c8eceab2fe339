import assert from "node:assert/strict";
import type { SimulatedExchange } from "../exchange/simulated_exchange.ts";
import {
  assertStatesBehind,
  type ExpectedMail,
  folderName,
  type FolderProgress,
  untilByFolder,
} from "./expected_mail.ts";
import {
  expectedRecords,
  isStoredAs,
  type PlatformCustomer,
  progressOf,
  stored,
} from "./platform_customer.ts";

/** The documented overlap: a restart begins so long before where the records say it was. */
const OVERLAP_MS = 3_600_000;
/** Answers of Exchange show whole seconds, and so do the records. */
const SECOND_MS = 1_000;

/** Looks at the platform after each death of an appliance, and remembers what it saw. */
export class PlatformWitness {
  readonly #set: PlatformCustomer;
  readonly #expected: ReadonlyMap<string, readonly ExpectedMail[]>;
  #progress: readonly FolderProgress[] = [];
  /** How many PUTs there were at the last look. */
  #puts = 0;

  constructor(set: PlatformCustomer, exchange: SimulatedExchange) {
    this.#set = set;
    this.#expected = expectedRecords(exchange);
  }

  /**
   * Asserts that no record is ahead of what is stored, that none has gone backwards since the last
   * look, and that nothing was sent again that lies longer before them than the overlap.
   */
  look(): void {
    this.#assertBehind();
    this.#assertNothingOldAgain();
    const before = untilByFolder(this.#progress);
    const after = untilByFolder(this.#progress = progressOf(this.#set));
    for (const [folder, until] of before) {
      assert.ok((after.get(folder)?.getTime() ?? 0) >= until.getTime(), `${folder} fell back`);
    }
    this.#puts = this.#set.platform.ledger.puts.length;
  }

  #assertBehind(): void {
    const byId = new Map(stored(this.#set).map((email) => [email.id, email]));
    const all = [...this.#expected.values()].flat();
    assertStatesBehind(progressOf(this.#set), all, ({ id }) => {
      const email = byId.get(id);
      return email !== undefined && this.#of(id).some((one) => isStoredAs(email, one));
    });
  }

  #assertNothingOldAgain(): void {
    const until = untilByFolder(this.#progress);
    const sent = this.#set.platform.ledger.puts.slice(this.#puts).flatMap(({ ids }) => ids);
    for (const id of sent) {
      const isInOverlap = this.#of(id).some((email) => {
        const syncedUntil = until.get(folderName(email))?.getTime() ?? 0;
        return email.receivedAt.getTime() >= syncedUntil - OVERLAP_MS - SECOND_MS;
      });
      assert.ok(isInOverlap, `${id} was settled long before, and is sent again`);
    }
  }

  #of(id: string): readonly ExpectedMail[] {
    return this.#expected.get(id) ?? assert.fail(`${id} is the id of no email`);
  }
}

/** How many emails were sent more often than once, each time counted. */
export function sentAgain(set: PlatformCustomer): number {
  return stored(set).reduce((sum, { stores }) => sum + stores - 1, 0);
}
