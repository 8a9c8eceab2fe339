import type { Clock, Entropy } from "../../src/core/env.ts";
import type {
  PlatformFault,
  PlatformRequestSeen,
} from "../../tests/platform/simulated_platform.ts";
import { BackoffWatch } from "./backoff_watch.ts";
import { DueFaults } from "./due_faults.ts";
import { exponential } from "./swarm.ts";
import { Tally } from "./tally.ts";

/** A storm of 429 refuses every request for so long, with this delay. */
const STORM_MS = 2_000;
const RETRY_AFTER_S = 3;
const SLOW_MS = 3_000;
/** A smaller upload is not refused as too large: of a large one it is believed. */
const LARGE_BYTES = 50_000;
const EVERYBODY = "everybody";

/** What the platform, and what is before it, does wrong in a storm. */
export const PLATFORM_FAULTS = [
  "429 storm",
  "500",
  "503 with a gateway's page",
  "409",
  "413",
  "reset before it stored",
  "reset after it stored",
  "slow answer",
] as const;

export type PlatformFaultKind = typeof PLATFORM_FAULTS[number];

/** Faults of the simulated platform: each meets the next request that it can happen to. */
export class FaultyPlatform {
  readonly watch: BackoffWatch;
  /** Faults that met a request. */
  readonly met = new Tally();
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #calm = new AbortController();
  readonly #due: DueFaults<PlatformFaultKind>;
  #stormUntilMs = -Infinity;

  constructor(clock: Clock, entropy: Entropy) {
    this.#clock = clock;
    this.#entropy = entropy;
    this.watch = new BackoffWatch(clock);
    this.#due = new DueFaults(clock);
  }

  /** One more request is to fail in this way. */
  due(kind: PlatformFaultKind): void {
    this.#due.add(kind);
  }

  /** From now on nothing fails any more. */
  calm(): void {
    this.#due.clear();
    this.#stormUntilMs = -Infinity;
    this.#calm.abort();
  }

  /** For `SimulatedPlatform.intercept`. */
  readonly intercept = (request: PlatformRequestSeen): PlatformFault | undefined => {
    this.watch.arrived(EVERYBODY);
    if (this.#clock.monotonicMs() < this.#stormUntilMs) return this.#refusal();
    const kind = this.#due.take((kind) => kind !== "413" || isLargeUpload(request));
    if (kind === undefined) return undefined;
    this.met.count(kind);
    return this.#faultOf(kind);
  };

  #faultOf(kind: PlatformFaultKind): PlatformFault {
    switch (kind) {
      case "429 storm":
        this.#stormUntilMs = this.#clock.monotonicMs() + STORM_MS;
        return this.#refusal();
      case "500":
        return { kind: "status", status: 500 };
      case "503 with a gateway's page":
        return { kind: "status", status: 503, body: "<html>Bad gateway</html>" };
      case "409":
        return { kind: "status", status: 409 };
      case "413":
        return { kind: "early", status: 413 };
      case "reset before it stored":
        return { kind: "reset", when: "before" };
      case "reset after it stored":
        return { kind: "reset", when: "after" };
      case "slow answer":
        return { kind: "slow", until: this.#aWhile() };
    }
  }

  #refusal(): PlatformFault {
    this.watch.ask(EVERYBODY, RETRY_AFTER_S * 1_000);
    return { kind: "status", status: 429, headers: { "retry-after": `${RETRY_AFTER_S}` } };
  }

  #aWhile(): Promise<void> {
    const ms = exponential(this.#entropy, SLOW_MS);
    return this.#clock.sleep(ms, { signal: this.#calm.signal }).catch(() => undefined);
  }
}

function isLargeUpload({ method, segments, headers }: PlatformRequestSeen): boolean {
  const isUpload = method === "PUT" && segments.at(-1) === "emails";
  return isUpload && Number(headers.get("content-length") ?? 0) > LARGE_BYTES;
}
