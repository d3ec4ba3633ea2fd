import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HubClient } from '../hub-client.js';
import { tokenOf, type Role } from '../operators-file.js';
import { usageOf, type ProcessUsage } from './process-usage.js';
import { holdsWithin } from './until.js';

const mainFile = fileURLToPath(new URL('../../../standalone/dist/main.js', import.meta.url));

const stopWithinMs = 30_000;
const patienceMs = 300_000;
const lookMs = 1_000;
/** Of one core. */
const restShare = 0.1;

/** The product as `npm start` runs it, in a process of its own, on data that is removed afterwards. */
export class HubUnderTest {
  readonly #clients = new Map<Role, HubClient>();

  private constructor(
    readonly url: string,
    readonly eventStoreUrl: string,
    /** From the start of the process until it said that it is ready. */
    readonly readyAfterMs: number,
    readonly dataDir: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * @param dataDir what another one has left when it was ended; a new one when it is left out
   * @param program what is run; the product when it is left out
   */
  static async start(
    settings: Record<string, string> = {},
    dataDir = mkdtempSync(join(tmpdir(), 'tongbao-bench-')),
    program = mainFile,
  ): Promise<HubUnderTest> {
    const logFile = join(dataDir, 'hub.log');
    const log = openSync(logFile, 'a');
    const startedMs = performance.now();
    const child = fork(program, {
      env: {
        ...process.env,
        TONGBAO_DATA: dataDir,
        TONGBAO_HOST: '127.0.0.1',
        TONGBAO_PORT: '0',
        EVENT_STORE_PORT: '0',
        EVENT_STORE_URL: '',
        LOG_LEVEL: 'warn',
        RATE_LIMIT_PER_SECOND: '1000000',
        ...settings,
      },
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const ended = new AbortController();
    try {
      const message = once(child, 'message', { signal: ended.signal });
      const exit = once(child, 'exit', { signal: ended.signal }).then(() => {
        throw new Error(`the hub ended before it was ready:\n${readFileSync(logFile, 'utf8').slice(-4_000)}`);
      });
      const [ready] = (await Promise.race([message, exit])) as [unknown];
      if (!isReady(ready)) throw new Error(`the hub said ${JSON.stringify(ready)} where it should say that it is ready`);
      return new HubUnderTest(ready.url, ready.eventStoreUrl, performance.now() - startedMs, dataDir, child);
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
      throw error;
    } finally {
      ended.abort();
    }
  }

  /** What an operator with a role sees of it. */
  as(role: Role): HubClient {
    const client = this.#clients.get(role) ?? new HubClient(this.url, { token: tokenOf(role, this.dataDir) });
    this.#clients.set(role, client);
    return client;
  }

  usage(): ProcessUsage | undefined {
    return this.child.pid === undefined ? undefined : usageOf(this.child.pid);
  }

  /**
   * Waits until it has done what it does by itself after it has been busy: messages are delivered, read models vacuumed, timers looked after.
   * At rest it takes next to no time of the processor. Where the system does not tell, nothing is waited for.
   */
  async untilAtRest(): Promise<void> {
    let before = this.usage();
    await holdsWithin(patienceMs, async () => {
      await delay(lookMs);
      const now = this.usage();
      const busyMs = now && before ? now.cpuMs - before.cpuMs : 0;
      before = now;
      return busyMs < lookMs * restShare;
    });
  }

  /** Everything that it has complained about. */
  warnings(): string[] {
    return readFileSync(join(this.dataDir, 'hub.log'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'));
  }

  /** Stops it gracefully and removes its data. */
  async stop(): Promise<void> {
    await this.end();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Stops it gracefully; its data stays, for another one. */
  async end(): Promise<void> {
    for (const client of this.#clients.values()) await client.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      const late = setTimeout(() => this.child.kill('SIGKILL'), stopWithinMs);
      await exit;
      clearTimeout(late);
    }
  }
}

const isReady = (message: unknown): message is { url: string; eventStoreUrl: string } =>
  typeof message === 'object' &&
  message !== null &&
  'url' in message &&
  typeof message.url === 'string' &&
  'eventStoreUrl' in message &&
  typeof message.eventStoreUrl === 'string';
