import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CommandFailed } from './exit-codes.js';

/** A hub that was started for a command, in whichever form. */
export interface StartedHub {
  readonly url: string;
  readonly eventStoreUrl: string;
  readonly dataDir: string;
  /** False once it has ended, whoever ended it. */
  readonly isRunning: boolean;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  endOfLog(): string;
  stop(): Promise<void>;
}

export interface HubProcessOptions {
  dataDir: string;
  /** 0 takes any free one. */
  port: number;
  /** Stops it, also while it starts. */
  signal: AbortSignal;
}

interface Ready {
  ready: true;
  url: string;
  eventStoreUrl: string;
}

const product = fileURLToPath(new URL('../../standalone/dist/main.js', import.meta.url));
const startsWithinMs = 60_000;
const stopsWithinMs = 30_000;
const logLines = 30;

/** The product itself, in a process of its own, as `npm start` runs it. What it says goes to `hub.log` in its data folder. */
export class HubProcess implements StartedHub {
  #stopping: Promise<void> | undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly eventStoreUrl: string,
    readonly dataDir: string,
  ) {}

  /** @throws CommandFailed with the end of its log when it does not get ready */
  static async start({ dataDir, port, signal }: HubProcessOptions): Promise<HubProcess> {
    if (!existsSync(product)) throw new CommandFailed(`${product} is missing: build first, with npm run build.`);
    mkdirSync(dataDir, { recursive: true });
    const log = openSync(join(dataDir, 'hub.log'), 'a');
    const settings = {
      TONGBAO_DATA: dataDir,
      TONGBAO_HOST: '127.0.0.1',
      TONGBAO_PORT: String(port),
      EVENT_STORE_PORT: '0',
      EVENT_STORE_URL: '',
      LOG_LEVEL: 'warn',
    };
    const child = fork(product, [], {
      env: { ...process.env, ...settings },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const ready = await readyOf(child, signal);
    if (!ready) child.kill('SIGKILL');
    if (signal.aborted) throw new CommandFailed('interrupted');
    if (!ready) throw new CommandFailed(`the hub did not get ready; its log ends so:\n${endOfLog(dataDir)}`);
    const hub = new HubProcess(child, ready.url, ready.eventStoreUrl, dataDir);
    signal.addEventListener('abort', () => void hub.stop(), { once: true });
    return hub;
  }

  /** False once it has ended, whoever ended it. */
  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when it has ended. */
  get ended(): Promise<void> {
    return this.isRunning ? once(this.child, 'exit').then(() => undefined) : Promise.resolve();
  }

  endOfLog(): string {
    return endOfLog(this.dataDir);
  }

  /** Lets it finish what is in hand; a second call waits for the same end. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (!this.isRunning) return;
    const { ended } = this;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), stopsWithinMs);
    await ended;
    clearTimeout(timer);
  }
}

/** What it says when it is ready; undefined when it ends before, takes too long, or is not waited for any more. */
async function readyOf(child: ChildProcess, stopped: AbortSignal): Promise<Ready | undefined> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, stopped]);
  const ready = once(child, 'message', { signal }).then(([message]: unknown[]) => (isReady(message) ? message : undefined));
  const ended = once(child, 'exit', { signal }).then(() => undefined);
  try {
    return await Promise.race([ready, ended, delay(startsWithinMs, undefined, { signal })]);
  } catch (error) {
    if (stopped.aborted) return undefined;
    throw error;
  } finally {
    done.abort();
  }
}

const isReady = (message: unknown): message is Ready =>
  typeof message === 'object' &&
  message !== null &&
  'ready' in message &&
  message.ready === true &&
  'url' in message &&
  'eventStoreUrl' in message;

const endOfLog = (dataDir: string): string =>
  readFileSync(join(dataDir, 'hub.log'), 'utf8').trimEnd().split('\n').slice(-logLines).join('\n');
