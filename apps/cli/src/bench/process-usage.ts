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

/** User and system time of a line of /proc/<pid>/stat, in milliseconds. The name in brackets may hold blanks and brackets itself. */
export function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** A size of /proc/<pid>/status, which is given in kB. */
export function bytesOf(status: string, name: 'VmRSS' | 'VmHWM'): number {
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

/** A thread may end between being listed and being looked at. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return undefined;
    throw error;
  }
}
