import { account } from '@tongbao/contracts';
import { paymentIdOf } from '../payment-reference.js';
import type { HubApi, PaymentAnswer } from './hub-api.js';
import { inParallel } from './in-parallel.js';
import { currency, type PlannedOrder, type PlannedRefund, type TopUp } from './scenario.js';
import { until } from '../until.js';

const requestsAtOnce = 48;
const outcomeWithinMs = 60_000;

/** What became of the plan, counted as the hub answered. */
export interface ReplayCounts {
  orders: number;
  refunds: number;
  refundedMinor: bigint;
  topUps: number;
  /** Payments that needed another method, or the payer's action. */
  furtherAttempts: number;
  payPages: number;
}

/** Sends the orders, refunds and top-ups of a month through the hub's HTTP API, many at a time. */
export class Replay {
  readonly counts: ReplayCounts = { orders: 0, refunds: 0, refundedMinor: 0n, topUps: 0, furtherAttempts: 0, payPages: 0 };
  /** What did not end as planned, for people. */
  readonly failures: string[] = [];

  constructor(private readonly api: HubApi) {}

  /** Puts money into wallets and waits until the ledger has it: from then on it can be spent. */
  async topUp(topUps: readonly TopUp[]): Promise<void> {
    const before = await this.#walletBalances(topUps);
    await inParallel(topUps, requestsAtOnce, async (topUp) => {
      const { status } = await this.api.topUp(topUp, currency);
      if (status !== 'captured') this.failures.push(`${topUp.key} is ${status}`);
      this.counts.topUps += 1;
    });
    await inParallel(topUps, requestsAtOnce, async ({ userId, amountMinor }) => {
      const expected = (before.get(userId) ?? 0) + amountMinor;
      const isThere = async () => ((await this.#walletBalance(userId)) >= expected ? true : undefined);
      await until(isThere, { everyMs: 20, timeoutMs: outcomeWithinMs, what: `the top-up of ${userId} in the ledger` });
    });
  }

  async orders(orders: readonly PlannedOrder[], onDone: () => void): Promise<void> {
    await inParallel(orders, requestsAtOnce, async (order) => {
      const payment = await this.#pay(order);
      if (payment.status !== 'captured')
        this.failures.push(`${order.body.orderId} is ${payment.status}${payment.code ? ` (${payment.code})` : ''}`);
      this.counts.orders += 1;
      onDone();
    });
  }

  /** @param refunds one list for each order, made one after the other */
  async refunds(refunds: readonly PlannedRefund[][], onDone: () => void): Promise<void> {
    await inParallel(refunds, requestsAtOnce, async (ofOneOrder) => {
      for (const refund of ofOneOrder) {
        await this.#refund(refund);
        onDone();
      }
    });
  }

  async #pay({ body, mood, furtherMethods }: PlannedOrder): Promise<PaymentAnswer> {
    let payment = await this.api.request(body, mood === 'is unreachable');
    for (const [index, method] of furtherMethods.entries()) {
      if (payment.status === 'captured') return payment;
      payment = await this.api.payAgain(body, payment.paymentId, index + 2, method);
      this.counts.furtherAttempts += 1;
    }
    const page = payment.attempts.at(-1)?.action?.value;
    if (page !== undefined) {
      await this.api.openPayPage(page);
      this.counts.payPages += 1;
    }
    return isDecided(payment) ? payment : this.#outcome(body.platformId, payment.paymentId);
  }

  #outcome(platformId: string, paymentId: string): Promise<PaymentAnswer> {
    const ask = async () => {
      const payment = await this.api.payment(platformId, paymentId);
      return isDecided(payment) ? payment : undefined;
    };
    return until(ask, { everyMs: 20, timeoutMs: outcomeWithinMs, what: `the outcome of ${paymentId}` });
  }

  async #refund(refund: PlannedRefund): Promise<void> {
    const payment = await this.api.refund(refund, paymentIdOf(refund.platformId, refund.orderId), currency);
    const status = payment.refunds.find(({ refundId }) => refundId === refund.refundId)?.status ?? 'unknown';
    if (status !== 'refunded') this.failures.push(`${refund.refundId} is ${status}`);
    this.counts.refunds += 1;
    this.counts.refundedMinor += BigInt(refund.amountMinor);
  }

  async #walletBalances(topUps: readonly TopUp[]): Promise<Map<string, number>> {
    const balances = new Map<string, number>();
    await inParallel(topUps, requestsAtOnce, async ({ userId }) => void balances.set(userId, await this.#walletBalance(userId)));
    return balances;
  }

  async #walletBalance(userId: string): Promise<number> {
    return (await this.api.balance(account.wallet(userId), currency)) ?? 0;
  }
}

const isDecided = ({ status }: PaymentAnswer): boolean =>
  ['captured', 'refunded', 'declined', 'expired', 'cancelled', 'conflicted'].includes(status);
