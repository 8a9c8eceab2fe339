import { ServedProcess } from "../storm/served_process.ts";
import type { ExchangeReady, FirstTimes, ServerOptions } from "./exchange_process.ts";
import type { Figures } from "./figures.ts";
import { type MeasuredCommand, measuredRun } from "./measured_process.ts";

/** Where subjects are measured: a server, and a folder for what they write. */
export interface BenchScene {
  readonly exchange: ServedProcess<ExchangeReady>;
  readonly server: ServerOptions;
  /** On the disk that local files are measured on. */
  readonly folder: string;
  /** What `freshFolder` gave last, by name. */
  readonly folders: Map<string, string>;
}

/** Counts of the server that figures are made of. */
export interface ServerTotals {
  readonly requests: number;
  readonly requestsByOperation: Readonly<Record<string, number>>;
  readonly mimeServed: number;
}

/** Beside what is built: temporary files of a system often lie in memory. */
const FOLDERS = "build";
const MB = 1_000_000;

/**
 * The folder of a whole run of the benchmark, removed at its end and not before: file systems go
 * around what was deleted a moment ago (ext4 does for minutes), which takes longer than to create it.
 */
export async function benchFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  await Deno.mkdir(FOLDERS, { recursive: true });
  const path = await Deno.makeTempDir({ dir: FOLDERS, prefix: "bench-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Starts the server; it ends with `disposables`. */
export async function benchScene(
  server: ServerOptions,
  folder: string,
  disposables: AsyncDisposableStack,
): Promise<BenchScene> {
  const exchange = disposables.use(
    await ServedProcess.start<ExchangeReady>("../speed/exchange_process.ts", [
      JSON.stringify(server),
    ]),
  );
  return { exchange, server, folder, folders: new Map() };
}

/** A new folder with nothing in it. */
export async function freshFolder({ folder, folders }: BenchScene, name: string): Promise<string> {
  const fresh = await Deno.makeTempDir({ dir: folder, prefix: `${name}-` });
  folders.set(name, fresh);
  return fresh;
}

/**
 * Figures of a program that fetches all there is, once.
 * @throws Error if it does not.
 */
export async function measuredSync(
  { exchange }: BenchScene,
  command: MeasuredCommand,
): Promise<Figures> {
  const { emails, bytes } = exchange.ready;
  const before = await exchange.call<ServerTotals>("totals");
  const { last: { delivered, tookMs }, usage, startedMs } = await measuredRun(command);
  const after = await exchange.call<ServerTotals>("totals");
  if (delivered !== emails) {
    throw new Error(`${command.program} delivered ${delivered} emails of ${emails}`);
  }
  const { contentMs } = await exchange.call<FirstTimes>("first", startedMs);
  return {
    emailsPerS: emails / tookMs * 1_000,
    mbPerS: bytes / MB / tookMs * 1_000,
    cpuPer1000: usage.cpuSeconds / emails * 1_000,
    cpuS: usage.cpuSeconds,
    peakMib: usage.peakMib,
    requestsPer1000: (after.requests - before.requests) / emails * 1_000,
    ...(contentMs === undefined ? {} : { firstMs: contentMs - startedMs }),
  };
}
