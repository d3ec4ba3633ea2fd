import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningHub } from './hub-process.js';

interface Ready {
  ready: true;
  url: string;
  eventStoreUrl: string;
}

const main = fileURLToPath(new URL('../../../apps/standalone/dist/main.js', import.meta.url));

/** The embedded default, as `npm start` runs it. */
export class EmbeddedProcess implements RunningHub {
  private constructor(
    private readonly dataDir: string,
    readonly url: string,
    readonly eventStoreUrl: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(dataDir: string, env: Record<string, string>): Promise<EmbeddedProcess> {
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
    return new EmbeddedProcess(dataDir, message.url, message.eventStoreUrl, child);
  }

  log(): string {
    return readFileSync(join(this.dataDir, 'hub.log'), 'utf8');
  }

  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async untilEnded(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exit = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill(signal);
    const [code] = await exit;
    return code;
  }
}
