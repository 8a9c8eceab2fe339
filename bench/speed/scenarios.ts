import type { ServerOptions } from "./exchange_process.ts";
import type { SubjectName } from "./subjects.ts";

/** What is measured against one server, in turn, so that all of it meets the same minute. */
export interface Scenario {
  readonly name: string;
  /** For people. */
  readonly about: string;
  readonly server: ServerOptions;
  readonly subjects: readonly SubjectName[];
  /** Without `--all` and without names. */
  readonly isQuick?: boolean;
  /** Where one run already is many, or long. */
  readonly runs?: number;
}

const MIX = {
  mail: "mix",
  emails: 4_000,
  mailboxes: 1,
  folders: 20,
  latencyMs: 0,
  transport: "plain",
} as const satisfies ServerOptions;

const PEERS = ["engine", "bare", "exchangelib-patched"] as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "engine-0ms",
    about: "the engine into nothing beside its peers; the server answers at once",
    server: MIX,
    subjects: PEERS,
    isQuick: true,
  },
  {
    name: "engine-30ms",
    about: "the same with 30 ms before each answer",
    server: { ...MIX, latencyMs: 30 },
    subjects: PEERS,
    isQuick: true,
  },
  {
    name: "engine-150ms",
    about: "the same with 150 ms",
    server: { ...MIX, latencyMs: 150 },
    subjects: PEERS,
  },
  {
    name: "exchangelib-as-is",
    about: "exchangelib as it comes, which reads answers byte by byte",
    server: { ...MIX, emails: 1_000 },
    subjects: ["exchangelib"],
    runs: 1,
  },
  {
    name: "engine-20000",
    about: "20,000 emails",
    server: { ...MIX, emails: 20_000 },
    subjects: ["engine", "bare"],
  },
  {
    name: "corpus",
    about: "real emails: small ones",
    server: { ...MIX, mail: "corpus" },
    subjects: PEERS,
  },
  {
    name: "mailboxes-10",
    about: "ten mailboxes",
    server: { ...MIX, mailboxes: 10 },
    subjects: ["engine"],
  },
  {
    name: "mailboxes-100",
    about: "a hundred mailboxes",
    server: { ...MIX, mailboxes: 100 },
    subjects: ["engine"],
  },
  {
    name: "local",
    about: "the executable into local files over NTLM and TLS, beside a bare loop on the same disk",
    server: { ...MIX, transport: "ntlm" },
    subjects: ["local", "disk", "disk-unsynced"],
    isQuick: true,
  },
  {
    name: "local-plain",
    about: "into local files over plain HTTP",
    server: MIX,
    subjects: ["local"],
  },
  {
    name: "local-oauth",
    about: "into local files over OAuth and TLS",
    server: { ...MIX, transport: "oauth" },
    subjects: ["local"],
  },
  {
    name: "local-30ms",
    about: "into local files over NTLM and TLS, 30 ms before each answer",
    server: { ...MIX, transport: "ntlm", latencyMs: 30 },
    subjects: ["local"],
  },
  {
    name: "platform",
    about: "into the simulated platform over NTLM and TLS",
    server: { ...MIX, emails: 2_000, transport: "ntlm" },
    subjects: ["platform"],
    isQuick: true,
  },
  {
    name: "azurite",
    about: "into Azure's own emulator over NTLM and TLS",
    server: { ...MIX, emails: 1_000, transport: "ntlm" },
    subjects: ["azurite"],
  },
  {
    name: "huge",
    about: "ten emails of 150 MB over NTLM and TLS",
    server: { ...MIX, mail: "huge", emails: 10, transport: "ntlm" },
    subjects: ["local"],
    runs: 1,
  },
  {
    name: "huge-platform",
    about: "three emails of 150 MB into the simulated platform",
    server: { ...MIX, mail: "huge", emails: 3, transport: "ntlm" },
    subjects: ["platform"],
    runs: 1,
  },
  {
    name: "huge-azurite",
    about: "three emails of 150 MB into the emulator",
    server: { ...MIX, mail: "huge", emails: 3, transport: "ntlm" },
    subjects: ["azurite"],
    runs: 1,
  },
  {
    name: "linear-1",
    about: "what the three below are ten times of",
    server: { ...MIX, emails: 2_000 },
    subjects: ["engine"],
  },
  {
    name: "linear-emails",
    about: "ten times the emails",
    server: { ...MIX, emails: 20_000 },
    subjects: ["engine"],
  },
  {
    name: "linear-mailboxes",
    about: "ten times the mailboxes, each as before",
    server: { ...MIX, emails: 20_000, mailboxes: 10 },
    subjects: ["engine"],
  },
  {
    name: "linear-folders",
    about: "ten times the folders, each as before",
    server: { ...MIX, emails: 20_000, folders: 200 },
    subjects: ["engine"],
  },
  {
    name: "folders-5000",
    about: "a mailbox of 5,000 folders, one email in each",
    server: { ...MIX, emails: 5_000, folders: 5_000 },
    subjects: ["engine"],
    runs: 1,
  },
  {
    name: "mailboxes-1000",
    about: "1,000 mailboxes of 5 folders on one instance",
    server: { ...MIX, emails: 5_000, mailboxes: 1_000, folders: 5 },
    subjects: ["engine"],
    runs: 1,
  },
  {
    name: "items-1000000",
    about:
      "a folder of 1,000,000 items, of which the newest 5,000 are wanted; killed in the middle",
    server: { ...MIX, mail: "many", emails: 1_000_000 },
    subjects: ["killed"],
    runs: 1,
  },
  {
    name: "idle",
    about: "500 mailboxes of 20 folders without new mail, a round every 15 s, over NTLM and TLS",
    server: { ...MIX, mail: "nothing", emails: 0, mailboxes: 500, transport: "ntlm" },
    subjects: ["idle"],
    runs: 1,
  },
  {
    name: "start",
    about: "ten starts of the executable, and its size",
    server: { ...MIX, mail: "nothing", emails: 0 },
    subjects: ["start"],
    isQuick: true,
    runs: 1,
  },
];

/**
 * Those that are named, in the order of the table; else all, or the quick ones.
 * @throws TypeError for a name that none has.
 */
export function selectScenarios(
  names: readonly string[],
  { all }: { readonly all: boolean },
): readonly Scenario[] {
  const unknown = names.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    const known = SCENARIOS.map(({ name }) => name).join(", ");
    throw new TypeError(`There is no scenario "${unknown}"; there are ${known}`);
  }
  if (names.length > 0) return SCENARIOS.filter(({ name }) => names.includes(name));
  return SCENARIOS.filter(({ isQuick }) => all || isQuick);
}
