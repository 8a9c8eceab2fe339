/** What figures depend on beside the program. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly deno: string;
}

/** This one. */
export async function thisMachine(): Promise<Machine> {
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo");
  const [, cpu = Deno.build.arch] = /^model name\s*:\s*(.*)$/m.exec(cpuinfo) ?? [];
  return {
    cpu: cpu.trim(),
    cores: navigator.hardwareConcurrency,
    memoryGib: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    deno: Deno.version.deno,
  };
}

export function machineText({ cpu, cores, memoryGib, deno }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGib} GiB of memory, Deno ${deno}`;
}
