import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { childrenOf, signalIfThere } from './process-table.js';
import { watch } from './watcher.js';

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server ended, or was not ready in time, while it was being started. The message ends with the last lines of its log. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
  constructor(
    readonly service: string,
    reason: string,
    readonly logTail: string,
  ) {
    super(`${service} did not start: ${reason}${logTail === '' ? '' : `\n${logTail}`}`);
  }
}

/** What one of the servers is called and how it is asked to end in good order. */
export interface ServiceKind {
  readonly service: string;
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeoutMs: number;
}

export interface Launch extends ServiceKind {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logPath: string;
}

/**
 * A child that writes to a log file, in a process group of its own: Ctrl-C reaches the parent alone, which decides the order of stopping. It does not
 * keep the parent running, and a watcher stops it when the parent ends without having done so.
 */
export class ServiceProcess {
  readonly exited: Promise<Exit>;
  #ended = false;
  #spawnError: Error | undefined;

  private constructor(
    private readonly launch: Launch,
    private readonly child: ChildProcess,
    private readonly logStart: number,
  ) {
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        this.#ended = true;
        resolve(exit);
      };
      child.once('exit', (code, signal) => end({ code, signal }));
      child.once('error', (error) => {
        this.#spawnError = error;
        if (child.pid === undefined) end({ code: null, signal: null });
      });
    });
  }

  static start(launch: Launch): ServiceProcess {
    const log = openSync(launch.logPath, 'a', 0o600);
    try {
      const { size } = fstatSync(log);
      const { command, args, cwd, env } = launch;
      const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
      const started = new ServiceProcess(launch, child, size);
      child.unref();
      if (child.pid !== undefined) watch(started, launch.stopSignal);
      return started;
    } finally {
      closeSync(log);
    }
  }

  get pid(): number {
    if (this.child.pid === undefined) throw this.#failed(this.#spawnError?.message ?? `${this.launch.command} cannot be run`);
    return this.child.pid;
  }

  /** What this very process, not an earlier one on the folder, has printed. */
  log(): string {
    return readFileSync(this.launch.logPath).subarray(this.logStart).toString('utf8');
  }

  /** Waits until the probe says so. @throws StartFailed, or what the probe throws, and then the process is gone */
  async ready(probe: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const giveUpAt = performance.now() + timeoutMs;
    try {
      while (!(await probe())) {
        if (this.#ended) throw this.#failed(await this.#reason());
        if (performance.now() > giveUpAt) throw this.#failed(`it was not ready in ${timeoutMs / 1_000} s`);
        await delay(20);
      }
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** SIGSTOP, SIGCONT and SIGKILL are for the whole server, its own children included; all others it gets itself. */
  signal(name: NodeJS.Signals): void {
    if (this.#ended) return;
    // Held first, so that it starts no child between the listing and its end.
    if (name === 'SIGKILL' || name === 'SIGSTOP') this.child.kill('SIGSTOP');
    const children = name === 'SIGKILL' || name === 'SIGSTOP' || name === 'SIGCONT' ? childrenOf(this.pid) : [];
    this.child.kill(name);
    for (const pid of children) signalIfThere(pid, name);
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    const { service, stopSignal, stopTimeoutMs, logPath } = this.launch;
    this.signal(stopSignal);
    // One that is held by SIGSTOP would never see it.
    this.signal('SIGCONT');
    const late = new AbortController();
    const inTime = await Promise.race([this.exited.then(() => true), delay(stopTimeoutMs, false, { signal: late.signal })]);
    late.abort();
    if (inTime) return;
    await this.kill();
    throw new Error(`${service} did not stop in ${stopTimeoutMs / 1_000} s and was killed; its log: ${logPath}`);
  }

  async kill(): Promise<void> {
    this.child.ref();
    this.signal('SIGKILL');
    await this.exited;
  }

  async #reason(): Promise<string> {
    if (this.#spawnError) return this.#spawnError.message;
    const { code, signal } = await this.exited;
    return `it ended with ${signal ?? `exit code ${code}`}`;
  }

  #failed(reason: string): StartFailed {
    return new StartFailed(this.launch.service, reason, this.log().trimEnd().split('\n').slice(-30).join('\n'));
  }
}
