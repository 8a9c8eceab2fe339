/** What a process has taken, read from below `/proc/PID`. */
export interface ProcessUsage {
  /** Processor time of all its threads, s. */
  readonly cpuSeconds: number;
  /** The most that was resident at one time, MiB. */
  readonly peakMib: number;
}

/** proc(5): ticks are hundredths of a second on every Linux of ours. */
const TICKS_PER_SECOND = 100;
/** In `/proc/PID/stat`, counted from behind the name in parentheses. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** Usage so far; nothing once the process has ended. */
export async function usageOf(pid: number): Promise<ProcessUsage | undefined> {
  // A process that ends while it is looked at fails in several ways.
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [, peakKib] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  if (stat === "" || peakKib === undefined) return undefined;
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  return { cpuSeconds: ticks / TICKS_PER_SECOND, peakMib: Number(peakKib) / 1024 };
}
