import { toSafeInteger } from '@tongbao/money';
import { drizzleOver, type Database, type SqlClient } from '@tongbao/read-model';
import { toPage, type Page } from '@tongbao/service';
import { and, asc, desc, eq, sql } from 'drizzle-orm';
import type { Order } from './account-events.js';
import { integerIn } from './cursor-parts.js';
import { accountHolds, holds, type HoldRow } from './ledger.tables.js';

export interface HoldView {
  holdId: string;
  currency: string;
  reservations: HoldRow['reservations'];
  purpose: string;
  ref: string;
  status: string;
  /** Of the journal event that placed it. */
  revision: number;
  placedAt: string;
  expiresAt?: string;
  endedAt?: string;
  /** The entry that committed it. */
  entry?: number;
}

/** A hold as one of the accounts that it reserves money of sees it. */
export interface AccountHold extends HoldView {
  /** What it reserves, or reserved, of the account. */
  amountMinor: number;
}

export interface HoldPage {
  status: 'placed' | 'ended' | undefined;
  order: Order;
  limit: number;
  after: string[] | undefined;
}

export class HoldQueries {
  readonly #database: Database;

  constructor(client: SqlClient) {
    this.#database = drizzleOver(client);
  }

  async hold(holdId: string): Promise<HoldView | undefined> {
    const [row] = await this.#database.select().from(holds).where(eq(holds.holdId, holdId));
    return row && viewOf(row);
  }

  /** Holds that reserve money of an account, by when they were placed. */
  async ofAccount(account: string, { status, order, limit, after }: HoldPage): Promise<Page<AccountHold>> {
    const direction = order === 'newest' ? desc : asc;
    const key = sql`(${accountHolds.revision}, ${accountHolds.holdId})`;
    const beyond = after && sql`${key} ${sql.raw(order === 'newest' ? '<' : '>')} (${integerIn(after, 0)}, ${after[1] ?? ''})`;
    const ended = status && (status === 'ended' ? sql`${accountHolds.isEnded}` : sql`NOT ${accountHolds.isEnded}`);
    const rows = await this.#database
      .select({ hold: holds, amountMinor: accountHolds.amountMinor })
      .from(accountHolds)
      .innerJoin(holds, eq(holds.holdId, accountHolds.holdId))
      .where(and(eq(accountHolds.account, account), beyond, ended))
      .orderBy(direction(accountHolds.revision), direction(accountHolds.holdId))
      .limit(limit + 1);
    return toPage(
      rows,
      limit,
      ({ hold }) => [hold.revision, hold.holdId],
      (row) => ({ ...viewOf(row.hold), amountMinor: toSafeInteger(row.amountMinor) }),
    );
  }
}

function viewOf({ expiresAt, endedAt, entry, ...hold }: HoldRow): HoldView {
  return { ...hold, ...(expiresAt !== null && { expiresAt }), ...(endedAt !== null && { endedAt }), ...(entry !== null && { entry }) };
}
