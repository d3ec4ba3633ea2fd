import type { StoredEvent } from '@tongbao/event-store';
import type { Generation } from './generation.js';
import { LiveGenerations } from './live-generations.js';
import { FoldFailed } from './projection-errors.js';
import type { Projection } from './projection.js';
import type { SqlClient } from './sql-client.js';
import { qualified, quoted } from './table-sql.js';

/** An event that the fold refused. */
export interface Refusal {
  stored: StoredEvent;
  error: FoldFailed;
}

/** A projection's rows in a database of their own, as `openPglite('memory')` gives it, folded from whichever events somebody wants to look at. */
export class ScratchProjection {
  private constructor(
    /** Tables can be named without their schema. */
    readonly client: SqlClient,
    readonly projection: Projection,
    readonly generation: Generation,
  ) {}

  static async open(client: SqlClient, projection: Projection): Promise<ScratchProjection> {
    const { active } = await LiveGenerations.open(client, projection, {});
    await client.query(`SET search_path TO ${quoted(projection.name)}`);
    return new ScratchProjection(client, projection, active);
  }

  /** Everything up to here is folded, or was refused. */
  get position(): bigint {
    return this.generation.position;
  }

  /**
   * Folds events that follow on those before them.
   * @throws FoldFailed, and none of them is folded
   */
  async fold(events: readonly StoredEvent[]): Promise<void> {
    const last = events.at(-1);
    if (last) await this.generation.fold({ events: [...events], position: last.position });
  }

  /** The same for a part of the log: what needs something from before that part is left out, and told. */
  async foldPart(events: readonly StoredEvent[]): Promise<Refusal[]> {
    try {
      await this.fold(events);
      return [];
    } catch (error) {
      const [first] = events;
      if (!(error instanceof FoldFailed) || !first) throw error;
      if (events.length === 1) return [{ stored: first, error }];
      const middle = events.length >>> 1;
      return [...(await this.foldPart(events.slice(0, middle))), ...(await this.foldPart(events.slice(middle)))];
    }
  }

  /** Nothing of the projection is left to be read up to a position. */
  async reach(position: bigint): Promise<void> {
    await this.generation.fold({ events: [], position });
  }

  /** How many rows each table has, by its name in SQL. */
  async counts(): Promise<{ table: string; rows: number }[]> {
    const counts: { table: string; rows: number }[] = [];
    for (const { schema, name } of this.generation.shapes) {
      const [counted] = await this.client.query<{ rows: number }>(`SELECT count(*)::integer AS rows FROM ${qualified(schema, name)}`);
      counts.push({ table: name, rows: counted?.rows ?? 0 });
    }
    return counts;
  }
}
