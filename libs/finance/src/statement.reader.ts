import { toSafeInteger } from '@tongbao/money';
import type { SqlClient } from '@tongbao/read-model';
import { decodeLines } from '@tongbao/settlement';
import { effectOf, type StatementLine } from './statement.js';

/** Chunks that are read at once: some thousand lines. */
const chunksAtOnce = 100;

interface Chunk {
  chunk: number;
  opening: string;
  lines: string;
}

/** Where lines begin: after so many of those at a log position. */
export interface LineStart {
  position: bigint;
  skip: number;
}

/** The movements of a party in a currency, as the log has them. What lies before a position of the log does not change any more. */
export class StatementReader {
  constructor(
    private readonly client: SqlClient,
    private readonly party: string,
    private readonly currency: string,
  ) {}

  /** The position of the party that everything up to a log position comes to. */
  async balanceAt(position: bigint): Promise<bigint> {
    const chunk = await this.#lastBefore(position + 1n);
    if (!chunk) return 0n;
    let balance = BigInt(chunk.opening);
    for (const line of decodeLines(chunk.lines)) if (BigInt(line.position) <= position) balance += effectOf(line);
    return balance;
  }

  /** Lines up to a log position, in order, some thousand at a time: however many there are, no more is held. */
  async *pages(start: LineStart, through: bigint): AsyncGenerator<StatementLine[]> {
    const first = await this.#lastBefore(start.position);
    let next = first?.chunk ?? 0;
    let balance = first ? BigInt(first.opening) : 0n;
    let skip = start.skip;
    for (;;) {
      const chunks = await this.#chunks(next, through);
      const lines: StatementLine[] = [];
      for (const line of chunks.flatMap((chunk) => decodeLines(chunk.lines))) {
        const position = BigInt(line.position);
        if (position > through) break;
        balance += effectOf(line);
        if (position < start.position) continue;
        if (position === start.position && skip > 0) skip -= 1;
        else lines.push({ ...line, balanceMinor: toSafeInteger(balance) });
      }
      if (lines.length > 0) yield lines;
      if (chunks.length < chunksAtOnce) return;
      next += chunks.length;
    }
  }

  /** All before it ends before the position, too. */
  async #lastBefore(position: bigint): Promise<Chunk | undefined> {
    const [chunk] = await this.client.query<Chunk>(
      `SELECT chunk, opening_minor::text AS opening, lines FROM settlement.statement_chunks
       WHERE party = $1 AND currency = $2 AND first_position < $3 ORDER BY first_position DESC, chunk DESC LIMIT 1`,
      [this.party, this.currency, position],
    );
    return chunk;
  }

  #chunks(first: number, through: bigint): Promise<Chunk[]> {
    return this.client.query<Chunk>(
      `SELECT chunk, opening_minor::text AS opening, lines FROM settlement.statement_chunks
       WHERE party = $1 AND currency = $2 AND chunk >= $3 AND first_position <= $4 ORDER BY chunk LIMIT ${chunksAtOnce}`,
      [this.party, this.currency, first, through],
    );
  }
}
