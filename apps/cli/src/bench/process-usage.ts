import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used since it began. */
export interface ProcessUsage {
  /** Of all its threads, user and system, in milliseconds. */
  cpuMs: number;
  /** The same by thread name; threads of one name are added up. */
  threadMs: Record<string, number>;
  residentBytes: number;
  /** The most it ever had. */
  peakResidentBytes: number;
}

/** Linux counts a process's time in ticks of a hundredth of a second, on every machine that Node runs on. */
const tickMs = 10;

/** User and system time of a line of /proc/<pid>/stat, in milliseconds. */
export function cpuMsOf(stat: string): number {
  const fields = fieldsOf(stat);
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** The same of its children that have ended and been waited for. */
export function endedChildrenMsOf(stat: string): number {
  const fields = fieldsOf(stat);
  return (Number(fields[13]) + Number(fields[14])) * tickMs;
}

export const parentOf = (stat: string): number => Number(fieldsOf(stat)[1]);

/** Time that the machine's processors were not idle: all but `idle` and `iowait` of the first line of /proc/stat (proc(5)), and no guest twice. */
export function totalCpuMsOf(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = stat.split('\n', 1)[0]?.trim().split(/\s+/).slice(1).map(Number) ?? [];
  return (user + nice + system + irq + softirq) * tickMs;
}

/** What follows the name in brackets, which may hold blanks and brackets itself; the first field is the state. */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

/** A size of /proc/<pid>/status or smaps_rollup, which is given in kB. */
export function bytesOf(status: string, name: 'VmRSS' | 'VmHWM' | 'Pss'): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024;
}

/** @returns undefined on systems that have no /proc */
export function usageOf(pid: number): ProcessUsage | undefined {
  const folder = `/proc/${pid}`;
  const stat = contentOf(`${folder}/stat`);
  const status = contentOf(`${folder}/status`);
  if (stat === undefined || status === undefined) return undefined;
  const threadMs: Record<string, number> = {};
  for (const thread of readdirSync(`${folder}/task`)) {
    const name = contentOf(`${folder}/task/${thread}/comm`)?.trim();
    const threadStat = contentOf(`${folder}/task/${thread}/stat`);
    if (name !== undefined && threadStat !== undefined) threadMs[name] = (threadMs[name] ?? 0) + cpuMsOf(threadStat);
  }
  return { cpuMs: cpuMsOf(stat), threadMs, residentBytes: bytesOf(status, 'VmRSS'), peakResidentBytes: bytesOf(status, 'VmHWM') };
}

/** What was used between two looks; sizes are the later one's. */
export const usageBetween = (before: ProcessUsage, after: ProcessUsage): ProcessUsage => ({
  ...after,
  cpuMs: after.cpuMs - before.cpuMs,
  threadMs: Object.fromEntries(Object.entries(after.threadMs).map(([name, ms]) => [name, ms - (before.threadMs[name] ?? 0)])),
});

/** Undefined where there is none: a process or thread may end between being listed and being looked at. */
export function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return undefined;
    throw error;
  }
}
