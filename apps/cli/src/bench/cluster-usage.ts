import { readdirSync } from 'node:fs';
import { bytesOf, contentOf, cpuMsOf, endedChildrenMsOf, parentOf, totalCpuMsOf } from './process-usage.js';

/** What a program has used since it began, with the processes that it has started itself. */
export interface Used {
  cpuMs: number;
  /** Resident; of a program of several processes, what they share is counted once. */
  residentBytes: number;
}

/** By the name of the program. */
export type Usages = ReadonlyMap<string, Used>;

/** What is left of the machine's time when the programs that are looked at have been subtracted. */
export const elsewhere = 'everything else on the machine';

/**
 * What programs have used, and under the name `elsewhere` what all others have.
 * @param pids of their first processes; this very process is counted without those that it has started, which are what it measures
 * @returns nothing on systems that have no /proc
 */
export function usagesOf(pids: ReadonlyMap<string, number | undefined>): Usages {
  const machine = contentOf('/proc/stat');
  const usages = new Map<string, Used>();
  if (machine === undefined) return usages;
  const processes = allProcesses();
  for (const [name, pid] of pids) if (pid !== undefined) usages.set(name, usedBy(pid, processes));
  const known = [...usages.values()].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  return usages.set(elsewhere, { cpuMs: totalCpuMsOf(machine) - known, residentBytes: 0 });
}

/** What was used between two looks; sizes are the later one's. A program that was started anew in between counts from its new start. */
export function usagesBetween(before: Usages, after: Usages): Usages {
  const between = new Map<string, Used>();
  for (const [name, { cpuMs, residentBytes }] of after) {
    const earlierMs = before.get(name)?.cpuMs ?? 0;
    between.set(name, { cpuMs: cpuMs < earlierMs ? cpuMs : cpuMs - earlierMs, residentBytes });
  }
  return between;
}

export const sumOf = (usages: Usages, names: Iterable<string>): Used =>
  [...names].reduce<Used>(
    (sum, name) => {
      const { cpuMs = 0, residentBytes = 0 } = usages.get(name) ?? {};
      return { cpuMs: sum.cpuMs + cpuMs, residentBytes: sum.residentBytes + residentBytes };
    },
    { cpuMs: 0, residentBytes: 0 },
  );

interface Process {
  cpuMs: number;
  /** Of children that have ended. */
  endedMs: number;
  parent: number;
}

function allProcesses(): ReadonlyMap<number, Process> {
  const processes = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? contentOf(`/proc/${name}/stat`) : undefined;
    if (stat !== undefined) processes.set(Number(name), { cpuMs: cpuMsOf(stat), endedMs: endedChildrenMsOf(stat), parent: parentOf(stat) });
  }
  return processes;
}

function usedBy(pid: number, processes: ReadonlyMap<number, Process>): Used {
  const residentBytes = bytesOf(contentOf(`/proc/${pid}/status`) ?? '', 'VmRSS');
  if (pid === process.pid) return { cpuMs: processes.get(pid)?.cpuMs ?? 0, residentBytes };
  const family = [pid];
  // Grows while it is gone through.
  for (const parent of family) for (const [child, each] of processes) if (each.parent === parent) family.push(child);
  const used = family.flatMap((member) => processes.get(member) ?? []);
  return {
    cpuMs: used.reduce((sum, { cpuMs, endedMs }) => sum + cpuMs + endedMs, 0),
    residentBytes: family.length === 1 ? residentBytes : sharedOnce(family),
  };
}

const sharedOnce = (family: readonly number[]): number =>
  family.reduce((sum, pid) => sum + bytesOf(contentOf(`/proc/${pid}/smaps_rollup`) ?? '', 'Pss'), 0);
