import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFolder, type FolderLock } from './folder-lock.js';
import { isFree } from './ports.js';
import { signalIfThere, startOf } from './process-table.js';
import { ServiceProcess, type Exit, type Launch, type ServiceKind } from './service-process.js';

const nothingElse = (): Promise<void> => Promise.resolve();

/** A running server on this machine, started by this process. */
export interface LocalService {
  readonly pid: number;
  /** Of 127.0.0.1; the same after every restart on the same folder. */
  readonly port: number;
  /** All it has printed since its folder exists. */
  readonly logPath: string;
  /** Resolves when it has ended, whoever ended it, and its folder can be used again. Waiting for it does not keep this process running. */
  readonly exited: Promise<Exit>;
  /** SIGSTOP, SIGCONT and SIGKILL reach the whole server with its own children, other signals its main process. */
  signal(name: NodeJS.Signals): void;
  /** Graceful. @throws Error when it did not end in time and had to be killed */
  stop(): Promise<void>;
  /** SIGKILL, and waits until nothing of it is left. */
  kill(): Promise<void>;
}

/** What a service keeps between two starts. */
export interface Remembered {
  readonly port: number;
}

/**
 * The folder of one service, taken for as long as the service runs:
 *
 *     lock           held by the process that has started the service
 *     service.json   what is kept between two starts: port, secrets (mode 0600)
 *     process.json   the server's process, by which a new start recognises one that an earlier parent has left behind
 *     service.log    all that the server has printed
 *     data/          its own files
 */
export class ServiceFolder<State extends Remembered> {
  readonly path: string;
  readonly dataPath: string;
  readonly logPath: string;
  readonly #lock: FolderLock;
  readonly #statePath: string;
  readonly #processPath: string;

  constructor(
    path: string,
    private readonly kind: ServiceKind,
  ) {
    this.path = resolve(path);
    this.dataPath = join(this.path, 'data');
    this.logPath = join(this.path, 'service.log');
    this.#statePath = join(this.path, 'service.json');
    this.#processPath = join(this.path, 'process.json');
    this.#lock = lockFolder(this.path);
  }

  /** Undefined until the server's own files are there. */
  remembered(): State | undefined {
    // Written by `remember` alone.
    return existsSync(this.dataPath) && existsSync(this.#statePath)
      ? (JSON.parse(readFileSync(this.#statePath, 'utf8')) as State)
      : undefined;
  }

  remember(state: State): void {
    this.#write(this.#statePath, state);
  }

  /** Makes the server's own files, whole or not at all, before its first start. */
  async prepare(make: (fresh: string) => Promise<void>): Promise<void> {
    if (existsSync(this.dataPath)) return;
    const fresh = `${this.dataPath}.next`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { mode: 0o700 });
    await make(fresh);
    renameSync(fresh, this.dataPath);
  }

  /** Ends the server that an earlier parent started here and could not stop, and waits until it has ended. */
  async endLeftBehind(): Promise<void> {
    if (!existsSync(this.#processPath)) return;
    // Written by `start` alone.
    const { pid, started } = JSON.parse(readFileSync(this.#processPath, 'utf8')) as { pid: number; started?: string };
    // One that had ended before its start could be looked up has none.
    const runs = (): boolean => started !== undefined && startOf(pid) === started;
    if (!runs()) return;
    const { service, stopSignal, stopTimeoutMs } = this.kind;
    appendFileSync(this.logPath, `--- process ${pid} was left behind by an earlier start and is asked to end\n`);
    for (const name of [stopSignal, 'SIGCONT'] as const) signalIfThere(pid, name);
    const killAt = performance.now() + stopTimeoutMs;
    while (runs() && performance.now() < killAt) await delay(20);
    if (!runs()) return;
    appendFileSync(this.logPath, `--- ${service} did not end in ${stopTimeoutMs / 1_000} s and is killed\n`);
    signalIfThere(pid, 'SIGKILL');
    while (runs()) await delay(20);
  }

  /** @throws Error when somebody else listens on one of the ports */
  async start(how: Pick<Launch, 'command' | 'args' | 'env'>, ports: readonly number[]): Promise<ServiceProcess> {
    for (const port of ports) {
      if (await isFree(port)) continue;
      throw new Error(
        `${this.kind.service}: port ${port} of 127.0.0.1 is taken by another program; end that one, or start with another port`,
      );
    }
    const started = ServiceProcess.start({ ...this.kind, ...how, logPath: this.logPath, cwd: this.path });
    this.#write(this.#processPath, { pid: started.pid, started: startOf(started.pid) });
    return started;
  }

  /** @param afterEnd waits until nothing of the server is left */
  serve(started: ServiceProcess, port: number, afterEnd: () => Promise<void> = nothingElse): LocalService {
    const exited = started.exited
      .then(async (exit) => {
        await afterEnd();
        return exit;
      })
      .finally(() => {
        this.release();
      });
    // Whoever waits is told; that nobody waits is no reason to end this process.
    exited.catch(() => undefined);
    return {
      pid: started.pid,
      port,
      logPath: this.logPath,
      exited,
      signal: (name) => started.signal(name),
      stop: async () => {
        await started.stop();
        await exited;
      },
      kill: async () => {
        await started.kill();
        await exited;
      },
    };
  }

  release(): void {
    this.#lock.release();
  }

  #write(path: string, value: object): void {
    const next = `${path}.next`;
    writeFileSync(next, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(next, path);
  }
}

/**
 * Starts a service on its folder; a start that fails gives the folder back.
 * @throws FolderInUse
 */
export async function onFolder<State extends Remembered, Service>(
  path: string,
  kind: ServiceKind,
  start: (folder: ServiceFolder<State>) => Promise<Service>,
): Promise<Service> {
  const folder = new ServiceFolder<State>(path, kind);
  try {
    await folder.endLeftBehind();
    return await start(folder);
  } catch (error) {
    folder.release();
    throw error;
  }
}
