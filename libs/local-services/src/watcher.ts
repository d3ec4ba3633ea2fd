import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * A shell that waits on a pipe. The system closes the pipe when this process ends, in whatever way: then it asks the service to stop. A line on the
 * pipe says that the service has ended by itself.
 */
const script = `
read -r ended && exit
kill -s "$2" "$1"
for pid in "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null); do kill -s CONT "$pid"; done`;

/** Sees to it that a service does not outlive this process, not even when this process is killed. */
export function watch(service: { readonly pid: number; readonly exited: Promise<unknown> }, stopSignal: NodeJS.Signals): void {
  const watcher = spawn('sh', ['-c', script, 'tongbao-watch', String(service.pid), stopSignal.replace('SIG', '')], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Node makes a socket of every pipe; its type says less. Neither it nor the child may keep this process running.
  const pipe = watcher.stdin as unknown as Socket;
  pipe.unref();
  watcher.unref();
  // A watcher that somebody has ended needs no word.
  pipe.once('error', () => pipe.destroy());
  void service.exited.then(() => pipe.end('ended\n'));
}
