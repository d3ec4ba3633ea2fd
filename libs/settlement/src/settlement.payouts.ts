import type { PayoutEvent } from '@tongbao/contracts';
import { handle, type EventStore } from '@tongbao/event-store';
import { ProjectionBehind, type Clock } from '@tongbao/service';
import type { Exchanged } from './exchange.process.js';
import { decidePayout, type PayoutRefusal } from './payout.decide.js';
import type { AccountsInForce } from './payout.orders.js';
import { endedAccount } from './payee.ended.js';
import { payoutFold, payoutStream, type PayoutAccount, type PayoutState } from './payout.js';
import { movesOf, type SettlementMove } from './settlement.moves.js';
import type { SettlementQueries } from './settlement.queries.js';
import { together } from './together.js';
import type { Settlement } from './settlement.js';

export interface SettlementPayoutsParts {
  store: EventStore;
  queries: Pick<SettlementQueries, 'payoutsOf' | 'payoutsLeftOf'>;
  /** The bank that payouts go through. */
  bank: string;
  accounts: AccountsInForce;
  clock: Clock;
}

/** Asks for the payouts and collections of settlements that pay. */
export class SettlementPayouts {
  /** Those that were asked for, by settlement: what the projection has need not be read again with each of many thousands that goes on. */
  readonly #asked = new Map<string, Set<string>>();

  constructor(private readonly parts: SettlementPayoutsParts) {}

  /** Those that may go by now. @returns false while one of them has not come to its end */
  async request(settlement: Settlement, exchanged: Exchanged): Promise<boolean> {
    const { settlementId } = settlement;
    const moves = settlement.parties.flatMap((row) => movesOf(settlementId, row)).filter(({ kind }) => kind !== 'draw');
    const ready = moves.flatMap((move) => exchanged.asPaid(move));
    if (ready.length === 0) return true;
    const asked = await this.#askedOf(settlementId);
    const missing = ready.filter(({ id }) => !asked.has(id));
    if (missing.length === 0) return (await this.parts.queries.payoutsLeftOf(settlementId, asked.size)) === 0;
    const accounts = await this.parts.accounts();
    await together(missing, async (move) => {
      await this.#request(settlement, move, accounts.of(move.party, move.currency));
      asked.add(move.id);
    });
    return false;
  }

  /** There is nothing left to do for it. */
  forget(settlementId: string): void {
    this.#asked.delete(settlementId);
  }

  async #askedOf(settlementId: string): Promise<Set<string>> {
    const known = this.#asked.get(settlementId);
    if (known) return known;
    const asked = new Set((await this.parts.queries.payoutsOf(settlementId)).map(({ payoutId }) => payoutId));
    this.#asked.set(settlementId, asked);
    return asked;
  }

  async #request(
    { settlementId }: Settlement,
    move: SettlementMove & { currency: string },
    inForce: PayoutAccount | undefined,
  ): Promise<void> {
    const { id: payoutId, kind, party, amountMinor, currency } = move;
    // Ended since the calculation: it is asked for all the same, so that everybody sees what waits for an account, and can carry it.
    const account = inForce ?? (await endedAccount(this.parts.store, party, currency));
    if (!account) throw new ProjectionBehind(`${party} had a bank account when ${settlementId} was calculated`);
    const direction = kind === 'payout' ? ('payout' as const) : ('collection' as const);
    const terms = { payoutId, settlementId, party, direction, amountMinor, currency, bank: this.parts.bank, ...account };
    const decide = (state: PayoutState) => decidePayout({ type: 'RequestPayout', terms, now: this.parts.clock.now().toISOString() }, state);
    const context = { commandId: `${payoutId} request`, correlationId: settlementId };
    const none = { state: payoutFold.initial, revision: undefined };
    await handle<PayoutState, PayoutEvent, PayoutRefusal>(this.parts.store, payoutStream(payoutId), payoutFold, decide, context, none);
  }
}
