/** Resident memory of a process at one moment. */
export interface MemorySample {
  /** Since the process was started. */
  readonly atMs: number;
  readonly rssKib: number;
}

/** What a new process takes until then is no growth, ms. */
const WARM_UP_MS = 60_000;
/** A slope over less says more of the collector than of a leak. */
const SAMPLES_MIN = 60;

/** Resident memory now, KiB; nothing if the process is no more. */
export async function rssKibOf(pid: number): Promise<number | undefined> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kib === undefined ? undefined : Number(kib);
}

/**
 * How fast the memory of one life grows after its warm-up, KiB a minute, by least squares; nothing
 * where the life was too short to tell.
 */
export function slopeKibPerMinute(samples: readonly MemorySample[]): number | undefined {
  const points = samples.filter(({ atMs }) => atMs >= WARM_UP_MS);
  if (points.length < SAMPLES_MIN) return undefined;
  const minutes = points.map(({ atMs }) => atMs / 60_000);
  const sizes = points.map(({ rssKib }) => rssKib);
  const minuteMean = meanOf(minutes);
  const sizeMean = meanOf(sizes);
  const products = minutes.map((minute, at) => (minute - minuteMean) * (sizes[at]! - sizeMean));
  const squares = minutes.map((minute) => (minute - minuteMean) ** 2);
  return sumOf(products) / sumOf(squares);
}

function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
