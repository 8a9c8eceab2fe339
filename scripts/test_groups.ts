/** Tests that run together: with the same permissions, and within one time limit. */
export interface TestGroup {
  readonly name: string;
  /** Folders with a final slash. Every test file of the repository belongs to exactly one group. */
  readonly folders: readonly string[];
  /** Options of `deno test`. */
  readonly permissions: readonly string[];
  /** Starts `dist/reinfer-ews`. */
  readonly needsBuild: boolean;
  /** Only with `--all`. */
  readonly long: boolean;
  readonly timeoutMs: number;
  /** Test files at a time; absent: one for each processor. */
  readonly jobs?: number;
}

const MINUTE_MS = 60_000;

/**
 * Reaches loopback and nothing else: no test may depend on a network. The name without an address is
 * asked for because it has none.
 */
const CONFINED: readonly string[] = [
  "--allow-read",
  "--allow-write",
  "--allow-net=127.0.0.1,localhost,[::1],0.0.0.0,exchange.invalid",
  "--allow-env=REINFER_EWS_TEST_*",
  "--allow-sys=uid", // for errors about files that belong to somebody else
  // Packages look for variables of their own when they are loaded.
  "--ignore-env",
];

const USUAL = { needsBuild: false, long: false, timeoutMs: 5 * MINUTE_MS } as const;

export const TEST_GROUPS: readonly TestGroup[] = [
  {
    ...USUAL,
    name: "unit",
    folders: ["src/"],
    // Some start a process to kill it, or mount a small disk to fill it.
    permissions: [...CONFINED, "--allow-run"],
  },
  {
    ...USUAL,
    name: "scripts",
    folders: ["scripts/"],
    permissions: ["--allow-read", "--allow-write", "--allow-env", "--allow-run"],
  },
  // Memory is read below /proc, where Deno lets only a program with all permissions look.
  { ...USUAL, name: "bench", folders: ["bench/"], permissions: ["--allow-all"] },
  // The simulated server is itself under test, and its answers against Microsoft's schema.
  {
    ...USUAL,
    name: "exchange",
    folders: ["tests/exchange/", "tests/conformance/"],
    // A socket option that Deno does not offer is set through the C library, for which the socket
    // is looked up below /proc/self. Deno lets only a program with all permissions look there.
    permissions: ["--allow-all"],
  },
  // The simulated Graph, for the same reason: the socket option.
  { ...USUAL, name: "graph", folders: ["tests/graph/"], permissions: ["--allow-all"] },
  { ...USUAL, name: "contract", folders: ["tests/contract/"], permissions: CONFINED },
  { ...USUAL, name: "proxy", folders: ["tests/proxy/"], permissions: CONFINED },
  {
    ...USUAL,
    name: "simulation",
    folders: ["tests/simulation/"],
    // Mutated copies of the source run as processes of their own.
    permissions: [...CONFINED, "--allow-run"],
    // Two minutes of both processors, of which a busy machine gives less.
    timeoutMs: 15 * MINUTE_MS,
  },
  // Servers that others wrote, unpacked from Debian packages on first use.
  { ...USUAL, name: "ntlm", folders: ["tests/ntlm_servers/"], permissions: ["--allow-all"] },
  // Azure's own emulator, and servers that stand in for Entra ID and a machine's identity.
  { ...USUAL, name: "azure", folders: ["tests/azure/"], permissions: ["--allow-all"] },
  // The simulated platform is itself under test; one test starts it as a process of its own.
  {
    ...USUAL,
    name: "platform",
    folders: ["tests/platform/"],
    permissions: [...CONFINED, "--allow-run"],
  },
  {
    name: "e2e",
    folders: ["tests/e2e/"],
    permissions: ["--allow-all"],
    needsBuild: true,
    long: false,
    timeoutMs: 18 * MINUTE_MS,
    // They mostly wait for processes of theirs.
    jobs: 3,
  },
  // The status page in a real browser and the metrics in Prometheus' own checker, both unpacked from
  // Debian packages on first use.
  {
    ...USUAL,
    name: "status",
    folders: ["tests/browser/", "tests/monitoring/"],
    permissions: ["--allow-all"],
    needsBuild: true,
  },
  { ...USUAL, name: "docs", folders: ["tests/docs/"], permissions: ["--allow-read"] },
  // The image, by Podman of Debian's packages; commands are those of docs/container.md.
  {
    ...USUAL,
    name: "containers",
    folders: ["tests/containers/"],
    permissions: ["--allow-all"],
    needsBuild: true,
  },
  // A machine with a systemd of its own, files of Kubernetes, releases.
  {
    ...USUAL,
    name: "deploy",
    folders: ["tests/deploy/"],
    // One test listens where systemd would, with datagrams.
    permissions: ["--allow-all", "--unstable-net"],
    needsBuild: true,
  },
  {
    name: "long",
    folders: ["tests/long/"],
    permissions: ["--allow-all"],
    needsBuild: true,
    long: true,
    timeoutMs: 60 * MINUTE_MS,
  },
];
