import type { SqlClient } from '@tongbao/read-model';
import { HostedProjection, reachedAtLeast, type Follower } from '@tongbao/service';
import { settlementProjection } from '@tongbao/settlement';
import { financeProjection } from './finance.projection.js';

/** The rows of one moment, and the log position that they reflect. */
export interface Snapshot {
  tx: SqlClient;
  position: bigint;
}

export type Source = 'settlement' | 'finance';

const nameOf: Record<Source, string> = { settlement: settlementProjection.name, finance: financeProjection.name };

/**
 * Reads of what the service has folded. All that one answer is made of is read at one moment, so its totals are those of its rows, and it names exactly the
 * position that it reflects: of two projections that are not equally far, the one of the slower.
 */
export class FinanceReads {
  constructor(
    private readonly sql: SqlClient,
    /** Started after what reads them is made. */
    private readonly projections: ReadonlyMap<string, Follower>,
  ) {}

  /**
   * @param atLeast a log position that the answer must reflect, as a caller sends it
   * @throws Problem invalid, unavailable
   */
  async read<T>(sources: readonly Source[], atLeast: string | undefined, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    for (const source of sources) await reachedAtLeast(this.#follower(source), atLeast);
    const reached = new Map(sources.map((source) => [source, this.#follower(source).status().position]));
    return this.sql.transaction(async (tx) => {
      const positions: bigint[] = [];
      for (const [source, before] of reached) {
        const stored = await storedPosition(tx, nameOf[source]);
        // The stored one lags only where there was nothing to fold.
        positions.push(stored > before ? stored : before);
      }
      return work({ tx, position: positions.reduce((least, each) => (each < least ? each : least)) });
    });
  }

  #follower(source: Source): Follower {
    return new HostedProjection(this.projections, nameOf[source]);
  }
}

async function storedPosition(tx: SqlClient, projection: string): Promise<bigint> {
  const [row] = await tx.query<{ position: string }>(`SELECT position::text FROM ${projection}.hub_generations WHERE live`);
  return BigInt(row?.position ?? 0);
}
