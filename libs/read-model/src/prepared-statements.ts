import { parse, protocol, type PGlite, type Results } from '@electric-sql/pglite';

const { serialize } = protocol;

interface Prepared {
  name: string;
  parameterTypes: number[];
}

/** Statements kept ready; each takes some ten kilobytes. */
const capacity = 100;
/** Texts remembered as seen once. */
const seenCapacity = 1_000;
const preparable = /^\s*(select|with|insert|update|delete)\b/i;

/**
 * Runs SQL in PGlite, and prepares what it sees a second time: parsing and planning cost two thirds of a small statement, and one message to
 * the database in place of five the rest of what can be saved. For one caller at a time.
 */
export class PreparedStatements {
  readonly #prepared = new Map<string, Prepared>();
  readonly #seen = new Set<string>();
  #count = 0;

  constructor(private readonly database: PGlite) {}

  async run(sql: string, parameters: readonly unknown[]): Promise<Results<unknown[]>> {
    const prepared = this.#prepared.get(sql);
    if (prepared) {
      try {
        return await this.#runPrepared(sql, prepared, parameters);
      } catch (error) {
        if (!isOutdated(error) || this.database.isInTransaction()) throw error;
      }
    }
    if (!this.#isSeenAgain(sql)) return this.database.query<unknown[]>(sql, [...parameters], { rowMode: 'array' });
    return this.#runPrepared(sql, await this.#prepare(sql), parameters);
  }

  /** In the protocol of PostgreSQL: Bind, Describe the portal, Execute, Sync. */
  async #runPrepared(sql: string, { name, parameterTypes }: Prepared, parameters: readonly unknown[]): Promise<Results<unknown[]>> {
    const values = parameters.map((value, index) => this.#serialised(value, parameterTypes[index]));
    const request = [
      serialize.bind({ statement: name, values }),
      serialize.describe({ type: 'P' }),
      serialize.execute({}),
      serialize.sync(),
    ];
    // A failure may come from the plan's age (a view has changed under it), so the statement is parsed anew the next time.
    const messages = await this.#send(request).catch(async (error: unknown) => {
      await this.#forget(sql, name);
      throw error;
    });
    const [results] = parse.parseResults(messages, this.database.parsers, { rowMode: 'array' });
    if (!results) throw new Error('PGlite gave no result');
    this.#prepared.delete(sql);
    this.#prepared.set(sql, { name, parameterTypes });
    // Rows are arrays because rowMode says so.
    return results as unknown as Results<unknown[]>;
  }

  /** Parse, Describe the statement, Sync. */
  async #prepare(sql: string): Promise<Prepared> {
    for (const [oldest, { name }] of this.#prepared) {
      if (this.#prepared.size < capacity) break;
      await this.#forget(oldest, name);
    }
    this.#count += 1;
    const name = `hub_${this.#count}`;
    const messages = await this.#send([serialize.parse({ name, text: sql }), serialize.describe({ type: 'S', name }), serialize.sync()]);
    const prepared = { name, parameterTypes: parse.parseDescribeStatementResults(messages) };
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  async #forget(sql: string, name: string): Promise<void> {
    this.#prepared.delete(sql);
    await this.#send([serialize.close({ type: 'S', name }), serialize.sync()]);
  }

  async #send(parts: Uint8Array[]) {
    const { messages } = await this.database.execProtocol(Buffer.concat(parts), { syncToFs: false });
    return messages;
  }

  #isSeenAgain(sql: string): boolean {
    if (this.#seen.delete(sql)) return true;
    if (!preparable.test(sql)) return false;
    for (const oldest of this.#seen) {
      if (this.#seen.size < seenCapacity) break;
      this.#seen.delete(oldest);
    }
    this.#seen.add(sql);
    return false;
  }

  #serialised(value: unknown, type: number | undefined): string | null {
    if (value === null || value === undefined) return null;
    const serializer = type === undefined ? undefined : this.database.serializers[type];
    if (serializer) return serializer(value);
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
    throw new TypeError(`a ${typeof value} does not fit a parameter of the type ${type ?? 'unknown'}`);
  }
}

/** "cached plan must not change result type": a view that the statement reads has been replaced. Nothing was done. */
const isOutdated = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === '0A000';
