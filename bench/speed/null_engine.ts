/** The engine of the appliance over EWS into nothing, once: what it does where no sink is waited for. */
import { parseArgs } from "node:util";
import type { Env, Logger } from "../../src/core/env.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { observerOf } from "../../src/core/observer_of.ts";
import { Secret } from "../../src/core/secret.ts";
import { Semaphore } from "../../src/core/semaphore.ts";
import { createExchangeSource } from "../../src/ews/exchange_source.ts";
import { createBasicTransport } from "../../src/http/basic_transport.ts";
import { CredentialGate } from "../../src/http/credential_gate.ts";
import { systemClock, systemEntropy } from "../../src/runtime/system.ts";
import { DestinationGate } from "../../src/sync/destination_gate.ts";
import { StopController } from "../../src/sync/stop.ts";
import { superviseMailboxes } from "../../src/sync/supervisor.ts";
import { NullDestination } from "./null_destination.ts";

const { values, positionals: addresses } = parseArgs({
  allowPositionals: true,
  options: {
    endpoint: { type: "string", default: "" },
    user: { type: "string", default: "" },
    password: { type: "string", default: "" },
  },
});
const quiet = () => undefined;
const log: Logger = {
  error: console.error,
  warn: console.error,
  info: quiet,
  debug: quiet,
  trace: quiet,
  with: () => log,
};
const env: Env = { clock: systemClock, entropy: systemEntropy, log };
const endpoint = new URL(values.endpoint);
const stop = new StopController(env.clock);
const observer = observerOf();
const sink = new NullDestination();
await using transport = createBasicTransport({
  endpoint,
  user: values.user,
  password: new Secret(values.password),
  trust: { verify: true, extraRoots: [] },
  gate: new CredentialGate(values.user, env.clock),
  clock: env.clock,
});
const settings = {
  pollFrequencyMs: 15_000,
  pollMessageSleepMs: 0,
  emailsPerFolder: 1_000_000,
  batchSize: 80,
  retrySkipped: false,
  once: true,
};
const startedMs = performance.now();
const reports = await superviseMailboxes(
  {
    source: createExchangeSource({ transport, endpoint, accessType: "impersonation", env }),
    sink,
    states: sink,
    destination: new DestinationGate(sink, env, { stop, observer }),
    heldBytes: new Semaphore(LIMITS.heldMimeBytesTotal),
    backfills: new Semaphore(LIMITS.backfillsInFlight),
    startedAnew: new Map(),
    settings,
    env,
    observer,
    stop,
  },
  addresses.map((address) => ({
    address,
    bucket: { owner: "bench", name: "bench" },
    startFrom: "bucket",
  })),
);
const delivered = reports.reduce((sum, { counts }) => sum + counts.delivered, 0);
console.log(JSON.stringify({ delivered, tookMs: performance.now() - startedMs }));
