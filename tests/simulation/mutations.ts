import type { Property } from "./violation.ts";

/** A defect that somebody might make, as an exchange of text in one file of the product. */
export interface Mutation {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Seeds of `simulation_test.ts`, one of which must find it; begun where that is soon. */
  readonly firstSeed: number;
  readonly seeds: number;
  /** The property that does not hold. */
  readonly property: Property;
}

export interface Edit {
  readonly file: string;
  /** Stands in the file exactly once: where the code has moved on, so must the mutation. */
  readonly text: string;
  readonly mutated: string;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "a state is written before its page is delivered",
    edits: [{
      file: "src/sync/pass_progress.ts",
      text: "    const settlement = await this.#deliver(parts);\n",
      mutated: "    const early = parts.flatMap((part) => part.itemIds);\n" +
        "    await this.#pass.states.commit(advance({ itemIds: early, skipped: [] }), this.signal);\n" +
        "    const settlement = await this.#deliver(parts);\n",
    }],
    firstSeed: 0,
    seeds: 6,
    property: "P4",
  },
  {
    name: "a folder is listed before its token is taken",
    edits: [
      {
        file: "src/sync/pass_folder.ts",
        text: 'import { drainFolder } from "./drain_folder.ts";\n',
        mutated: 'import { drainFolder } from "./drain_folder.ts";\n' +
          'import { advanceBackfill } from "../core/sync_state.ts";\n' +
          'import { listedPages } from "./listed_pages.ts";\n',
      },
      {
        file: "src/sync/pass_folder.ts",
        text:
          '  if (progress.state.phase.name === "draining") await drainFolder(pass, at, progress);\n',
        mutated: '  if (progress.state.phase.name === "draining") {\n' +
          "    const listing = Array.fromAsync(listedPages(pass, at, {}));\n" +
          "    const pages = await listing.catch(() => undefined);\n" +
          "    await drainFolder(pass, at, progress);\n" +
          "    const { state } = progress;\n" +
          '    if (pages && state.phase.name === "backfilling") {\n' +
          "      const page = { coveredUntil: pass.startedAt };\n" +
          "      await progress.settle([{ itemIds: pages.flat() }], (settlement) =>\n" +
          "        advanceBackfill(state, page, settlement, pass.startedAt));\n" +
          "    }\n" +
          "  }\n",
      },
    ],
    firstSeed: 10,
    seeds: 6,
    property: "P4",
  },
  {
    name: "a busy server's delay is ignored",
    edits: [{
      file: "src/source/throttle_gate.ts",
      text: "this.#gates.find((gate) => gate.#closedMs > 0)",
      mutated: "this.#gates.find((gate) => gate.#closedMs > 3_600_000)",
    }],
    firstSeed: 0,
    seeds: 6,
    property: "P7",
  },
  {
    name: "the table of errors has an item that is gone tried again",
    edits: [{
      file: "src/ews/response_code_table.ts",
      text: "  ErrorItemNotFound: ASKED,\n",
      mutated: "  ErrorItemNotFound: RETRY,\n",
    }],
    firstSeed: 0,
    seeds: 6,
    property: "P1",
  },
  {
    name: "a listing's position is not carried over",
    edits: [{
      file: "src/core/sync_state.ts",
      text: '  assert(phase.name === "backfilling", "only a backfilling folder is backfilled");\n' +
        "  const next: FolderPhase = page.next\n" +
        "    ? { ...phase, position: page.next }\n",
      mutated:
        '  assert(phase.name === "backfilling", "only a backfilling folder is backfilled");\n' +
        "  const next: FolderPhase = page.next\n" +
        "    ? phase\n",
    }],
    firstSeed: 0,
    seeds: 6,
    property: "P6",
  },
  {
    name: "a page ends one item too early",
    edits: [{
      file: "src/source/listing.ts",
      text: "  const itemIds = items.map(({ itemId }) => itemId);\n" +
        "  const next = positionAfter",
      mutated: "  const itemIds = items.slice(0, complete ? undefined : -1)\n" +
        "    .map(({ itemId }) => itemId);\n" +
        "  const next = positionAfter",
    }],
    firstSeed: 0,
    seeds: 6,
    property: "P4",
  },
  {
    name: "a living folder is paged by offset",
    edits: [
      {
        file: "src/source/listing.ts",
        text: "from: start?.receivedAt ?? since",
        mutated: "from: since",
      },
      {
        file: "src/source/listing.ts",
        text: "time.getTime() === receivedAt.getTime() ? settledAtThatTime + 1 : 1",
        mutated: "settledAtThatTime + 1",
      },
      {
        file: "src/source/listing.ts",
        text: "if (page.items[0]?.itemId !== position?.lastItemId) {",
        mutated: "if (page.items.length === 0 && !page.complete) {",
      },
    ],
    firstSeed: 27,
    seeds: 6,
    property: "P4",
  },
  {
    name: "a folder is believed for ever that says it has not changed",
    edits: [{
      file: "src/sync/quiet_folders.ts",
      text: "      this.#env.clock.monotonicMs() < reading.askAgainAtMs &&\n",
      mutated: "",
    }],
    firstSeed: 0,
    seeds: 12,
    property: "P6",
  },
];
