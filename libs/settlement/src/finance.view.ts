import { sumMinor, toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { stringify } from 'csv-stringify/sync';
import { and, asc, desc, eq, gt, gte, inArray, lte, ne, or } from 'drizzle-orm';
import type { RowOf } from './settlement.rows.js';
import { carries, positions, statementChunks, windowNets, windows } from './settlement.tables.js';
import { decodeLines, type PartyLine } from './statement-lines.js';

/** Where a party stands in a currency, in minor units. */
export interface PartyPosition {
  party: string;
  currency: string;
  /** Positive: the hub owes the party. */
  positionMinor: number;
  /** Of the windows that are open. */
  openNetMinor: number;
  /** Of the windows that are closed and whose settlement has not paid. */
  unsettledNetMinor: number;
  carriedMinor: number;
}

export interface Statement {
  party: string;
  currency: string;
  from: string | null;
  to: string | null;
  openingMinor: number;
  lines: (PartyLine & { balanceMinor: number })[];
  closingMinor: number;
}

/** What finance asks: positions and statements. */
export class FinanceViews {
  readonly #database: Database;

  constructor(sql: SqlClient) {
    this.#database = drizzleOver(sql);
  }

  async positions(filter: { currency?: string; party?: string }, limit: number, after: string[] | undefined): Promise<Page<PartyPosition>> {
    const [afterParty, afterCurrency] = after ?? [];
    const rest =
      afterParty === undefined
        ? undefined
        : or(gt(positions.party, afterParty), and(eq(positions.party, afterParty), gt(positions.currency, afterCurrency ?? '')));
    const rows = await this.#database
      .select()
      .from(positions)
      .where(
        and(
          filter.currency === undefined ? undefined : eq(positions.currency, filter.currency),
          filter.party === undefined ? undefined : eq(positions.party, filter.party),
          rest,
        ),
      )
      .orderBy(asc(positions.party), asc(positions.currency))
      .limit(limit + 1);
    const parties = [...new Set(rows.map(({ party }) => party))];
    const [nets, carried] = parties.length === 0 ? [[], []] : await Promise.all([this.#unsettledNets(parties), this.#carries(parties)]);
    return toPage(
      rows,
      limit,
      ({ party, currency }) => [party, currency],
      ({ party, currency, balanceMinor }) => {
        const mine = nets.filter((net) => net.party === party && net.currency === currency);
        const netOf = (isOpen: boolean) =>
          toSafeInteger(sumMinor(mine.filter(({ state }) => (state === 'open') === isOpen).map(({ net }) => net)));
        const carry = carried.filter((row) => row.party === party && row.currency === currency).map(({ amountMinor }) => amountMinor);
        return {
          party,
          currency,
          positionMinor: toSafeInteger(balanceMinor),
          openNetMinor: netOf(true),
          unsettledNetMinor: netOf(false),
          carriedMinor: toSafeInteger(sumMinor(carry)),
        };
      },
    );
  }

  /**
   * The movements of a party in a period, and the position before and after it. A period is cut in the order of the log: at the first movement that
   * is not before its bound. So consecutive periods fit without a gap, even where a clock has jumped.
   * @param from ISO 8601 in UTC; from the beginning when not given
   * @param to exclusive; to the end when not given
   */
  async statement(party: string, currency: string, from: string | undefined, to: string | undefined): Promise<Statement> {
    const [first, last] = [
      await this.#chunkAt(party, currency, from),
      to === undefined ? undefined : await this.#chunkAt(party, currency, to),
    ];
    const chunks = first === undefined ? [] : await this.#chunks(party, currency, first, last);
    const opening = chunks[0]?.openingMinor ?? (await this.#balance(party, currency));
    const { before, within } = cut(
      chunks.flatMap(({ lines }) => decodeLines(lines)),
      from,
      to,
    );
    let balance = opening + sumMinor(before.map(effectOf));
    const openingMinor = toSafeInteger(balance);
    const lines = within.map((line) => {
      balance += effectOf(line);
      return { ...line, balanceMinor: toSafeInteger(balance) };
    });
    return { party, currency, from: from ?? null, to: to ?? null, openingMinor, lines, closingMinor: toSafeInteger(balance) };
  }

  /** The first chunk with a movement that is not before a time. */
  async #chunkAt(party: string, currency: string, at: string | undefined): Promise<number | undefined> {
    const mine = and(
      eq(statementChunks.party, party),
      eq(statementChunks.currency, currency),
      at === undefined ? undefined : gte(statementChunks.latestAt, at),
    );
    const [row] = await this.#database
      .select({ chunk: statementChunks.chunk })
      .from(statementChunks)
      .where(mine)
      .orderBy(asc(statementChunks.chunk))
      .limit(1);
    return row?.chunk;
  }

  #chunks(party: string, currency: string, first: number, last: number | undefined): Promise<RowOf<'statementChunks'>[]> {
    const mine = and(eq(statementChunks.party, party), eq(statementChunks.currency, currency), gte(statementChunks.chunk, first));
    return this.#database
      .select()
      .from(statementChunks)
      .where(last === undefined ? mine : and(mine, lte(statementChunks.chunk, last)))
      .orderBy(asc(statementChunks.chunk));
  }

  async #balance(party: string, currency: string): Promise<bigint> {
    const [row] = await this.#database
      .select()
      .from(positions)
      .where(and(eq(positions.party, party), eq(positions.currency, currency)));
    return row?.balanceMinor ?? 0n;
  }

  async #unsettledNets(parties: string[]): Promise<{ party: string; currency: string; state: string; net: bigint }[]> {
    const rows = await this.#database
      .select()
      .from(windowNets)
      .innerJoin(windows, eq(windows.windowId, windowNets.windowId))
      .where(and(inArray(windowNets.party, parties), ne(windows.state, 'settled')))
      .orderBy(desc(windows.sequence));
    return rows.map(({ window_nets: net, windows: { currency, state } }) => ({
      party: net.party,
      currency,
      state,
      net: net.receivedMinor - net.paidMinor,
    }));
  }

  #carries(parties: string[]): Promise<RowOf<'carries'>[]> {
    return this.#database.select().from(carries).where(inArray(carries.party, parties));
  }
}

const effectOf = ({ external, amountMinor }: PartyLine): bigint => (external ? 0n : BigInt(amountMinor));

/** Lines before the period, and lines in it: each bound is the first line that is not before it. */
export function cut(
  lines: readonly PartyLine[],
  from: string | undefined,
  to: string | undefined,
): { before: PartyLine[]; within: PartyLine[] } {
  const indexAt = (bound: string | undefined, otherwise: number): number => {
    const index = bound === undefined ? otherwise : lines.findIndex(({ at }) => at >= bound);
    return index < 0 ? lines.length : index;
  };
  const start = indexAt(from, 0);
  const end = Math.max(start, indexAt(to, lines.length));
  return { before: lines.slice(0, start), within: lines.slice(start, end) };
}

/** Comma-separated, as spreadsheets read it: a text that would be taken for a formula is quoted. */
export function statementCsv({ currency, openingMinor, closingMinor, from, to, lines }: Statement): string {
  const columns = ['position', 'at', 'kind', 'ref', 'counterparty', 'currency', 'amountMinor', 'balanceMinor', 'external'];
  const rows = lines.map(({ position, at, kind, ref, counterparty, amountMinor, balanceMinor, external }) => [
    position,
    at,
    kind,
    ref,
    counterparty,
    currency,
    amountMinor,
    balanceMinor,
    external ? 'yes' : '',
  ]);
  const opening = ['', from ?? '', 'opening', '', '', currency, '', openingMinor, ''];
  const closing = ['', to ?? '', 'closing', '', '', currency, '', closingMinor, ''];
  return stringify([columns, opening, ...rows, closing], { escape_formulas: true });
}
