import { SyncError } from "../core/errors.ts";
import { answers, isDoubted } from "./doubted_request.ts";
import { ATTEMPTS_FEW, type FailureTable } from "./failure_table.ts";

/** How many things with failures are remembered; the oldest is forgotten first. */
const REMEMBERED_MAX = 1_000;

/**
 * Counts failures in a row that one poisonous item or attachment can cause every time: after a few
 * of them they are its own, so that it does not block its folder for ever.
 */
export class RepeatedFailures {
  readonly #failures: FailureTable;
  readonly #counts = new Map<string, number>();

  constructor(failures: FailureTable) {
    this.#failures = failures;
  }

  /**
   * The failure as it now counts: of kind `item` once there were `ATTEMPTS_FEW` of `id` in a row;
   * where the server may be to blame (`isDoubted`), only if it answers `probe`.
   */
  async judge(id: string, error: unknown, probe: () => Promise<void>): Promise<unknown> {
    if (!(error instanceof SyncError)) return error;
    const doubted = isDoubted(error);
    if (!doubted && !this.#failures.mayBeItemsFault(error)) return error;
    const count = (this.#counts.get(id) ?? 0) + 1;
    const isItsOwn = count >= ATTEMPTS_FEW && (!doubted || await answers(probe));
    if (!isItsOwn) this.#remember(id, count);
    else this.#counts.delete(id);
    return isItsOwn ? error.as("item") : error;
  }

  succeeded(id: string): void {
    this.#counts.delete(id);
  }

  #remember(id: string, count: number): void {
    this.#counts.delete(id);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size >= REMEMBERED_MAX && oldest !== undefined) this.#counts.delete(oldest);
    this.#counts.set(id, count);
  }
}
