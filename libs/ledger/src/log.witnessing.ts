import type { CheckpointSigned, CheckpointWitnessed } from '@tongbao/contracts';
import { faultPoint, Outage } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import { metrics } from '@tongbao/telemetry';
import { TreeProver } from '@tongbao/transparency-log';
import type { Logger } from 'pino';
import { LogAlarmed, type LogAlarms } from './log.alarms.js';
import { LogQueries } from './log.queries.js';
import type { LogSettings } from './log.settings.js';
import type { LogStream } from './log.stream.js';
import { isContradiction, LogWitnesses } from './log.witnesses.js';

export interface LogWitnessingParts {
  stream: LogStream;
  sql: SqlClient;
  settings: LogSettings;
  alarms: LogAlarms;
  logger: Logger;
  now: () => Date;
}

/** Too few witnesses have answered; they are asked again. */
export class NotWitnessed extends Error {
  override readonly name = 'NotWitnessed';
}

/** Before this point a test's process has not asked the witnesses, and after it they have answered and nothing is recorded. */
const witnessPoint = 'witness-main';

/** Brings the newest checkpoint to the witnesses, and records what they have said once they are enough. Signing never waits for it. */
export class LogWitnessing {
  readonly #witnesses: LogWitnesses;
  /** Since when, and why. */
  readonly #failing = new Map<string, string>();

  constructor(private readonly parts: LogWitnessingParts) {
    const { settings, sql } = parts;
    const { witnesses, policy } = settings;
    for (const { key } of witnesses) metrics.counter('tongbao_log_witness_failures_total', { witness: key.name });
    this.#witnesses = new LogWitnesses({
      ...{ witnesses, policy },
      // What is proven grows with every checkpoint: nothing that was read for one is good for another.
      prove: (oldSize, size) => new TreeProver(new LogQueries(sql).tiles).consistencyProof(oldSize, size),
      onCosigned: (witness) => this.#cosigned(witness),
      onFailure: (witness, error, size) => this.#failed(witness, error, size),
    });
  }

  /** What each witness that gives no cosignature says instead. */
  get failing(): ReadonlyMap<string, string> {
    return this.#failing;
  }

  /**
   * Asks for the newest checkpoint, unless it is witnessed already.
   * @param again asks also then, to learn whether the witnesses still know no other history
   * @throws NotWitnessed, Outage
   */
  async witness({ again = false } = {}): Promise<void> {
    if (this.parts.settings.witnesses.length === 0) return;
    const { signed, witnessed } = await this.parts.stream.end();
    if (!signed || (!again && witnessed?.checkpoint.startsWith(signed.checkpoint))) return;
    faultPoint('before', witnessPoint);
    const { isWitnessed, checkpoint, cosigners } = await this.#witnesses.ask(signed.checkpoint, signed.size);
    if (!isWitnessed) throw new NotWitnessed(`the checkpoint of ${signed.size} entries has ${cosigners.length} cosignatures`);
    faultPoint('after', witnessPoint);
    await this.#record(signed, checkpoint, cosigners);
  }

  async #record(signed: CheckpointSigned, checkpoint: string, cosigners: string[]): Promise<void> {
    await this.parts.stream.extend((end) => {
      const isOld = end.witnessed !== undefined && end.witnessed.size > signed.size;
      if (isOld || end.witnessed?.checkpoint.startsWith(signed.checkpoint)) return Promise.resolve(undefined);
      const witnessedAt = this.parts.now().toISOString();
      return Promise.resolve<CheckpointWitnessed>({ type: 'CheckpointWitnessed', size: signed.size, checkpoint, cosigners, witnessedAt });
    });
  }

  #cosigned(witness: string): void {
    const { alarms, logger } = this.parts;
    if (this.#failing.delete(witness)) logger.info({ witness }, 'the witness cosigns again');
    alarms.clear(witness);
  }

  async #failed(witness: string, error: unknown, size: number): Promise<void> {
    const { alarms, logger } = this.parts;
    metrics.counter('tongbao_log_witness_failures_total', { witness }).inc();
    if (!this.#failing.has(witness)) logger.warn({ err: error, witness }, 'the witness has given no cosignature');
    this.#failing.set(witness, String(error));
    if (!isContradiction(error)) return;
    // Who was asked for what is no longer the newest may have seen more, and rightly so: he is asked again for the newest.
    if (error.code === 'witness_ahead' && (await this.#isOld(size))) return;
    alarms.raise(witness, new LogAlarmed(error.code === 'witness_ahead' ? 'rolled_back' : 'forked', error.message));
  }

  async #isOld(size: number): Promise<boolean> {
    try {
      return ((await this.parts.stream.read()).signed?.size ?? 0) > size;
    } catch (error) {
      // As long as nobody knows what was signed, it is not known to be wrong.
      if (error instanceof Outage) return true;
      throw error;
    }
  }
}
