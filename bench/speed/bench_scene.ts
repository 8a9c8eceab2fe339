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

/** Starts the server; it ends with `disposables`. */
export async function benchScene(
  server: ServerOptions,
  disposables: AsyncDisposableStack,
): Promise<BenchScene> {
  const exchange = disposables.use(
    await ServedProcess.start<ExchangeReady>("../speed/exchange_process.ts", [
      JSON.stringify(server),
    ]),
  );
  await Deno.mkdir(FOLDERS, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: FOLDERS, prefix: "bench-" });
  disposables.defer(() => Deno.remove(folder, { recursive: true }));
  return { exchange, server, folder };
}

/** A folder with nothing in it. */
export async function emptied(folder: string): Promise<string> {
  await Deno.remove(folder, { recursive: true }).catch(ignoreAbsence);
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
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
