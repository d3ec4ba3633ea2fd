import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * When a process was started, in the system's own words: together with its id it names one process for ever, though ids are used again.
 * @returns undefined: no such process, or one that has ended and only waits to be collected
 */
export function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return startByPs(pid);
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  // proc_pid_stat(5): pid (command) state ppid …; the command may hold anything, so count from the last ')'. State is field 3, start time field 22.
  const stat = readOrEmpty(path);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' || fields[0] === '' ? undefined : fields[19];
}

function startByPs(pid: number): string | undefined {
  const started = execFileSync('sh', ['-c', 'ps -o lstart= -p "$1" || true', 'ps', String(pid)], { encoding: 'utf8' }).trim();
  return started === '' ? undefined : started;
}

/** The processes that a process has started itself (on Linux; elsewhere none, and none of the services there has any). */
export function childrenOf(pid: number): number[] {
  const text = process.platform === 'linux' ? readOrEmpty(`/proc/${pid}/task/${pid}/children`) : '';
  return text.split(' ').filter(Boolean).map(Number);
}

/** Files of /proc vanish, even between opening and reading, with the process they tell of. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return '';
    throw error;
  }
}

/** Sends a signal to a process that may have ended meanwhile. */
export function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

const isGone = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
