import type { SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { capUseOf, type CapUse } from './cap-use.js';

interface Row {
  party: string;
  currency: string;
  net: string;
  held: string;
  payoutHeld: string;
  cap: string;
  liquidity: string;
}

const select = `SELECT a.account AS party, a.currency, a.net_minor::text AS net, a.held_minor::text AS held, a.payout_held_minor::text AS "payoutHeld",
    a.net_debit_cap_minor::text AS cap, coalesce(l.posted_minor - l.held_minor, 0)::text AS liquidity
  FROM ledger.accounts a LEFT JOIN ledger.accounts l ON l.account = 'liquidity:' || a.account AND l.currency = a.currency
  WHERE a.net_debit_cap_minor IS NOT NULL`;

/** Who has a net debit cap, and how much of it is used, by the projection. */
export class CapQueries {
  constructor(private readonly sql: SqlClient) {}

  async all(): Promise<CapUse[]> {
    return (await this.sql.query<Row>(select)).map(useOf);
  }

  /** By party and currency. */
  async page(currency: string | undefined, limit: number, after: string[] | undefined): Promise<Page<CapUse>> {
    const [party = null, code = null] = after ?? [];
    const rows = await this.sql.query<Row>(
      `${select} AND ($1::text IS NULL OR a.currency = $1) AND ($2::text IS NULL OR (a.account, a.currency) > ($2, $3))
       ORDER BY a.account, a.currency LIMIT $4`,
      [currency ?? null, party, code, limit + 1],
    );
    return toPage(rows, limit, (row) => [row.party, row.currency], useOf);
  }

  /** Undefined where the party has no cap in the currency. */
  async one(party: string, currency: string): Promise<CapUse | undefined> {
    const [row] = await this.sql.query<Row>(`${select} AND a.account = $1 AND a.currency = $2`, [party, currency]);
    return row && useOf(row);
  }
}

const useOf = ({ party, currency, net, held, payoutHeld, cap, liquidity }: Row): CapUse =>
  capUseOf({
    ...{ party, currency, capMinor: BigInt(cap), netMinor: BigInt(net), liquidityMinor: BigInt(liquidity) },
    reservedMinor: BigInt(held) - BigInt(payoutHeld),
  });
