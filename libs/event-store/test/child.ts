import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A program of a test's own in a process of its own, which says what it does in lines on its standard output. */
export class Child {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  #changed: () => void = () => undefined;

  /** @param program such as `lease.program.ts`, in this folder */
  constructor(program: string, args: readonly string[]) {
    const node = ['--conditions=@tongbao/source', '--import', join(import.meta.dirname, 'typescript-hooks.mjs')];
    this.#process = spawn(process.execPath, [...node, join(import.meta.dirname, program), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Jest's own options are not for others.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.#exited = once(this.#process, 'exit');
    if (!this.#process.stdout) throw new Error('the child has no standard output');
    createInterface(this.#process.stdout).on('line', (line) => {
      this.lines.push(line);
      this.#changed();
    });
  }

  /** Waits for a line; the test's own timeout ends it. */
  async says(line: string): Promise<void> {
    while (!this.lines.includes(line)) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }
}
