import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { WriterProgram } from './writer.program.js';

const libs = join(import.meta.dirname, '../..');
/** Runs TypeScript sources without a build. */
const node = ['--conditions=@tongbao/source', '--import', join(libs, 'event-store/test/typescript-hooks.mjs')];
// Jest's own options are not for others.
const env = { ...process.env, NODE_OPTIONS: '' };

/** An event store as a process of its own, on a folder of its own. */
export class StoreProcess {
  private constructor(
    readonly connectionString: string,
    private readonly child: ChildProcess,
    private readonly dataDir: string,
  ) {}

  static async start(): Promise<StoreProcess> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-ledger-'));
    const child = fork(join(libs, 'event-store-server/src/main.ts'), {
      execArgv: node,
      env: { ...env, EVENT_STORE_DATA: dataDir, EVENT_STORE_PORT: '0' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [ready] = (await once(child, 'message')) as [{ eventStoreUrl: string }];
    return new StoreProcess(ready.eventStoreUrl, child, dataDir);
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exit;
    rmSync(this.dataDir, { recursive: true });
  }
}

/** `writer.program.ts` in a process of its own. */
export class WriterProcess {
  readonly lines: string[] = [];
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #child: ChildProcess;
  #changed: () => void = () => undefined;
  #hasEnded = false;

  /** @param faultFile where it is killed, as event-store's fault points have it */
  constructor(
    readonly program: WriterProgram,
    faultFile?: string,
  ) {
    this.#child = spawn(process.execPath, [...node, join(import.meta.dirname, 'writer.program.ts'), JSON.stringify(program)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...env, ...(faultFile && { TONGBAO_FAULT_FILE: faultFile }) },
    });
    // Not 'exit': what it said last may be read after that.
    this.ended = once(this.#child, 'close').then(() => {
      this.#hasEnded = true;
      this.#changed();
      return { code: this.#child.exitCode, signal: this.#child.signalCode };
    });
    if (!this.#child.stdout) throw new Error('the process has no standard output');
    createInterface(this.#child.stdout).on('line', (line) => {
      this.lines.push(line);
      this.#changed();
    });
  }

  /** Waits for a line that is as wanted; the test's own timeout ends it. @throws Error when the process ends before */
  async says(wanted: (line: string) => boolean): Promise<string> {
    for (;;) {
      const line = this.lines.find(wanted);
      if (line !== undefined) return line;
      if (this.#hasEnded) throw new Error(`the process ended; it said ${JSON.stringify(this.lines.slice(-5))}`);
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** What it was answered, by command. */
  get answers(): Map<string, string> {
    return new Map(
      this.lines.filter((line) => line.startsWith('answer ')).map((line) => [line.split(' ')[1] ?? '', line.split(' ').slice(2).join(' ')]),
    );
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.ended;
  }
}
