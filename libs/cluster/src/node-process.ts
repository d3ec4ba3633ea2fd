import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface NodeProgram {
  /** What it is called in messages. */
  name: string;
  /** Path of the compiled main.js. */
  main: string;
  env: Readonly<Record<string, string>>;
  execArgv?: readonly string[];
  /** Everything it prints is added here. */
  logPath: string;
}

/** The program ended, or did not say in time that it was ready. The message ends with the last lines of its log. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}

const readyWithinMs = 120_000;
const stopsWithinMs = 30_000;
const logLines = 30;

/** A program of the hub as a child process, which says by a message `{ ready: true, … }` that it is ready. */
export class NodeProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Its ready message. */
    readonly said: Readonly<Record<string, unknown>>,
  ) {}

  /** @throws NotReady */
  static async start(program: NodeProgram): Promise<NodeProcess> {
    const log = openSync(program.logPath, 'a');
    const child = fork(program.main, {
      // Nothing of this process's own settings reaches the child by accident.
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TZ: process.env['TZ'], ...program.env },
      execArgv: ['--disable-warning=ExperimentalWarning', ...(program.execArgv ?? [])],
      stdio: ['ignore', log, log, 'ipc'],
      // In a process group of its own: Ctrl-C reaches the parent alone, which decides the order of stopping.
      detached: true,
    });
    closeSync(log);
    try {
      return new NodeProcess(child, await readyMessage(child));
    } catch (error) {
      child.kill('SIGKILL');
      const end = readFileSync(program.logPath, 'utf8').trimEnd().split('\n').slice(-logLines).join('\n');
      throw new NotReady(`${program.name} did not get ready; its log ends so:\n${end}`, { cause: error });
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when it has ended, whoever ended it. */
  get ended(): Promise<void> {
    return this.isRunning ? once(this.child, 'exit').then(() => undefined) : Promise.resolve();
  }

  signal(name: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(name);
  }

  /** Lets it finish what is in hand; one that does not end in time is killed. */
  async stop(): Promise<void> {
    const { ended } = this;
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), stopsWithinMs);
    await ended;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    const { ended } = this;
    this.signal('SIGKILL');
    await ended;
  }
}

async function readyMessage(child: ChildProcess): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  const done = new AbortController();
  child.on('message', (message) => {
    if (isRecord(message) && message['ready'] === true) resolve(message);
  });
  child.once('exit', () => {
    reject(new Error('it ended'));
  });
  const late = delay(readyWithinMs, undefined, { signal: done.signal }).then(
    () => {
      reject(new Error('it took too long'));
    },
    () => undefined,
  );
  try {
    return await promise;
  } finally {
    done.abort();
    await late;
    child.removeAllListeners('message');
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
