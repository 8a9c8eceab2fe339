import assert from "node:assert/strict";
import { mapBounded } from "../../src/core/map_bounded.ts";
import { storedEmailOf } from "../contract/stored_email_of.ts";
import type { AzureCustomer } from "./azure_customer.ts";
import { progressOfState, type StateJson } from "./customer.ts";
import {
  assertStatesBehind,
  type ExpectedMail,
  expectedMail,
  type FolderProgress,
  toldOf,
} from "./expected_mail.ts";

/** The emulator answers no sooner when it is asked for more at one time. */
const READS_IN_FLIGHT = 8;

/** Looks at the container after each death of an appliance, and remembers what it saw. */
export class AzureWitness {
  readonly #set: AzureCustomer;
  readonly #expected: readonly ExpectedMail[];
  /** What `toldOf` says of each email seen, by the name of its record. */
  readonly #seen = new Map<string, string>();

  constructor(set: AzureCustomer) {
    this.#set = set;
    this.#expected = expectedMail(set.exchange);
  }

  /**
   * Asserts that what was stored since the last look is whole, that nothing has gone that was there,
   * and that no state is ahead of what is stored.
   */
  async look(): Promise<void> {
    const names = await this.#set.reader.names();
    const records = names.filter((name) => /\/data\/.*\.json$/.test(name));
    const there = new Set(records);
    for (const name of this.#seen.keys()) assert.ok(there.has(name), `"${name}" has gone`);
    const fresh = records.filter((name) => !this.#seen.has(name));
    await mapBounded(fresh, READS_IN_FLIGHT, async (name) => {
      this.#seen.set(name, await this.#read(name));
    });
    const stored = new Set(this.#seen.values());
    const progress = await this.#progress(names);
    assertStatesBehind(progress, this.#expected, (email) => stored.has(toldOf(email)));
  }

  /** Asserts that every email is there once, with nothing beside it. */
  async assertComplete(): Promise<void> {
    await this.look();
    assert.deepEqual([...this.#seen.values()].sort(), this.#expected.map(toldOf).sort());
    const names = await this.#set.reader.names();
    const contents = names.filter((name) => name.endsWith(".eml"));
    assert.equal(contents.length, this.#seen.size, "no content without its record");
  }

  async #read(name: string): Promise<string> {
    const { reader } = this.#set;
    const record = await reader.text(name);
    const mime = await reader.bytes(name.replace(/json$/, "eml"));
    const { id, folder, mimeSha256 } = storedEmailOf({ name, record, mime });
    const { mailbox } = JSON.parse(record);
    return toldOf({ mailbox, folder, id, sha256: mimeSha256 });
  }

  async #progress(names: readonly string[]): Promise<readonly FolderProgress[]> {
    const states = names.filter((name) => /\/state\/.*\/folder-[0-9a-f]{32}\.json$/.test(name));
    const found = await mapBounded(states, READS_IN_FLIGHT, async (name) => {
      const state: StateJson = JSON.parse(await this.#set.reader.text(name));
      return progressOfState(state);
    });
    return found.flat();
  }
}

/** Ends the leases of a dead appliance, which would end by themselves within a minute. */
export async function breakLeases({ reader }: AzureCustomer): Promise<void> {
  for (const name of await reader.names()) {
    if (!name.endsWith("/lock")) continue;
    const headers = await reader.headers(name);
    if (headers.get("x-ms-lease-state") === "leased") await reader.breakLease(name);
  }
}
