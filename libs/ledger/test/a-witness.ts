import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSignerKey, formatVerifierKey, generateSignerKey, startWitness, type RunningWitness } from '@tongbao/transparency-log';
import { logVerifierKey, origin } from './log-hub.js';

/** A real witness of the log of `log-hub.ts`, that can be stopped and started again on what it remembers and on the same port. */
export class AWitness {
  readonly #key;
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'tongbao-witness-'));
  #running: RunningWitness | undefined;
  #port = 0;

  private constructor(
    readonly name: string,
    private readonly logKey: string,
  ) {
    this.#key = generateSignerKey(name, 'cosignature');
  }

  static async start(name = 'witness.example/w1', logKey = logVerifierKey): Promise<AWitness> {
    const witness = new AWitness(name, logKey);
    await witness.start();
    return witness;
  }

  get verifierKey(): string {
    return formatVerifierKey(this.#key.verifier);
  }

  /** As LOG_WITNESSES has it. */
  get setting(): string {
    return `${this.verifierKey}=http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#running = await startWitness({
      ...{ port: this.#port, name: this.name, privateKey: formatSignerKey(this.#key), dataDir: this.#dataDir },
      logs: [{ origin, verifierKey: this.logKey }],
    });
    this.#port = this.#running.port;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#dataDir, { recursive: true });
  }
}
