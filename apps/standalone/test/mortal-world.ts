import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { auditStore, eventually, type AuditReport, type HubAnswer, type HubClient } from '@tongbao/testing';
import { World } from './world.js';

const patienceMs = 60_000;

/** A world whose hub is killed at named points, and started again on the same data each time; and those who ask it again until they are answered. */
export class MortalWorld {
  #deaths = 0;
  #isEnding = false;
  #starting: Promise<void> | undefined;
  readonly #watching: Promise<void>;

  private constructor(
    readonly world: World,
    private readonly faultFile: string,
  ) {
    this.#watching = this.#watch();
    // A hub that does not start again: whoever asks it next is told.
    this.#watching.catch(() => undefined);
  }

  static async begin(env: Record<string, string> = {}): Promise<MortalWorld> {
    const faultFile = join(mkdtempSync(join(tmpdir(), 'tongbao-faults-')), 'fault');
    return new MortalWorld(await World.begin({ ...env, TONGBAO_FAULT_FILE: faultFile }), faultFile);
  }

  async end(): Promise<void> {
    this.disarm();
    await this.#starting;
    this.#isEnding = true;
    await this.world.end();
    await this.#watching;
    rmSync(dirname(this.faultFile), { recursive: true });
  }

  /** How often the hub was killed. */
  get deaths(): number {
    return this.#deaths;
  }

  /** The hub is to be killed when it comes to a point for the count-th time; fault-point.ts of libs/event-store says which there are. */
  arm(point: string, count: number): void {
    writeFileSync(this.faultFile, `${point} ${count}`);
  }

  /** Whether a kill is still to come. */
  get isArmed(): boolean {
    return existsSync(this.faultFile);
  }

  disarm(): void {
    rmSync(this.faultFile, { force: true });
  }

  /** Waits until the hub that was armed has been killed and is there again. */
  async untilRevived(deathsBefore: number): Promise<void> {
    await eventually(
      () => Promise.resolve(this.#deaths),
      (deaths) => deaths > deathsBefore,
      patienceMs,
    );
    await this.#starting;
  }

  /** A command: the same request under the same key, until it is answered. @throws Error when it is refused */
  async command(who: HubClient, path: string, body: object, method: 'post' | 'put' = 'post'): Promise<HubAnswer['body']> {
    const key = randomUUID();
    const { status, body: said } = await this.#answered(() => who[method](path, body, { key, waitSeconds: 10 }));
    if (status >= 300) throw new Error(`${path} answered ${status}: ${JSON.stringify(said)}`);
    return said;
  }

  /** A file, until it is taken. @throws Error when it is refused */
  async give(who: HubClient, path: string, file: Uint8Array<ArrayBuffer>): Promise<HubAnswer['body']> {
    const options = { key: randomUUID(), headers: { 'content-type': 'application/octet-stream' } };
    const { status, body } = await this.#answered(() => who.send('POST', path, file, options));
    if (status >= 300) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Asks until it is so; what does not exist may come to be. */
  async until(who: HubClient, path: string, holds: (body: HubAnswer['body']) => boolean): Promise<HubAnswer['body']> {
    const isSo = ({ status, body }: HubAnswer) => status === 200 && holds(body);
    return (await eventually(() => this.#answered(() => who.get(path)), isSo, patienceMs)).body;
  }

  /** Waits until all is done that the log asks for, and has the log audited by code that shares nothing with the hub's. */
  async audited(): Promise<AuditReport> {
    const audit = () => auditStore(this.world.hub.eventStoreUrl);
    return eventually(audit, ({ ok }) => ok, patienceMs).catch(audit);
  }

  async #answered(call: () => Promise<HubAnswer>): Promise<HubAnswer> {
    const ask = async () => {
      await this.#starting;
      return call().catch(unreachable);
    };
    const answer = await eventually(ask, (each) => each !== undefined && ![429, 503].includes(each.status), patienceMs);
    if (!answer) throw new Error('never answered');
    return answer;
  }

  async #watch(): Promise<void> {
    for (;;) {
      await this.world.hub.untilEnded();
      if (this.#isEnding) return;
      this.#starting = this.world.restart();
      await this.#starting;
      this.#deaths += 1;
    }
  }
}

/** What `fetch` throws while nobody listens, and where the other side dies before it has answered; of another realm than the test's. */
function unreachable(error: unknown): undefined {
  if (typeof error !== 'object' || error === null || !('name' in error) || error.name !== 'TypeError') throw error;
}
