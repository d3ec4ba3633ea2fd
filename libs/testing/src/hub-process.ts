import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface HubProcessOptions {
  /** Kept over restarts; a temporary one of its own when not given. */
  dataDir?: string;
  env?: Record<string, string>;
}

interface Ready {
  ready: true;
  url: string;
  eventStoreUrl: string;
}

const main = fileURLToPath(new URL('../../../apps/standalone/dist/main.js', import.meta.url));

/** The real product, `npm start`, as a process that a test may stop, kill and start again on the same data. */
export class HubProcess {
  private constructor(
    readonly dataDir: string,
    readonly url: string,
    readonly eventStoreUrl: string,
    private readonly child: ChildProcess,
  ) {}

  static async start({ dataDir = mkdtempSync(join(tmpdir(), 'tongbao-')), env = {} }: HubProcessOptions = {}): Promise<HubProcess> {
    const log = openSync(join(dataDir, 'hub.log'), 'a');
    const child = fork(main, {
      env: { ...process.env, NODE_OPTIONS: '', TONGBAO_DATA: dataDir, TONGBAO_PORT: '0', EVENT_STORE_PORT: '0', LOG_LEVEL: 'warn', ...env },
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
    });
    const ready = once(child, 'message') as Promise<[Ready]>;
    const gone = once(child, 'exit').then(() => {
      throw new Error(`the hub ended before it was ready:\n${readFileSync(join(dataDir, 'hub.log'), 'utf8').slice(-4_000)}`);
    });
    const [message] = await Promise.race([ready, gone]);
    gone.catch(() => undefined);
    return new HubProcess(dataDir, message.url, message.eventStoreUrl, child);
  }

  /** Everything it has logged. */
  log(): string {
    return readFileSync(join(this.dataDir, 'hub.log'), 'utf8');
  }

  /** A graceful stop. @returns the exit code */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** Pulls the plug. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** The token of an operator of the development set: ops, finance, approver, auditor or admin. */
  token(operator: string): string {
    const operators = JSON.parse(readFileSync(join(this.dataDir, 'operators.json'), 'utf8')) as { name: string; token: string }[];
    const found = operators.find(({ name }) => name === operator);
    if (!found) throw new Error(`there is no operator ${operator}`);
    return found.token;
  }

  removeData(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exit = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill(signal);
    const [code] = await exit;
    return code;
  }
}
