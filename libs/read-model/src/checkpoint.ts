import { faultPoint, isFaultAwaited, Outage } from '@tongbao/event-store';
import { CheckpointLost, Rewound } from './projection-errors.js';
import { registryOf, type Writer } from './registry.js';
import type { SqlClient } from './sql-client.js';

/** A statement's further parts, each to take effect only under the guard, and the parameters that they count from `firstParameter`. */
export interface GuardedWrites {
  parts: string[];
  parameters: unknown[];
}

/** A condition that holds if the checkpoint has moved in the same statement. */
export const guard = 'EXISTS (SELECT FROM moved)';
export const firstParameter = 5;

/** How far the log is folded into a generation's rows, as the database has it. Used by one at a time. */
export class Checkpoint {
  #stored: bigint;
  #storedAtMs = performance.now();
  /** What the last write was to store, when its answer never came. */
  #attempted: bigint | undefined;

  constructor(
    private readonly client: SqlClient,
    private readonly writer: Writer,
    private readonly generation: number,
    position: bigint,
  ) {
    this.#stored = position;
  }

  get stored(): bigint {
    return this.#stored;
  }

  /** Whether the last write was done is not known: `verify` finds out. */
  get isDoubtful(): boolean {
    return this.#attempted !== undefined;
  }

  get ageMs(): number {
    return performance.now() - this.#storedAtMs;
  }

  /**
   * One statement, so one transaction and one round trip: the checkpoint by compare-and-swap, and the writes only if that succeeded.
   * @throws Outage: it may have happened; CheckpointLost, Rewound: nothing was stored
   */
  async moveTo(position: bigint, { parts, parameters }: GuardedWrites): Promise<void> {
    const move = `UPDATE ${registryOf(this.writer.projection)} SET position = $1 WHERE generation = $2 AND position = $3 AND epoch = $4 RETURNING 1`;
    const sql = `WITH ${[`moved AS (${move})`, ...parts].join(', ')} SELECT count(*)::integer FROM moved`;
    const values = [position, this.generation, this.#stored, this.writer.epoch, ...parameters];
    const written = parts.length > 0 ? this.#writeRows(sql, values) : this.client.arrays(sql, values);
    const [[moved] = []] = await written.catch((error: unknown) => {
      if (error instanceof Outage) this.#attempted = position;
      throw error;
    });
    if (moved !== 1) {
      await this.verify();
      throw new CheckpointLost(`${this.#title} did not move from ${this.#stored}: somebody else writes it`);
    }
    this.#stored = position;
    this.#storedAtMs = performance.now();
  }

  /** With the points at which tests kill the process; between rows and commit there is one only where a transaction is made for it. */
  async #writeRows(sql: string, values: readonly unknown[]): Promise<unknown[][]> {
    const what = `rows-${this.writer.projection}`;
    faultPoint('before', what);
    const write = async (client: SqlClient) => {
      const answer = await client.arrays(sql, values);
      faultPoint('amid', what);
      return answer;
    };
    const answer = await (isFaultAwaited('amid', what) ? this.client.transaction(write) : write(this.client));
    faultPoint('after', what);
    return answer;
  }

  /**
   * Looks what the database has.
   * @throws CheckpointLost when somebody else has moved it, Rewound when it has gone back to what `stored` is from now on
   */
  async verify(): Promise<void> {
    const [row] = await this.client.query<{ position: string; epoch: string }>(
      `SELECT position, epoch FROM ${registryOf(this.writer.projection)} WHERE generation = $1`,
      [this.generation],
    );
    if (!row) throw new CheckpointLost(`${this.#title} is gone: somebody else has dropped its tables`);
    if (Number(row.epoch) !== this.writer.epoch)
      throw new CheckpointLost(`${this.#title} is led under epoch ${row.epoch}: somebody else writes it`);
    const found = BigInt(row.position);
    const before = this.#stored;
    const isKnown = found === before || found === this.#attempted;
    if (!isKnown && found > before) throw new CheckpointLost(`${this.#title} is at ${found}, not at ${before}: somebody else writes it`);
    this.#stored = found;
    this.#attempted = undefined;
    if (!isKnown) throw new Rewound(`${this.#title} has gone back from ${before} to ${found}: the database has lost what came after it`);
  }

  get #title(): string {
    return `${this.writer.projection}, generation ${this.generation},`;
  }
}
