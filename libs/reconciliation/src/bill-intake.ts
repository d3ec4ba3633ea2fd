import type { BillKind, BillReceived, ReconciliationTerms } from '@tongbao/contracts';
import { handle, type EventStore } from '@tongbao/event-store';
import { isCurrency } from '@tongbao/money';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import type { Readable } from 'node:stream';
import { periodOf } from './bill-day.js';
import { BillTooLarge, type BillFiles } from './bill-files.js';
import { decideBill, type BillRefusal } from './bill.decide.js';
import { billFold, billIdOf, billStream, type BillState } from './bill.js';
import type { BillEvent } from './facts.js';
import { problemOf } from './reconciliation.commands.js';

export interface GivenBill {
  provider: string;
  bill: BillKind;
  day: string;
  payout?: NonNullable<BillReceived['payout']>;
}

/** Takes bills in: the file first, durably, then the event that says so. */
export class BillIntake {
  constructor(
    private readonly store: EventStore,
    private readonly files: BillFiles,
    private readonly clock: Clock,
    private readonly termsOf: (provider: string) => Promise<ReconciliationTerms | undefined>,
  ) {}

  /**
   * @returns what the bill is called, and whether it has come before; its file is there again then, should it have been lost
   * @throws Problem invalid, payload_too_large, already_exists
   */
  async take(given: GivenBill, body: Readable, { commandId, by }: Asked): Promise<Answer & { billId: string; isKnown: boolean }> {
    const terms = await this.#termsFor(given);
    const file = await this.#received(body);
    try {
      const { provider, bill, day, payout } = given;
      const billId = billIdOf({ provider, bill, day, sha256: file.sha256, payoutId: payout?.payoutId });
      await file.keepAs(billId);
      const named = { billId, provider, bill, day, ...periodOf(day, terms), sha256: file.sha256, bytes: file.bytes };
      const received = { ...named, ...(payout && { payout }), by, receivedAt: this.clock.now().toISOString() };
      const handled = await handle<BillState, BillEvent, BillRefusal>(
        this.store,
        billStream(billId),
        billFold,
        (state) => decideBill({ type: 'ReceiveBill', received }, state),
        { commandId, correlationId: billId, actor: by },
      );
      if (handled.outcome === 'refused') throw problemOf(handled.refusal);
      const last = await this.store.readLast(billStream(billId));
      return { billId, isKnown: handled.events.length === 0, position: last?.position ?? 0n };
    } finally {
      await file.discard();
    }
  }

  async #termsFor({ provider, bill, payout }: GivenBill): Promise<ReconciliationTerms> {
    const terms = /^[a-z][a-z0-9]{0,31}$/.test(provider) ? await this.termsOf(provider) : undefined;
    if (!terms) throw new Problem('invalid', `Nothing is known of bills of ${provider}: set its terms.`, 'provider');
    if (!terms.bills.includes(bill)) throw new Problem('invalid', `${provider} has no ${bill} bill by its terms.`, 'bill');
    if (payout && terms.format !== 'stripe') throw new Problem('invalid', 'Only Stripe has bills of a payout.', 'payout');
    if (payout && !isCurrency(payout.currency))
      throw new Problem('invalid', 'payoutCurrency must be an ISO 4217 currency code.', 'payoutCurrency');
    return terms;
  }

  async #received(body: Readable) {
    try {
      return await this.files.receive(body);
    } catch (error) {
      if (error instanceof BillTooLarge) throw new Problem('payload_too_large', error.message);
      throw error;
    }
  }
}
